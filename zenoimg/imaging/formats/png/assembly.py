"""Assemble a PNG's copy from the drawn header, palette and pixels, and all other chunks as kept."""

from __future__ import annotations

from dataclasses import dataclass

from zenoimg.imaging.formats.png.chunks import PALETTE, Chunk, Header, first
from zenoimg.imaging.formats.png.metadata import ChunkKeeper, orientation_in
from zenoimg.imaging.metadata.keeper import Keeper
from zenoimg.imaging.recipe import Recipe


@dataclass(frozen=True)
class Written:
    """The header and chunks of the drawn pixels, and warnings about what could not be kept when drawing them."""

    header: Header
    palette: tuple[Chunk, ...]  # PLTE and tRNS as needed; empty: keep the source's own
    image_data: list[Chunk]
    warnings: tuple[str, ...] = ()


def assemble(chunks: list[Chunk], source: Header, written: Written, recipe: Recipe, warnings: list[str]) -> list[Chunk]:
    """Return the copy's chunks in the source's order."""
    copy: list[Chunk] = []
    data_written = False
    keeper = Keeper(recipe.metadata, recipe.rights, orientation=orientation_in(chunks))
    ancillary = ChunkKeeper(keeper, chunks)
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
    copy = ancillary.stamped(copy)
    warnings += keeper.warnings
    return copy
