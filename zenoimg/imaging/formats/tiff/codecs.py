"""Decode and encode TIFF segments. LZW, PackBits and fax codes are handled by libtiff through Pillow.

Pillow reads and writes only entire files. So segments to decode are put into a file with one page of bytes (mode ``L``,
as wide as the segments' rows are long), and encoded segments are taken from such a file.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.tiff.file import (
    LONG,
    SHORT,
    STRIP_LENGTHS,
    STRIP_OFFSETS,
    Directory,
    Form,
    Page,
    write_pages,
)
from zenoimg.imaging.formats.tiff.layout import (
    CCITT_RLE,
    DEFLATE,
    FAX,
    GROUP_3,
    GROUP_4,
    LZW,
    NONE,
    OLD_DEFLATE,
    PACKBITS,
    Layout,
)
from zenoimg.imaging.formats.tiff.reader import read_pages
from zenoimg.imaging.limits import Limits

FAX_OPTIONS = {GROUP_3: 292, GROUP_4: 293}
"""T4Options and T6Options."""

_FORM = Form("<", big=False)
_NAMES = {LZW: "tiff_lzw", PACKBITS: "packbits", CCITT_RLE: "tiff_ccitt", GROUP_3: "group3", GROUP_4: "group4"}
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_ZLIB_LEVELS = {0: 1, 1: 3, 2: 6, 3: 9}  # by the two bits in which an encoder records its effort (RFC 1950, 2.2)


_AT_ONCE = 1_000  # segments in one file for libtiff


def decompressed(segments: Sequence[bytes], layout: Layout, rows: int, fax_options: int) -> list[bytearray]:
    """Return the bytes of segments of ``rows`` rows each. Raises ``Refused("corrupt")`` if there are fewer."""
    if layout.reversed_bits:
        segments = [segment.translate(_REVERSED) for segment in segments]
    wanted = layout.row_bytes * rows
    if layout.compression in (DEFLATE, OLD_DEFLATE):
        found = [bytearray(zlib.decompressobj().decompress(segment, wanted)) for segment in segments]
    elif layout.compression == NONE:
        found = [bytearray(segment) for segment in segments]
        if layout.reversed_bits and layout.depth == 16:
            raise Refused("unsupported-format", "TIFF of 16 bits per sample in reversed bits is not supported")
    else:
        found = []
        for start in range(0, len(segments), _AT_ONCE):
            data = _by_libtiff(tuple(segments[start : start + _AT_ONCE]), layout, rows, fax_options)
            found += [bytearray(data[at : at + wanted]) for at in range(0, len(data), wanted)]
    fewest = min(map(len, found))
    if fewest < wanted:
        raise Refused("corrupt", f"a strip or tile of the TIFF holds {fewest:,} of {wanted:,} bytes")
    return found


def compressed(
    parts: Sequence[bytes], layout: Layout, rows: int, fax_options: int, before: Sequence[bytes]
) -> list[bytes]:
    """Return the segments for the bytes of their rows; ``before`` holds the segments that they replace."""
    if layout.compression in (DEFLATE, OLD_DEFLATE):
        efforts = [(old.translate(_REVERSED) if layout.reversed_bits else old)[1] >> 6 for old in before]
        segments = [zlib.compress(data, _ZLIB_LEVELS[effort]) for data, effort in zip(parts, efforts, strict=True)]
    elif layout.compression == NONE:
        segments = [bytes(data) for data in parts]
    else:
        segments = []
        for start in range(0, len(parts), _AT_ONCE):
            segments += _to_libtiff(parts[start : start + _AT_ONCE], layout, rows, fax_options)
    return [segment.translate(_REVERSED) for segment in segments] if layout.reversed_bits else segments


def _by_libtiff(segments: tuple[bytes, ...], layout: Layout, rows: int, fax_options: int) -> bytes:
    width, depth = _page_of_bytes(layout)
    height = rows * len(segments)
    numbers = {256: width, 257: height, 258: depth, 259: layout.compression, 262: 1, 277: 1, 278: rows}
    entries = {tag: _FORM.entry(tag, LONG, [number]) for tag, number in numbers.items()}
    if layout.compression in FAX_OPTIONS:
        tag = FAX_OPTIONS[layout.compression]
        entries[tag] = _FORM.entry(tag, LONG, [fax_options])
    for tag in (258, 259, 262, 277):
        entries[tag] = _FORM.entry(tag, SHORT, [numbers[tag]])
    page = Page(Directory(_FORM, {**entries, STRIP_OFFSETS: entries[256], STRIP_LENGTHS: entries[256]}), segments)
    with TiffImageFile(BytesIO(write_pages(_FORM, [page]))) as picture:
        # Pillow would check the size of this page of bytes; the limits have been checked for its pixels.
        picture.im = Image.new(picture.mode, picture.size).im
        picture.load()
        return picture.tobytes()


def _to_libtiff(parts: Sequence[bytes], layout: Layout, rows: int, fax_options: int) -> tuple[bytes, ...]:
    width, depth = _page_of_bytes(layout)
    picture = Image.frombytes("1" if depth == 1 else "L", (width, rows * len(parts)), b"".join(parts))
    encoded = BytesIO()
    options: dict[str, Any] = {"compression": _NAMES[layout.compression], "strip_size": len(parts[0])}
    if layout.compression in FAX_OPTIONS:
        options["tiffinfo"] = {FAX_OPTIONS[layout.compression]: fax_options}
    picture.save(encoded, "TIFF", **options)
    (page,) = read_pages(encoded.getvalue(), Limits())
    return page.segments


def _page_of_bytes(layout: Layout) -> tuple[int, int]:
    """Return the width and depth of the page that carries a segment's bytes."""
    return (layout.segment_width, 1) if layout.compression in FAX else (layout.row_bytes, 8)
