"""Hostile TIFFs: endless directories and tables, countless strips and tiles, bombs."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from io import BytesIO

from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from benchmarks.hostile_files import FLOOD, SMALL, Cases, noise, saved
from tests.drawn.pictures import photo
from tests.drawn.tiffs import LONG, SHORT, Sheet, tiff

Raw = tuple[int, int, int, bytes]
"""An entry: tag, field type, count, and the four bytes of its value or offset."""


def number(tag: int, value: int, kind: int = LONG) -> Raw:
    """Make an entry of one number."""
    return tag, kind, 1, struct.pack("<I", value)


def directory(entries: Sequence[Raw], following: int = 0) -> bytes:
    """Write a directory."""
    body = b"".join(struct.pack("<HHI", tag, kind, count) + value for tag, kind, count, value in entries)
    return struct.pack("<H", len(entries)) + body + struct.pack("<I", following)


def lean(size: tuple[int, int], block: bytes, more: Sequence[Raw], tables: Sequence[tuple[int, bytes]]) -> bytes:
    """Write a TIFF whose directory is last: ``block`` is at byte 8, ``tables`` (tag, LONGs) after it."""
    data = bytearray(b"II*\0\0\0\0\0" + block)
    entries = [number(256, size[0]), number(257, size[1]), number(258, 8), number(277, 1), *more]
    for tag, values in tables:
        if len(values) == 4:
            entries.append((tag, LONG, 1, values))
            continue
        data += bytes(len(data) % 2)
        entries.append((tag, LONG, len(values) // 4, struct.pack("<I", len(data))))
        data += values
    data += bytes(len(data) % 2)
    struct.pack_into("<I", data, 4, len(data))
    return bytes(data + directory(sorted(entries)))


def _same(count: int, offset: int, length: int) -> list[tuple[int, bytes]]:
    return [(273, struct.pack("<I", offset) * count), (279, struct.pack("<I", length) * count)]


def _same_tiles(count: int, length: int) -> list[tuple[int, bytes]]:
    return [(324, struct.pack("<I", 8) * count), (325, struct.pack("<I", length) * count)]


def tiff_cases() -> Cases:
    """Return the cases by name."""
    small = saved("TIFF", SMALL, "L")
    same_bytes = saved("TIFF", (2000, 1000), "L", busy="noise")
    pages = _pages([noise((100, 80), "L")] * 300)
    other_sizes = _pages([noise((400, 380), "L").crop((0, 0, 100 + n // 6, 80)) for n in range(300)])
    of_their_bytes = _pages([noise((125, 80), "L")] * 300)
    side = 1600
    big = side, side
    tile = [number(262, 1, SHORT), number(322, 16), number(323, 16)]
    tiles = (side // 16) ** 2
    usual = {"compression": "tiff_adobe_deflate"}
    plenty = b"".join(struct.pack("<HHI", 65_000, 4, 1) + b"\0\0\0\0" for _ in range(60_000))
    return {
        "pages in a loop": (
            small[:4] + struct.pack("<I", len(small)) + small[8:] + directory([number(256, 1)], len(small)),
            small,
        ),
        "directory of 60,000 entries": (_with_entries(plenty, 60_000), small, same_bytes),
        "children of 60,000 entries": (_with_children(plenty, 60_000), small, same_bytes),
        "tag of many numbers": (
            lean(SMALL, bytes(120_000), [number(262, 1, SHORT)], [*_same(1, 8, 120_000), (254, bytes(FLOOD))]),
            small,
            same_bytes,
        ),
        "strips of no bytes": (
            lean(SMALL, bytes(120_000), [number(262, 1, SHORT), number(278, 1)], _same(FLOOD // 8, 8, 0)),
            small,
            same_bytes,
        ),
        "strips of one row": (_rows((33, 60_000)), saved("TIFF", (33, 60_000), "L"), same_bytes),
        "strips of one row, LZW": (
            _rows((33, 60_000), "tiff_lzw"),
            saved("TIFF", (33, 60_000), "L", compression="tiff_lzw"),
        ),
        "tiles of 16, bare": (lean(big, bytes(256), tile, _same_tiles(tiles, 256)), saved("TIFF", big, "L")),
        "tiles of 16, deflate": (
            _tiled(big, tile, 8, zlib.compress(noise((16, 16), "L").tobytes())),
            saved("TIFF", big, "L", **usual),
        ),
        "tiles of 16, LZW": (_tiled(big, tile, 5, _lzw()), saved("TIFF", big, "L", compression="tiff_lzw")),
        "palette in tiles of 16, bare": (_palette(big, 1, noise((16, 16), "L").tobytes()), saved("TIFF", big, "P")),
        "palette in tiles of 16, deflate": (
            _palette(big, 8, zlib.compress(noise((16, 16), "L").tobytes())),
            saved("TIFF", big, "P", **usual),
        ),
        "palette in tiles of 16, LZW": (_palette(big, 5, _lzw()), saved("TIFF", big, "P", compression="tiff_lzw")),
        "palette in tiles of 16, LZW, no colours": (
            _palette(big, 5, _lzw(), grey=True),
            _colourless(saved("TIFF", big, "P", compression="tiff_lzw")),
        ),
        "palette in tiles of 16, bare, no colours": (
            _palette(big, 1, noise((16, 16), "L").tobytes(), grey=True),
            _colourless(saved("TIFF", big, "P")),
        ),
        "tables of JPEG": (_jpeg_tables(), saved("TIFF", SMALL, compression="jpeg"), same_bytes),
        "pages": (pages, pages),
        "pages of other sizes": (other_sizes, of_their_bytes),
        "deflate bomb": (
            lean(
                SMALL,
                zlib.compress(bytes(200_000_000)),
                [number(262, 1, SHORT), number(259, 8, SHORT)],
                _same(1, 8, 190_000),
            ),
            small,
            saved("TIFF", SMALL, "L", **usual),
        ),
        "fax of noise": (_fax(noise((800, 600), "L").tobytes()), saved("TIFF", (800, 600), "1", compression="group4")),
    }


def _pages(pictures: Sequence[Image.Image]) -> bytes:
    encoded = BytesIO()
    pictures[0].save(encoded, "TIFF", save_all=True, append_images=pictures[1:])
    return encoded.getvalue()


def _with_entries(entries: bytes, count: int) -> bytes:
    data = bytearray(lean(SMALL, bytes(120_000), [number(262, 1, SHORT)], _same(1, 8, 120_000)))
    (at,) = struct.unpack_from("<I", data, 4)
    (own,) = struct.unpack_from("<H", data, at)
    listed = bytes(data[at + 2 : at + 2 + 12 * own])
    return bytes(data[:at]) + struct.pack("<H", own + count) + listed + entries + bytes(4)


def _with_children(entries: bytes, count: int) -> bytes:
    """Return a directory that refers to the same EXIF directory 2,000 times."""
    data = bytearray(lean(SMALL, bytes(120_000), [number(262, 1, SHORT)], _same(1, 8, 120_000)))
    at = len(data)
    data += struct.pack("<H", count) + entries + bytes(4)
    return _with_entries_of(bytes(data), directory([number(34665, at)] * 2_000)[2:-4], 2_000)


def _with_entries_of(data: bytes, entries: bytes, count: int) -> bytes:
    (at,) = struct.unpack_from("<I", data, 4)
    (own,) = struct.unpack_from("<H", data, at)
    listed = data[at + 2 : at + 2 + 12 * own]
    end = len(data)
    return data[:4] + struct.pack("<I", end) + data[8:] + struct.pack("<H", own + count) + listed + entries + bytes(4)


def _rows(size: tuple[int, int], compression: str | None = None) -> bytes:
    encoded = BytesIO()
    photo(size, "L").save(encoded, "TIFF", compression=compression, strip_size=1, tiffinfo={278: 1})
    return encoded.getvalue()


def _lzw() -> bytes:
    encoded = BytesIO()
    noise((16, 16), "L").save(encoded, "TIFF", compression="tiff_lzw")
    picture = TiffImageFile(BytesIO(encoded.getvalue()))
    offset, length = picture.tag_v2[273][0], picture.tag_v2[279][0]
    return encoded.getvalue()[offset : offset + length]


def _tiled(size: tuple[int, int], tile: Sequence[Raw], compression: int, block: bytes) -> bytes:
    count = (size[0] // 16) * (size[1] // 16)
    return lean(size, block * 1, [*tile, number(259, compression, SHORT)], _spread(count, block))


def _spread(count: int, block: bytes) -> list[tuple[int, bytes]]:
    return _same_tiles(count, len(block))


def _palette(size: tuple[int, int], compression: int, block: bytes, *, grey: bool = False) -> bytes:
    """Return tiles of 16 x 16, each with its own bytes: the reader limits how often the same ones are copied."""
    count = (size[0] // 16) * (size[1] // 16)
    colours = [0] * 768 if grey else [value % 256 * 257 for value in range(768)]
    data = bytearray(b"II*\0\0\0\0\0" + block * count)
    at = len(data) + len(data) % 2
    data += bytes(len(data) % 2) + struct.pack("<768H", *colours)
    offsets = struct.pack(f"<{count}I", *(8 + index * len(block) for index in range(count)))
    entries = [number(256, size[0]), number(257, size[1]), number(258, 8), number(259, compression, SHORT)]
    entries += [number(262, 3, SHORT), number(277, 1), (320, SHORT, 768, struct.pack("<I", at))]
    entries += [number(322, 16), number(323, 16)]
    for tag, values in ((324, offsets), (325, struct.pack("<I", len(block)) * count)):
        entries.append((tag, LONG, count, struct.pack("<I", len(data))))
        data += values
    struct.pack_into("<I", data, 4, len(data))
    return bytes(data + directory(entries))


def _colourless(data: bytes) -> bytes:
    """Make all colours of a palette page black, so that none is left for the mark."""
    tags = TiffImageFile(BytesIO(data)).tag_v2
    at = next(at for at in range(len(data)) if data[at : at + 8] == struct.pack("<HHI", 320, SHORT, len(tags[320])))
    (start,) = struct.unpack_from("<I", data, at + 8)
    return data[:start] + bytes(2 * len(tags[320])) + data[start + 2 * len(tags[320]) :]


def _jpeg_tables() -> bytes:
    """Return tiles of 16 x 16 in JPEG, with tables of a megabyte that contain only comments."""
    encoded = BytesIO()
    noise((16, 16), "L").save(encoded, "JPEG")
    tables = b"\xff\xd8" + b"\xff\xfe\0\2" * 250_000 + b"\xff\xd9"
    count = (SMALL[0] // 16) * (304 // 16)
    sheet = Sheet(
        (400, 304), b"", compression=7, tile=(16, 16), tags={347: (7, tables)}, encoded=[encoded.getvalue()] * count
    )
    return tiff(sheet)


def _fax(codes: bytes) -> bytes:
    more = [number(262, 0, SHORT), number(259, 4, SHORT)]
    data = lean((800, 600), codes, more, _same(1, 8, len(codes)))
    return data.replace(struct.pack("<HHI", 258, LONG, 1) + b"\x08", struct.pack("<HHI", 258, LONG, 1) + b"\x01")
