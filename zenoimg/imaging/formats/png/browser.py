"""Prepare a PNG or APNG for delivery to a browser."""

from __future__ import annotations

from PIL import ImageChops
from PIL.Image import Image

from zenoimg.imaging.formats.png.animation.frames import FRAME_CHUNKS
from zenoimg.imaging.formats.png.chunks import PIXELS, RGB, SIGNATURE, Chunk, read_chunks, read_header
from zenoimg.imaging.formats.png.pixels import decode
from zenoimg.imaging.formats.png.samples.color_key import color_key, key_mask
from zenoimg.imaging.formats.png.samples.sixteen_bit import decode_deep
from zenoimg.imaging.metadata.exif import only_orientation, orientation_of
from zenoimg.imaging.metadata.keeper import tiff_block

_SHOWN = {*PIXELS, b"acTL", *FRAME_CHUNKS}
_SHOWN |= {b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"bKGD", b"pHYs"}


def without_metadata(data: bytes) -> bytes:
    """Return the file with only its pixels, frames, colour chunks and orientation."""
    kept = []
    for chunk in read_chunks(data):
        if chunk.name == b"eXIf" and (orientation := orientation_of(tiff_block(chunk.data))) != 1:
            chunk = Chunk(b"eXIf", only_orientation(orientation))
        elif chunk.name not in _SHOWN:
            continue
        kept.append(chunk.encoded)
    return SIGNATURE + b"".join(kept)


def keyed_in_eight_bits(data: bytes) -> Image | None:
    """Return a 16-bit PNG that has a transparent colour as an 8-bit one with alpha; ``None`` for any other PNG.

    Pillow 13 reduces RGB samples to their high bytes and then compares them with the low bytes of the colour.
    """
    chunks = read_chunks(data)
    header = read_header(chunks)
    key = color_key(chunks, header)
    if key is None or header.depth != 16:
        return None
    if header.color_type == RGB:
        deep = decode_deep(chunks, header)
        picture, channels = deep.high, deep.channels((0, 0, *deep.high.size))
    else:
        grey = decode(chunks)
        channels = [grey]
        picture = grey.convert("I").point(lambda value: value * (1 / 257)).convert("L").convert("RGB")
    picture.putalpha(ImageChops.invert(key_mask(channels, key)))
    return picture
