"""The palette of a PNG: PLTE and tRNS."""

from __future__ import annotations

import struct

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.palette import Color
from zenoimg.imaging.formats.png.chunks import Chunk, first


def palette_of(chunks: list[Chunk]) -> tuple[Color, ...]:
    """Return the palette in PLTE and tRNS. Raises ``Refused("corrupt")`` without PLTE."""
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
    """Return PLTE and, unless all entries are opaque and the source had none, tRNS."""
    colours = Chunk(b"PLTE", bytes(value for color in palette for value in color[:3]))
    alphas = bytes(color[3] for color in palette)
    if first(chunks, b"tRNS") is None and not has_alpha(palette):
        return (colours,)
    return colours, Chunk(b"tRNS", alphas.rstrip(b"\xff") or b"\xff")


def has_alpha(palette: tuple[Color, ...]) -> bool:
    """Return whether any entry is not opaque."""
    return any(color[3] < 255 for color in palette)
