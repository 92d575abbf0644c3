"""A PNG put together again: header, palette and pixels as they were drawn, all other chunks as they are kept."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.palette import Color
from zenoimg.imaging.formats.png_chunks import GREY, PALETTE, RGB, Chunk, Header, first
from zenoimg.imaging.formats.png_metadata import kept_chunk
from zenoimg.imaging.recipe import Recipe


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
                copy += kept_chunk(chunk, recipe.metadata, warnings)
    return copy
