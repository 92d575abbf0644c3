"""The bytes of a BMP before and after its rows, which its copy keeps except for pictures."""

from __future__ import annotations

import struct

from zenoimg.imaging.formats.bmp.file import RLE4, RLE8, read_header
from zenoimg.imaging.metadata import carve
from zenoimg.imaging.metadata.keeper import Keeper

_SIZE_OF_PIXELS_AT = 34


def without_pictures(copy: bytes, keeper: Keeper) -> bytes:
    """Return a copy with all pictures outside its rows zeroed; report that BMP has no place for rights."""
    if keeper.rights.texts:
        keeper.warn("the rights were not written: BMP has no place for them")
    header = read_header(copy)
    length = header.stride * header.height
    if header.compression in (RLE8, RLE4):
        (length,) = struct.unpack_from("<I", copy, _SIZE_OF_PIXELS_AT)
    end = header.pixels_at + length
    spans = carve.pictures_in(copy[: header.pixels_at])
    spans += [(end + start, end + stop) for start, stop in carve.pictures_in(copy[end:])]
    if not spans:
        return copy
    keeper.found_picture("unused bytes")
    cleaned = bytearray(copy)
    for start, stop in spans:
        cleaned[start:stop] = bytes(stop - start)
    return bytes(cleaned)
