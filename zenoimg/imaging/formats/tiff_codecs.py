"""The byte codecs of TIFF segments. LZW, PackBits and fax codes are libtiff's, reached through Pillow.

Pillow only takes and gives whole files. So a segment to decode is put into a file of one page of bytes
(mode ``L``, as wide as the segment's rows are long), and a segment to encode is taken out of such a file.
"""

from __future__ import annotations

import zlib
from io import BytesIO
from typing import Any

from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.tiff_file import (
    LONG,
    SHORT,
    STRIP_LENGTHS,
    STRIP_OFFSETS,
    Directory,
    Form,
    Page,
    read_pages,
    write_pages,
)
from zenoimg.imaging.formats.tiff_layout import (
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
from zenoimg.imaging.limits import Limits

FAX_OPTIONS = {GROUP_3: 292, GROUP_4: 293}
"""T4Options and T6Options."""

_FORM = Form("<", big=False)
_NAMES = {LZW: "tiff_lzw", PACKBITS: "packbits", CCITT_RLE: "tiff_ccitt", GROUP_3: "group3", GROUP_4: "group4"}
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_ZLIB_LEVELS = {0: 1, 1: 3, 2: 6, 3: 9}  # by the two bits of RFC 1950, 2.2, in which an encoder tells its effort


def decompressed(segment: bytes, layout: Layout, rows: int, fax_options: int) -> bytearray:
    """Give the bytes of a segment's rows. Raises ``Refused("corrupt")`` when there are fewer."""
    if layout.reversed_bits:
        segment = segment.translate(_REVERSED)
    wanted = layout.row_bytes * rows
    if layout.compression in (DEFLATE, OLD_DEFLATE):
        data = bytearray(zlib.decompressobj().decompress(segment, wanted))
    elif layout.compression == NONE:
        data = bytearray(segment)
        if layout.reversed_bits and layout.depth == 16:
            raise Refused("unsupported-format", "TIFF of 16 bits a sample in reversed bits is not supported")
    else:
        data = bytearray(_by_libtiff(segment, layout, rows, fax_options))
    if len(data) < wanted:
        raise Refused("corrupt", f"a strip or tile of the TIFF holds {len(data):,} of {wanted:,} bytes")
    return data


def compressed(data: bytes, layout: Layout, rows: int, fax_options: int, before: bytes) -> bytes:
    """Give the segment for the bytes of its rows; ``before`` is the segment that it takes the place of."""
    if layout.compression in (DEFLATE, OLD_DEFLATE):
        effort = before.translate(_REVERSED) if layout.reversed_bits else before
        segment = zlib.compress(data, _ZLIB_LEVELS[effort[1] >> 6])
    elif layout.compression == NONE:
        segment = bytes(data)
    else:
        segment = _to_libtiff(data, layout, rows, fax_options)
    return segment.translate(_REVERSED) if layout.reversed_bits else segment


def _by_libtiff(segment: bytes, layout: Layout, rows: int, fax_options: int) -> bytes:
    width, depth = _page_of_bytes(layout)
    numbers = {256: width, 257: rows, 258: depth, 259: layout.compression, 262: 1, 277: 1, 278: rows}
    entries = {tag: _FORM.entry(tag, LONG, [number]) for tag, number in numbers.items()}
    if layout.compression in FAX_OPTIONS:
        tag = FAX_OPTIONS[layout.compression]
        entries[tag] = _FORM.entry(tag, LONG, [fax_options])
    for tag in (258, 259, 262, 277):
        entries[tag] = _FORM.entry(tag, SHORT, [numbers[tag]])
    page = Page(Directory(_FORM, {**entries, STRIP_OFFSETS: entries[256], STRIP_LENGTHS: entries[256]}), (segment,))
    with TiffImageFile(BytesIO(write_pages(_FORM, [page]))) as picture:
        # Pillow would judge the size once more, of a page of bytes; the limits have done that for the pixels.
        picture.im = Image.new(picture.mode, picture.size).im
        picture.load()
        return picture.tobytes()


def _to_libtiff(data: bytes, layout: Layout, rows: int, fax_options: int) -> bytes:
    width, depth = _page_of_bytes(layout)
    picture = Image.frombytes("1" if depth == 1 else "L", (width, rows), bytes(data))
    encoded = BytesIO()
    options: dict[str, Any] = {"compression": _NAMES[layout.compression], "strip_size": len(data) + 8}
    if layout.compression in FAX_OPTIONS:
        options["tiffinfo"] = {FAX_OPTIONS[layout.compression]: fax_options}
    picture.save(encoded, "TIFF", **options)
    (page,) = read_pages(encoded.getvalue(), Limits())
    (segment,) = page.segments
    return segment


def _page_of_bytes(layout: Layout) -> tuple[int, int]:
    """Give width and depth of the page that stands for a segment's bytes."""
    return (layout.segment_width, 1) if layout.compression in FAX else (layout.row_bytes, 8)
