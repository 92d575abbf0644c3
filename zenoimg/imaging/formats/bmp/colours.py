"""Read the colour space of a BMP from headers of 108 and 124 bytes (Windows GDI, BITMAPV4HEADER and BITMAPV5HEADER)."""

from __future__ import annotations

import struct

from zenoimg.imaging.colour.primaries import Chromaticities
from zenoimg.imaging.colour.tags import ColourTags
from zenoimg.imaging.formats.bmp.file import Header

_V4_HEADER, _V5_HEADER = 108, 124
_FILE_HEADER = 14
_CALIBRATED, _EMBEDDED = 0, 0x4D424544
_TYPE_AT, _PROFILE_AT = 70, 126


def colours_in(data: bytes, header: Header) -> ColourTags:
    """Return what a BMP says about its colours."""
    if header.size < _V4_HEADER:
        return ColourTags()
    (kind,) = struct.unpack_from("<I", data, _TYPE_AT)
    if kind == _EMBEDDED and header.size >= _V5_HEADER:
        start, length = struct.unpack_from("<II", data, _PROFILE_AT)
        return ColourTags(icc=data[_FILE_HEADER + start : _FILE_HEADER + start + length])
    if kind == _CALIBRATED:
        return _calibrated(data)
    return ColourTags()


def _calibrated(data: bytes) -> ColourTags:
    """Return the end points (XYZ as 2.30) and the gamma (16.16) of each channel; those of green apply to all."""
    values = [value / (1 << 30) for value in struct.unpack_from("<9i", data, _TYPE_AT + 4)]
    gammas = [value / 65536 for value in struct.unpack_from("<3I", data, _TYPE_AT + 40)]
    places: list[float] = []
    for at in (0, 3, 6):
        total = sum(values[at : at + 3])
        if total <= 0 or values[at + 1] <= 0:
            return ColourTags()  # many writers leave zeroes here
        places += (values[at] / total, values[at + 1] / total)
    white = [sum(values[part::3]) for part in range(3)]
    total = sum(white)
    chromaticities: Chromaticities = (white[0] / total, white[1] / total, *places)
    return ColourTags(gamma=1 / gammas[1] if gammas[1] > 0 else 0.0, chromaticities=chromaticities)
