"""Writes TIFFs of any layout from their samples, and reads samples back: slow, simple and without Pillow."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

SHORT, LONG, UNDEFINED, LONG8 = 3, 4, 7, 16
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 13: 4, 16: 8, 129: 1}
_LETTERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q"}

Tag: TypeAlias = "tuple[int, bytes | Sequence[int] | Tags]"
"""Field type, and a value: bytes as they stand in the file, numbers, or a directory of its own."""

Tags: TypeAlias = dict[int, Tag]


@dataclass(frozen=True)
class Sheet:
    """A page. ``samples`` are in the order of pixels, row by row; ``tile`` is width and height of tiles.

    ``encoded`` are segments of a codec that is not supported here; ``samples`` are ignored then.
    """

    size: tuple[int, int]
    samples: Sequence[int]
    depth: int = 8
    per_pixel: int = 1
    photometric: int = 1
    compression: int = 1
    predictor: int = 1
    planar: bool = False
    tile: tuple[int, int] | None = None
    rows_per_strip: int | None = None
    tags: Tags = field(default_factory=dict)
    encoded: Sequence[bytes] | None = None


def random_sheet(size: tuple[int, int], depth: int, per_pixel: int, seed: int = 3, **more: object) -> Sheet:
    """Draw a page of noise."""
    dice = random.Random(seed)
    samples = [dice.randrange(1 << depth) for _ in range(size[0] * size[1] * per_pixel)]
    return Sheet(size, samples, depth, per_pixel, **more)  # type: ignore[arg-type]


def tiff(*sheets: Sheet, order: str = "<", big: bool = False) -> bytes:
    """Write a file: for each page its pixels, then its directory, then its values."""
    offset = "Q" if big else "I"
    data = bytearray((b"II" if order == "<" else b"MM") + struct.pack(order + ("HHH" if big else "H"), *_magic(big)))
    pointer = len(data)
    data += bytes(struct.calcsize("<" + offset))
    for sheet in sheets:
        segments = sheet.encoded or [_encoded(sheet, segment, order) for segment in _segments(sheet)]
        at = len(data)
        for segment in segments:
            data += segment
        offsets = [at + sum(map(len, segments[:index])) for index in range(len(segments))]
        data += bytes(len(data) % 2)
        pointer = _write(data, _page_tags(sheet, offsets, list(map(len, segments))), order, big, pointer)
    return bytes(data)


def _magic(big: bool) -> tuple[int, ...]:
    return (43, 8, 0) if big else (42,)


def _page_tags(sheet: Sheet, offsets: list[int], lengths: list[int]) -> Tags:
    tags: Tags = {
        256: (LONG, [sheet.size[0]]),
        257: (LONG, [sheet.size[1]]),
        258: (SHORT, [sheet.depth] * sheet.per_pixel),
        259: (SHORT, [sheet.compression]),
        262: (SHORT, [sheet.photometric]),
        277: (SHORT, [sheet.per_pixel]),
        284: (SHORT, [2 if sheet.planar else 1]),
        317: (SHORT, [sheet.predictor]),
    }
    if sheet.tile:
        tags |= {322: (SHORT, [sheet.tile[0]]), 323: (SHORT, [sheet.tile[1]])}
    elif sheet.rows_per_strip:
        tags[278] = (LONG, [sheet.rows_per_strip])
    tags |= {324 if sheet.tile else 273: (LONG, offsets), 325 if sheet.tile else 279: (LONG, lengths)}
    return {**tags, **sheet.tags}


def _write(data: bytearray, tags: Tags, order: str, big: bool, pointer: int) -> int:
    """Append a directory and what it points at; store its offset at ``pointer``; return where its own pointer is."""
    offset, inline = ("Q", 8) if big else ("I", 4)
    at = len(data)
    struct.pack_into(order + offset, data, pointer, at)
    count = "Q" if big else "H"
    entry_bytes = 20 if big else 12
    start = at + struct.calcsize("<" + count)
    data += struct.pack(order + count, len(tags)) + bytes(entry_bytes * len(tags) + inline)
    for index, tag in enumerate(sorted(tags)):
        kind, value = tags[tag]
        place = start + index * entry_bytes
        if isinstance(value, dict):
            struct.pack_into(order + "HH" + offset, data, place, tag, kind, 1)
            data += bytes(len(data) % 2)
            _write(data, value, order, big, place + entry_bytes - inline)
            continue
        packed = value if isinstance(value, bytes) else struct.pack(f"{order}{len(value)}{_LETTERS[kind]}", *value)
        struct.pack_into(order + "HH" + offset, data, place, tag, kind, len(packed) // _SIZES[kind])
        if len(packed) <= inline:
            data[place + entry_bytes - inline : place + entry_bytes] = packed.ljust(inline, b"\0")
        else:
            data += bytes(len(data) % 2)
            struct.pack_into(order + offset, data, place + entry_bytes - inline, len(data))
            data += packed
    return start + entry_bytes * len(tags)


def _segments(sheet: Sheet) -> Iterator[list[list[int]]]:
    """Yield each segment as rows of samples."""
    width, height = sheet.size
    planes = range(sheet.per_pixel) if sheet.planar else [None]
    for plane in planes:
        for left, top, right, bottom in boxes(sheet.size, sheet.tile, sheet.rows_per_strip):
            rows = []
            for y in range(top, bottom):
                row: list[int] = []
                for x in range(left, right):
                    at = (min(y, height - 1) * width + min(x, width - 1)) * sheet.per_pixel
                    row += sheet.samples[at : at + sheet.per_pixel] if plane is None else [sheet.samples[at + plane]]
                rows.append(row)
            yield rows


def boxes(
    size: tuple[int, int], tile: tuple[int, int] | None, rows_per_strip: int | None
) -> Iterator[tuple[int, int, int, int]]:
    """Yield the boxes of segments in order; tiles extend past the edges."""
    width, height = size
    if tile is None:
        step = rows_per_strip or height
        for top in range(0, height, step):
            yield 0, top, width, min(top + step, height)
        return
    for top in range(0, height, tile[1]):
        for left in range(0, width, tile[0]):
            yield left, top, left + tile[0], top + tile[1]


def _encoded(sheet: Sheet, rows: list[list[int]], order: str) -> bytes:
    step = 1 if sheet.planar else sheet.per_pixel
    if sheet.predictor == 2:
        most = 1 << sheet.depth
        rows = [[(v - (row[i - step] if i >= step else 0)) % most for i, v in enumerate(row)] for row in rows]
    data = b"".join(_packed(row, sheet.depth, order) for row in rows)
    return zlib.compress(data) if sheet.compression == 8 else data


def _packed(row: list[int], depth: int, order: str) -> bytes:
    if depth in (16, 32):
        return struct.pack(f"{order}{len(row)}{'H' if depth == 16 else 'I'}", *row)
    bits = "".join(f"{value:0{depth}b}" for value in row)
    return bytes(int(bits[at : at + 8].ljust(8, "0"), 2) for at in range(0, len(bits), 8))


@dataclass(frozen=True)
class ReadPage:
    """A page as read: tags as field type and value bytes, and encoded segments."""

    order: str
    big: bool
    tags: Mapping[int, tuple[int, bytes]]
    segments: list[bytes]

    def numbers(self, tag: int) -> tuple[int, ...]:
        kind, value = self.tags[tag]
        return struct.unpack(f"{self.order}{len(value) // _SIZES[kind]}{_LETTERS[kind]}", value)

    def number(self, tag: int, default: int = 0) -> int:
        return self.numbers(tag)[0] if tag in self.tags else default


def read(data: bytes) -> list[ReadPage]:
    """Read all pages of a file."""
    order = "<" if data[:2] == b"II" else ">"
    big = 43 in struct.unpack(order + "H", data[2:4])
    offset = "Q" if big else "I"
    (at,) = struct.unpack_from(order + offset, data, 8 if big else 4)
    pages = []
    while at:
        tags, at = directory(data, at, order, big)
        page = ReadPage(order, big, tags, [])
        where, lengths = (324, 325) if 324 in tags else (273, 279)
        for start, length in zip(page.numbers(where), page.numbers(lengths), strict=True):
            assert start + length <= len(data)
            page.segments.append(data[start : start + length])
        pages.append(page)
    return pages


def directory(data: bytes, at: int, order: str, big: bool) -> tuple[dict[int, tuple[int, bytes]], int]:
    """Read a directory and the offset of the next."""
    offset, inline, entry_bytes, count_letter = ("Q", 8, 20, "Q") if big else ("I", 4, 12, "H")
    (count,) = struct.unpack_from(order + count_letter, data, at)
    start = at + struct.calcsize("<" + count_letter)
    tags = {}
    for place in range(start, start + count * entry_bytes, entry_bytes):
        tag, kind, number = struct.unpack_from(order + "HH" + offset, data, place)
        length, value_at = _SIZES[kind] * number, place + entry_bytes - inline
        if length > inline:
            (value_at,) = struct.unpack_from(order + offset, data, value_at)
            assert value_at % 2 == 0
        tags[tag] = (kind, data[value_at : value_at + length])
    assert list(tags) == sorted(tags)
    (following,) = struct.unpack_from(order + offset, data, start + count * entry_bytes)
    return tags, following


def samples(page: ReadPage) -> list[int]:
    """Read the samples of a page that is uncompressed or deflated."""
    width, height = page.number(256), page.number(257)
    depth, per_pixel, planar = page.numbers(258)[0], page.number(277, 1), page.number(284, 1) == 2
    tile = (page.number(322), page.number(323)) if 324 in page.tags else None
    grid = list(boxes((width, height), tile, page.number(278, height)))
    step = 1 if planar else per_pixel
    result = [0] * (width * height * per_pixel)
    for number, segment in enumerate(page.segments):
        left, top, right, bottom = grid[number % len(grid)]
        raw = zlib.decompress(segment) if page.number(259) == 8 else segment
        stride = ((right - left) * step * depth + 7) // 8
        for y in range(top, min(bottom, height)):
            row = list(_unpacked(raw[(y - top) * stride : (y - top + 1) * stride], depth, page.order))
            if page.number(317, 1) == 2:
                for index in range(step, len(row)):
                    row[index] = (row[index] + row[index - step]) % (1 << depth)
            for x in range(left, min(right, width)):
                for channel in range(step):
                    place = number // len(grid) if planar else channel
                    result[(y * width + x) * per_pixel + place] = row[(x - left) * step + channel]
    return result


def _unpacked(row: bytes, depth: int, order: str) -> tuple[int, ...] | list[int]:
    if depth == 16:
        return struct.unpack(f"{order}{len(row) // 2}H", row)
    return [value >> shift & ((1 << depth) - 1) for value in row for shift in range(8 - depth, -1, -depth)]
