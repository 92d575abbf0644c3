"""The items of a file, as described by its meta box (ISO/IEC 23008-12)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from zenoimg.imaging.formats.iso.boxes import Box, first, inner_boxes, walk

_MOST_ITEMS, _MOST_EXTENTS = 5_000, 10_000
_LONGEST_TABLE = 256 * 1024
"""Maximum size of a table of items in bytes; each item takes about ten."""


@dataclass(frozen=True)
class Item:
    """An item: its type, its properties (type and content), and its bytes."""

    number: int
    kind: bytes
    properties: tuple[tuple[bytes, bytes], ...]
    content: bytes

    def property(self, kind: bytes) -> bytes:
        """Return the first property of a type, or empty bytes."""
        return next((content for name, content in self.properties if name == kind), b"")


@dataclass(frozen=True)
class Items:
    """The items of a meta box by number, the number of the primary picture, and their references."""

    by_number: dict[int, Item]
    primary: int
    references: tuple[tuple[bytes, int, tuple[int, ...]], ...]

    @property
    def colour(self) -> list[Item]:
        """The coded pictures of the primary item: the item itself, or the tiles of a grid."""
        return self.coded(self.primary)

    def coded(self, item: int) -> list[Item]:
        """Return an item and, if it is a grid, its tiles."""
        tiles = [to for kind, source, to in self.references if kind == b"dimg" and source == item]
        numbers = [item, *(number for to in tiles for number in to)]
        return [self.by_number[number] for number in numbers if number in self.by_number]

    def of_kind(self, kind: bytes) -> list[Item]:
        """Return all items of a type."""
        return [item for item in self.by_number.values() if item.kind == kind]


def read_items(data: bytes, meta: Box) -> Items:
    """Return the items of a meta box. Raises ``struct.error`` or ``ValueError`` if it is damaged."""
    boxes = {box.kind: box for box in reversed(inner_boxes(data, meta))}
    kinds = _kinds(data, boxes[b"iinf"]) if b"iinf" in boxes else {}
    idat = boxes.get(b"idat")
    contents = _contents(data, boxes[b"iloc"], idat, kinds) if b"iloc" in boxes else {}
    properties = _properties(data, boxes[b"iprp"]) if b"iprp" in boxes else {}
    items = {
        number: Item(number, kind, tuple(properties.get(number, ())), contents.get(number, b""))
        for number, kind in kinds.items()
    }
    return Items(items, _primary(data, boxes.get(b"pitm")), tuple(_references(data, boxes.get(b"iref"))))


def _primary(data: bytes, box: Box | None) -> int:
    if box is None:
        return 0
    return int(struct.unpack_from(">I" if data[box.start] else ">H", data, box.start + 4)[0])


def without_exif(data: bytes) -> bytes:
    """Return a file with its Exif items renamed, since Pillow does not open a picture with damaged EXIF."""
    copy = bytearray(data)
    for box in walk(data):
        if box.kind == b"iinf":
            for _, kind, at in _infos(data, box):
                copy[at : at + 4] = b"free" if kind == b"Exif" else kind
    return bytes(copy)


def _kinds(data: bytes, box: Box) -> dict[int, bytes]:
    return {number: kind for number, kind, _ in _infos(data, box)}


def _infos(data: bytes, box: Box) -> Iterator[tuple[int, bytes, int]]:
    """Yield the number and type of each item, and the offset of the type."""
    at = box.start + (8 if data[box.start] else 6)
    for _ in range(_MOST_ITEMS):
        if at + 20 > box.end:
            return
        (length,) = struct.unpack_from(">I", data, at)
        number_bytes = 4 if data[at + 8] == 3 else 2
        kind_at = at + 12 + number_bytes + 2
        yield int.from_bytes(data[at + 12 : at + 12 + number_bytes], "big"), data[kind_at : kind_at + 4], kind_at
        at += max(length, 12)


def _contents(data: bytes, box: Box, idat: Box | None, kinds: dict[int, bytes]) -> dict[int, bytes]:
    """Return the bytes of each item; coded pictures may share them, as identical cells of a grid do."""
    version = data[box.start]
    sizes, more = data[box.start + 4], data[box.start + 5]
    offset_bytes, length_bytes, base_bytes, index_bytes = sizes >> 4, sizes & 15, more >> 4, more & 15
    at = box.start + 6
    reader = _Reader(data, at, box.end)
    contents: dict[int, bytes] = {}
    shared: dict[tuple[int, int], bytes] = {}
    # Extents may take no bytes in the table, and may all point at the entire file.
    extents_left, bytes_left = _MOST_EXTENTS, 2 * len(data)
    for _ in range(min(reader.number(4 if version == 2 else 2), _MOST_ITEMS)):
        item = reader.number(4 if version == 2 else 2)
        in_idat = version > 0 and reader.number(2) & 15 == 1
        reader.number(2)
        base = reader.number(base_bytes)
        parts = []
        count = reader.number(2)
        extents_left -= count
        if extents_left < 0:
            raise ValueError(f"more than {_MOST_EXTENTS:,} extents")
        for _ in range(count):
            if version > 0:
                reader.number(index_bytes)
            start, length = base + reader.number(offset_bytes), reader.number(length_bytes)
            start += idat.start if in_idat and idat else 0
            if count == 1 and kinds.get(item) in (b"av01", b"hvc1") and (start, length) in shared:
                parts.append(shared[start, length])
                continue
            parts.append(data[start : start + length if length else len(data)])
            if count == 1:
                shared[start, length] = parts[0]
            bytes_left -= len(parts[-1])
            if bytes_left < 0:
                raise ValueError("items overlap each other repeatedly")
        # Only pictures are long, and only their beginnings are read.
        contents[item] = parts[0] if len(parts) == 1 else b"".join(parts[:64])
    return contents


def _properties(data: bytes, iprp: Box) -> dict[int, list[tuple[bytes, bytes]]]:
    container = first(data, iprp, b"ipco")
    known = [(box.kind, data[box.start : box.end]) for box in inner_boxes(data, container)] if container else []
    found: dict[int, list[tuple[bytes, bytes]]] = {}
    # One for each version and width (ISO/IEC 23008-12, 9.3.1).
    for box in [box for box in inner_boxes(data, iprp) if box.kind == b"ipma"][:4]:
        version, wide = data[box.start], bool(data[box.start + 3] & 1)
        reader = _Reader(data, box.start + 4, box.end)
        for _ in range(min(reader.number(4), _MOST_ITEMS)):
            item = reader.number(4 if version else 2)
            for _ in range(reader.number(1)):
                index = reader.number(2) & 0x7FFF if wide else reader.number(1) & 0x7F
                if 0 < index <= len(known):
                    found.setdefault(item, []).append(known[index - 1])
    return found


def _references(data: bytes, box: Box | None) -> list[tuple[bytes, int, tuple[int, ...]]]:
    if box is None:
        return []
    wide = 4 if data[box.start] else 2
    found = []
    reader = _Reader(data, box.start, box.end)
    for inner in inner_boxes(data, box):
        reader.go(inner)
        source = reader.number(wide)
        found.append((inner.kind, source, tuple(reader.number(wide) for _ in range(reader.number(2)))))
    return found


class _Reader:
    """Reads consecutive numbers. Raises ``ValueError`` past the end."""

    def __init__(self, data: bytes, at: int, end: int) -> None:
        if end - at > _LONGEST_TABLE:
            raise ValueError(f"a table of {end - at:,} bytes")
        self._data, self._at, self._end = data, at, end

    def go(self, box: Box) -> None:
        """Move to the content of a box."""
        self._at, self._end = box.start, box.end

    def number(self, length: int) -> int:
        if self._at + length > self._end:
            raise ValueError("a box ends in the middle of a number")
        self._at += length
        return int.from_bytes(self._data[self._at - length : self._at], "big")
