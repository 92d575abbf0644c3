"""GIF: indices outside the mark are unchanged, frames that the mark does not touch are identical byte for byte.

Timing, loop count, disposal, interlacing and transparency are the source's own. The mark uses slots of the colour
table that no frame uses, then the nearest existing colours; if those would not show it, the frame gets its own table.
On transparent pixels the mark is opaque, since GIF has no partial transparency.
"""

from __future__ import annotations

from dataclasses import replace

from zenoimg.imaging.formats.gif.blocks import Extension, Gif, GifFrame, read_gif, write_gif
from zenoimg.imaging.formats.gif.marking import Marking
from zenoimg.imaging.formats.gif.metadata import kept_extensions
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.marking.mark import overlay_for
from zenoimg.imaging.marking.placement import Size
from zenoimg.imaging.metadata.keeper import Keeper
from zenoimg.imaging.recipe import Recipe
from zenoimg.imaging.result import Watermarked

_BYTES_A_PIXEL = 27  # bytes of memory per pixel, as measured


def watermarked(data: bytes, recipe: Recipe, limits: Limits) -> Watermarked:
    """Return a watermarked copy of a GIF, still or animated."""
    source = read_gif(data)
    size = canvas_size(source)
    limits.check_picture(*size, len(source.frames))
    limits.check_memory(*size, _BYTES_A_PIXEL)
    for frame in source.frames:
        limits.check_picture(frame.box[2] - frame.box[0], frame.box[3] - frame.box[1], len(source.frames))
    overlay = overlay_for(recipe.watermark, size)
    warnings = truncation(source)
    keeper = Keeper(recipe.metadata, recipe.rights, orientation=1)
    extensions = kept_extensions([block for block in source.blocks if isinstance(block, Extension)], keeper)
    marking = Marking(source, overlay, size)
    blocks: list[GifFrame | Extension] = []
    for block in source.blocks:
        if isinstance(block, GifFrame):
            blocks.append(marking.marked(block))
        else:
            blocks += extensions.pop(0)
    blocks += extensions.pop(0)
    table = marking.shared.encoded if source.table is not None else None
    warnings += keeper.warnings + marking.warnings
    encoded = write_gif(replace(source, width=size[0], height=size[1], table=table, blocks=tuple(blocks)))
    return Watermarked(encoded, "GIF", *size, len(source.frames), tuple(warnings))


def truncation(source: Gif) -> list[str]:
    """Return a warning for a file without an end mark."""
    if source.ended:
        return []
    frames = "1 frame" if len(source.frames) == 1 else f"{len(source.frames)} frames"
    return [f"the file has no end mark and may be truncated: the copy has {frames}"]


def canvas_size(source: Gif) -> Size:
    """Return the size of the screen, extended by a larger first frame, as in all viewers."""
    _, _, right, bottom = source.frames[0].box
    return max(source.width, right), max(source.height, bottom)
