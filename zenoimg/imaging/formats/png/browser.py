"""A PNG or APNG as browsers are given it."""

from __future__ import annotations

from zenoimg.imaging.formats.png.chunks import PIXELS, SIGNATURE, Chunk, read_chunks
from zenoimg.imaging.formats.png.frames import FRAME_CHUNKS
from zenoimg.imaging.metadata.exif import only_orientation, orientation_of

_SHOWN = {*PIXELS, b"acTL", *FRAME_CHUNKS}
_SHOWN |= {b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"bKGD", b"pHYs"}


def without_metadata(data: bytes) -> bytes:
    """Return the file with its pixels, frames, colour chunks and orientation alone."""
    kept = []
    for chunk in read_chunks(data):
        if chunk.name == b"eXIf" and orientation_of(chunk.data) != 1:
            chunk = Chunk(b"eXIf", only_orientation(orientation_of(chunk.data)))
        elif chunk.name not in _SHOWN:
            continue
        kept.append(chunk.encoded)
    return SIGNATURE + b"".join(kept)
