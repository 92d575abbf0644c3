"""A TIFF structure (TIFF 6.0), such as EXIF or maker notes, in a buffer that can be changed in place."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import NamedTuple

Span = tuple[int, int]

ENTRY_BYTES = 12
#: Tags of the offsets and of the lengths of an image's strips, and of its tiles.
STRIPS, TILES = (273, 279), (324, 325)
UTF8 = 129
"""The field type of text in UTF-8 (EXIF 3.0, 4.6.2)."""

TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, UTF8: 1}
"""Bytes per value of each field type."""

_LONG = 4
_MAX_ENTRIES = 10_000
"""Maximum number of entry reads in a block, repeated ones included: photos have a few hundred entries."""


Directory = dict[int, "tuple[int, int, bytes] | Directory"]
"""The entries of a directory by tag: field type, count and bytes of the value; or the directory it points at."""


class DamagedExif(ValueError):  # noqa: N818 -- describes the data, as Refused does
    """A block that is not a TIFF structure, or whose directories are outside it."""


class Entry(NamedTuple):
    """An entry of a directory: tag, field type, count of values, and the offset of the entry itself."""

    tag: int
    kind: int
    number: int
    at: int

    @property
    def value_bytes(self) -> int:
        """Bytes of the value; 0 for an unknown field type."""
        return TYPE_BYTES.get(self.kind, 0) * self.number


class TiffBlock:
    """A TIFF structure. Raises ``DamagedExif`` for reads outside it."""

    def __init__(self, block: bytes, order: str = "") -> None:
        self.block = bytearray(block)
        if not order and block[:4] not in (b"II*\0", b"MM\0*"):
            raise DamagedExif("no TIFF header")
        self.order = order or ("<" if block[:2] == b"II" else ">")
        self._entries_left, self._bytes_left = _MAX_ENTRIES, 4 * len(block)

    @property
    def first(self) -> int:
        """The offset of the first directory."""
        return self.unpack("I", 4)[0]

    def unpack(self, layout: str, at: int) -> tuple[int, ...]:
        """Read numbers."""
        try:
            return struct.unpack_from(self.order + layout, self.block, at)
        except struct.error:
            raise DamagedExif(f"nothing to read at offset {at}") from None

    def pack(self, layout: str, at: int, *values: int) -> None:
        """Write numbers."""
        struct.pack_into(self.order + layout, self.block, at, *values)

    def entries(self, directory: int) -> list[Entry]:
        """Read the entries of a directory."""
        (count,) = self.unpack("H", directory)
        return self._entries(directory, count)

    def readable_entries(self, directory: int) -> list[Entry]:
        """Read the entries of a directory that are inside the block, ignoring truncated ones, as viewers do."""
        (count,) = self.unpack("H", directory)
        return self._entries(directory, min(count, (len(self.block) - directory - 2) // ENTRY_BYTES))

    def _entries(self, directory: int, count: int) -> list[Entry]:
        if count > self._entries_left:
            raise DamagedExif(f"more than {_MAX_ENTRIES:,} entries")
        self._entries_left -= count
        start, end = directory + 2, directory + 2 + count * ENTRY_BYTES
        if end > len(self.block):
            raise DamagedExif(f"nothing to read at offset {len(self.block)}")
        read = struct.iter_unpack(self.order + "HHI4x", self.block[start:end])
        places = range(start, end, ENTRY_BYTES)
        return [Entry(tag, kind, number, at) for at, (tag, kind, number) in zip(places, read, strict=True)]

    def find(self, directory: int, tag: int) -> Entry | None:
        """Return the first entry with a tag."""
        return next((entry for entry in self.entries(directory) if entry.tag == tag), None)

    def next_pointer(self, directory: int) -> int:
        """Return the offset of the pointer to the next directory."""
        (count,) = self.unpack("H", directory)
        return directory + 2 + count * ENTRY_BYTES

    def number(self, entry: Entry) -> int:
        """Return the first value of an integer entry."""
        layout = {1: "B", 3: "H", 4: "I", 13: "I"}.get(entry.kind)
        if layout is None:
            raise DamagedExif(f"tag {entry.tag:#06x} has type {entry.kind}")
        return self.unpack(layout, self.value_at(entry))[0]

    def numbers(self, entry: Entry, limit: int = 4096) -> list[int]:
        """Return at most ``limit`` integers of an entry; empty for other field types."""
        layout = {1: "B", 3: "H", 4: "I", 13: "I"}.get(entry.kind)
        if layout is None:
            return []
        return list(self.unpack(f"{min(entry.number, limit)}{layout}", self.value_at(entry)))

    def value_at(self, entry: Entry) -> int:
        """Return the offset of an entry's value, which is inside the entry if it has at most four bytes."""
        return entry.at + 8 if entry.value_bytes <= 4 else self.unpack("I", entry.at + 8)[0]

    def value(self, entry: Entry) -> bytes:
        """Return the bytes of an entry's value, fewer if it ends outside the block."""
        at = self.value_at(entry)
        return bytes(self.block[at : at + entry.value_bytes])

    def zero(self, start: int, end: int) -> None:
        """Zero bytes."""
        end = min(end, len(self.block))
        if start < end:
            self._bytes_left -= end - start
            if self._bytes_left < 0:
                raise DamagedExif("directories point at the same bytes repeatedly")
            self.block[start:end] = bytes(end - start)

    def zero_spans(self, spans: Iterable[Span], kept: Iterable[int]) -> None:
        """Zero the bytes that pointers lead to, except header and ``kept`` directories, since pointers may be wrong."""
        guarded = [(0, bytes(self.block[:8]))]
        for directory in kept:
            end = self.next_pointer(directory) + 4
            guarded.append((directory, bytes(self.block[directory:end])))
        for start, end in spans:
            self.zero(start, end)
        for start, content in guarded:
            self.block[start : start + len(content)] = content

    def remove(self, directory: int, tag: int) -> None:
        """Remove an entry: those after it and the next pointer move up; the directory keeps its offset."""
        entry = next(entry for entry in self.entries(directory) if entry.tag == tag)
        (count,) = self.unpack("H", directory)
        end = self.next_pointer(directory) + 4
        self.block[entry.at : end] = self.block[entry.at + ENTRY_BYTES : end].ljust(end - entry.at, b"\0")
        self.pack("H", directory, count - 1)

    def spans(self, directory: int) -> list[Span]:
        """Return the spans of a directory and of the values it points at."""
        entries = self.entries(directory)
        spans = [(directory, directory + 6 + len(entries) * ENTRY_BYTES)]
        for entry in entries:
            if entry.value_bytes > 4:
                start = self.value_at(entry)
                spans.append((start, start + entry.value_bytes))
        return spans


def tiff_structure(directory: Directory, order: str = ">") -> bytes:
    """Return a TIFF structure with one directory and those inside it; ``order`` is its byte order, ``>`` or ``<``."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(order + "I", 8) + _encoded(directory, 8, order)


def _encoded(directory: Directory, at: int, order: str) -> bytes:
    """Return a directory for the offset ``at``, followed by its values and the directories inside it."""
    values_at = at + 2 + ENTRY_BYTES * len(directory) + 4
    entries, values = struct.pack(order + "H", len(directory)), b""
    for tag, content in sorted(directory.items()):
        here = values_at + len(values)
        if isinstance(content, tuple):
            kind, number, value = content
            entries += struct.pack(order + "HHI", tag, kind, number)
        else:
            value = _encoded(content, here, order)
            entries += struct.pack(order + "HHI", tag, _LONG, 1)
        if isinstance(content, tuple) and len(value) <= 4:
            entries += value.ljust(4, b"\0")
        else:
            entries += struct.pack(order + "I", here)
            values += value + bytes(len(value) % 2)
    return entries + bytes(4) + values
