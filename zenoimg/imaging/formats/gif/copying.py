"""GIF without a mark: screen, colour tables and frames are the source's own."""

from __future__ import annotations

from dataclasses import replace

from zenoimg.imaging.formats.gif.blocks import Extension, GifFrame, read_gif, write_gif
from zenoimg.imaging.formats.gif.metadata import kept_extensions
from zenoimg.imaging.formats.gif.writer import canvas_size, truncation
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.metadata.keeper import Keeper
from zenoimg.imaging.recipe import Recipe
from zenoimg.imaging.result import Watermarked


def copied(data: bytes, recipe: Recipe, limits: Limits) -> Watermarked:
    """Return a copy."""
    source = read_gif(data)
    size = canvas_size(source)
    limits.check_picture(*size, len(source.frames))
    keeper = Keeper(recipe.metadata, recipe.rights, orientation=1)
    extensions = kept_extensions([block for block in source.blocks if isinstance(block, Extension)], keeper)
    blocks: list[GifFrame | Extension] = []
    for block in source.blocks:
        blocks += [block] if isinstance(block, GifFrame) else extensions.pop(0)
    blocks += extensions.pop(0)
    encoded = write_gif(replace(source, blocks=tuple(blocks)))
    return Watermarked(encoded, "GIF", *size, len(source.frames), (*truncation(source), *keeper.warnings))
