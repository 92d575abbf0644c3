"""Prepare a WebP for display in a browser."""

from __future__ import annotations

import struct
import sys
from dataclasses import replace

from zenoimg.imaging.formats.webp.chunks import EXIF, IMAGE_DATA, XMP, read_webp, write_webp
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.metadata.exif import only_orientation, orientation_of
from zenoimg.imaging.metadata.keeper import tiff_block

_NO_LIMITS = Limits(sys.maxsize, sys.maxsize, sys.maxsize, sys.maxsize, sys.maxsize)  # the caller has checked the file


def without_metadata(data: bytes) -> bytes:
    """Return the file with only its pixels, frames, colour profile and orientation."""
    source = read_webp(data, _NO_LIMITS)
    orientation = orientation_of(tiff_block(source.first(b"EXIF")))
    flags = source.flags & ~(XMP | EXIF) | (EXIF if orientation != 1 else 0)
    kept = []
    for chunk in source.chunks:
        if chunk.name == b"VP8X":
            kept.append(replace(chunk, data=struct.pack("<I", flags) + chunk.data[4:]))
        elif chunk.name == b"EXIF" and orientation != 1:
            kept.append(replace(chunk, data=only_orientation(orientation)))
        elif chunk.name in (b"ICCP", b"ANIM", b"ANMF", *IMAGE_DATA):
            kept.append(chunk)
    return write_webp(kept)
