"""Decode the chunks of a PNG to a Pillow picture, and encode pixels with the original depth and interlacing."""

from __future__ import annotations

import zlib
from io import BytesIO
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from zenoimg.imaging.formats.png.chunks import PALETTE, Chunk, Header, pixel_stream, read_chunks

# Adam7 (PNG Third Edition, 8.2): left, top, step across, step down of each pass.
ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)


def decode(chunks: list[Chunk], raw_mode: str | None = None) -> Image.Image:
    """Return the decoded pixels; ``raw_mode`` selects a different unpacker of Pillow's for the same bytes."""
    picture = PngImageFile(BytesIO(pixel_stream(chunks)))
    if raw_mode is not None:
        picture.tile = [tile._replace(args=raw_mode) for tile in picture.tile]
    picture.load()
    return picture


def encode(picture: Image.Image, header: Header, compression: int) -> list[Chunk]:
    """Return the IDAT chunks of a picture whose Pillow mode fits the header's colour type and depth."""
    if not header.interlaced:
        return _image_data(picture, header, compression)
    scanlines = [
        zlib.decompress(b"".join(chunk.data for chunk in _image_data(part, header, 0)))
        for part in adam7_passes(picture)
    ]
    return [Chunk(b"IDAT", zlib.compress(b"".join(scanlines), compression))]


def adam7_passes(picture: Image.Image) -> list[Image.Image]:
    """Return the Adam7 passes that contain pixels."""
    passes = []
    for left, top, across, down in ADAM7:
        size = (picture.width - left + across - 1) // across, (picture.height - top + down - 1) // down
        if size[0] > 0 and size[1] > 0:
            # Nearest sampling looks half a step to the right of and below a pixel's corner.
            grid = (across, 0, left - across / 2 + 0.5, 0, down, top - down / 2 + 0.5)
            passes.append(picture.transform(size, Image.Transform.AFFINE, grid, Image.Resampling.NEAREST))
    return passes


def _image_data(picture: Image.Image, header: Header, compression: int) -> list[Chunk]:
    options: dict[str, Any] = {"compress_level": compression, "bits": header.depth}
    if header.color_type == PALETTE:
        # With a full palette Pillow writes indices at the requested depth, not at the smallest possible one.
        picture = picture.copy()
        picture.putpalette(bytes(768))
    encoded = BytesIO()
    picture.info = {}
    picture.save(encoded, "PNG", **options)
    return [chunk for chunk in read_chunks(encoded.getvalue()) if chunk.name == b"IDAT"]
