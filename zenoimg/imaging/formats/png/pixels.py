"""Pixels of a PNG: from chunks to a Pillow picture, and back at the very depth and interlacing they had.

The file is put together again: header, palette and pixels as they were drawn, all other chunks as they are kept.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from zenoimg.imaging.blend import blend
from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.palette import Color, blend_keyed, on_levels, on_two_levels
from zenoimg.imaging.formats.png.chunks import GREY, PALETTE, RGB, Chunk, Header, first, pixel_stream, read_chunks
from zenoimg.imaging.formats.png.metadata import ChunkKeeper
from zenoimg.imaging.mark import Overlay
from zenoimg.imaging.metadata.keeper import Keeper
from zenoimg.imaging.recipe import Recipe

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
    """Decode the pixels; ``raw_mode`` names another of Pillow's unpackers for the same bytes."""
    picture = PngImageFile(BytesIO(pixel_stream(chunks)))
    if raw_mode is not None:
        picture.tile = [tile._replace(args=raw_mode) for tile in picture.tile]
    picture.load()
    return picture


def encode(picture: Image.Image, header: Header, compression: int) -> list[Chunk]:
    """Give the IDAT chunks of a picture whose Pillow mode belongs to the header's colour type and depth."""
    if not header.interlaced:
        return _image_data(picture, header, compression)
    scanlines = [
        zlib.decompress(b"".join(chunk.data for chunk in _image_data(part, header, 0)))
        for part in adam7_passes(picture)
    ]
    return [Chunk(b"IDAT", zlib.compress(b"".join(scanlines), compression))]


def adam7_passes(picture: Image.Image) -> list[Image.Image]:
    """Take a picture apart into the passes of Adam7 that hold any pixels."""
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
        # A full palette makes Pillow write indices at the depth it is asked for, not at the least that would do.
        picture = picture.copy()
        picture.putpalette(bytes(768))
    encoded = BytesIO()
    picture.info = {}
    picture.save(encoded, "PNG", **options)
    return [chunk for chunk in read_chunks(encoded.getvalue()) if chunk.name == b"IDAT"]


def drawn_on_few_greys(
    picture: Image.Image, header: Header, overlay: Overlay, key: tuple[int, ...] | None
) -> Image.Image:
    """Draw on grey of 1, 2 or 4 bits; on two levels the mark is opaque, or a faint one would be no mark."""
    greys = picture.convert("L")
    step = 255 // ((1 << header.depth) - 1)
    if header.depth == 1:
        overlay = on_two_levels(overlay)
    if key is not None:
        blend_keyed(greys, overlay, key, step)
    else:
        blend(greys, overlay)
    greys = greys.point(on_levels(step))
    return greys.convert("1", dither=Image.Dither.NONE) if header.depth == 1 else greys


@dataclass(frozen=True)
class Written:
    """The header and chunks that stand for the drawn pixels, and what drawing them could not keep."""

    header: Header
    palette: tuple[Chunk, ...]  # PLTE and tRNS as needed; empty: the source's own stay
    image_data: list[Chunk]
    warnings: tuple[str, ...] = ()


def color_key(chunks: list[Chunk], header: Header) -> tuple[int, ...] | None:
    """Give the transparent colour of a grey or RGB picture, as Pillow scales samples to 8 bits or keeps 16."""
    transparency = first(chunks, b"tRNS")
    channels = {GREY: 1, RGB: 3}.get(header.color_type)
    if transparency is None or channels is None or len(transparency) < 2 * channels:
        return None
    values = struct.unpack_from(f">{channels}H", transparency)
    scale = 255 // ((1 << header.depth) - 1) if header.depth < 8 else 1
    return tuple((value & ((1 << header.depth) - 1)) * scale for value in values)


def palette_of(chunks: list[Chunk]) -> tuple[Color, ...]:
    """Read PLTE and tRNS of a picture of indices. Raises ``Refused("corrupt")`` when there is no palette."""
    colours = first(chunks, b"PLTE")
    if not colours:
        raise Refused("corrupt", "the PNG has palette indices and no palette")
    alphas = first(chunks, b"tRNS") or b""
    count = min(len(colours) // 3, 256)
    return tuple(
        (*struct.unpack_from("3B", colours, 3 * index), alphas[index] if index < len(alphas) else 255)
        for index in range(count)
    )


def palette_chunks(palette: tuple[Color, ...], chunks: list[Chunk]) -> tuple[Chunk, ...]:
    """Give PLTE and, unless all entries are opaque and the source had none, tRNS."""
    colours = Chunk(b"PLTE", bytes(value for color in palette for value in color[:3]))
    alphas = bytes(color[3] for color in palette)
    if first(chunks, b"tRNS") is None and not has_alpha(palette):
        return (colours,)
    return colours, Chunk(b"tRNS", alphas.rstrip(b"\xff") or b"\xff")


def has_alpha(palette: tuple[Color, ...]) -> bool:
    """Tell whether any entry is not opaque."""
    return any(color[3] < 255 for color in palette)


def assemble(chunks: list[Chunk], source: Header, written: Written, recipe: Recipe, warnings: list[str]) -> list[Chunk]:
    """Give the copy's chunks in the source's order."""
    copy: list[Chunk] = []
    data_written = False
    keeper = Keeper(recipe.metadata)
    ancillary = ChunkKeeper(keeper)
    palette_changed = bool(written.palette) and written.palette[0].data != first(chunks, b"PLTE")
    for chunk in chunks:
        match chunk.name:
            case b"IHDR":
                copy.append(written.header.chunk)
            case b"IDAT" if not data_written:
                copy += written.image_data
                data_written = True
            case b"IDAT":
                continue
            case b"PLTE" if source.color_type == PALETTE:
                copy += written.palette
            case b"tRNS" if source.color_type == PALETTE:
                continue
            case b"PLTE" | b"tRNS" | b"IEND":
                copy.append(chunk)
            case b"hIST" if palette_changed:
                warnings.append("the palette's histogram (hIST) counts the unmarked picture and was left out")
            case b"bKGD" | b"sBIT" | b"hIST" if written.header.color_type != source.color_type:
                warnings.append(f"chunk {chunk.name.decode()} belongs to a palette and was left out")
            case _:
                copy += ancillary.kept(chunk)
    warnings += keeper.warnings
    return copy
