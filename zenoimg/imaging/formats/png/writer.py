"""PNG: pixels keep colour type, depth and interlacing; all other chunks follow the metadata rules."""

from __future__ import annotations

from dataclasses import replace

from zenoimg.imaging.colour.tags import png_tags
from zenoimg.imaging.formats.palette import blend_indices, in_colour
from zenoimg.imaging.formats.png.animation.animated import marked_animation
from zenoimg.imaging.formats.png.assembly import Written, assemble
from zenoimg.imaging.formats.png.chunks import (
    GREY,
    GREY_ALPHA,
    PALETTE,
    RGB,
    RGB_ALPHA,
    Chunk,
    Header,
    first,
    png_file,
    read_chunks,
    read_header,
)
from zenoimg.imaging.formats.png.metadata import orientation_in
from zenoimg.imaging.formats.png.pixels import decode, encode
from zenoimg.imaging.formats.png.samples.color_key import blend_keyed, color_key
from zenoimg.imaging.formats.png.samples.few_greys import drawn_on_few_greys
from zenoimg.imaging.formats.png.samples.palette import has_alpha, palette_chunks, palette_of
from zenoimg.imaging.formats.png.samples.rows import redrawn
from zenoimg.imaging.formats.png.samples.sixteen_bit import blend_deep, decode_deep
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.marking.blend import blend
from zenoimg.imaging.marking.mark import Overlay, overlay_for
from zenoimg.imaging.marking.overlap import covered_boxes
from zenoimg.imaging.marking.placement import displayed_size
from zenoimg.imaging.recipe import Recipe
from zenoimg.imaging.result import Watermarked

_FILES = 7
"""Number of times the file is in memory: the source, its chunks, the decoded stream, and the same for the copy, as
measured with noise."""

_FEW_COLORS, _PIXELS_OF_A_COLOR = 24, 200


def watermarked(data: bytes, recipe: Recipe, limits: Limits) -> Watermarked:
    """Return a watermarked copy of a PNG, still or animated, with identical pixels outside the mark."""
    chunks = read_chunks(data)
    header = read_header(chunks)
    limits.check_picture(header.width, header.height)
    is_animated = first(chunks, b"acTL") is not None
    if not is_animated:
        limits.check_memory(header.width, header.height, _bytes_a_pixel(header), held=_FILES * len(data))
    orientation = orientation_in(chunks)
    mode = "L" if header.color_type in (GREY, GREY_ALPHA) else "RGB"
    colours = png_tags({chunk.name: chunk.data for chunk in reversed(chunks)}, mode)
    if header.color_type == GREY and header.depth < 8:
        colours = replace(colours, levels=(1 << header.depth) - 1)
    overlay = overlay_for(recipe.watermark, (header.width, header.height), orientation, colours)
    if is_animated:
        marked = marked_animation(chunks, header, overlay, recipe, limits)
        return _result(marked.chunks, header, orientation, marked.frames, [*overlay.warnings, *marked.warnings])
    written = _draw(chunks, header, overlay, recipe.encoder.png_compression)
    warnings = [*overlay.warnings, *written.warnings]
    kept = assemble(chunks, header, written, recipe, warnings)
    return _result(kept, header, orientation, 1, warnings)


def _bytes_a_pixel(header: Header) -> int:
    """Return the measured peak memory in bytes per pixel; 16 bits take two pictures, Adam7's passes another one."""
    if header.color_type == PALETTE:
        return 22  # if the palette has no colours for the mark, the picture becomes RGB
    if header.color_type == GREY:
        return 5 if header.depth <= 8 else 7
    if header.depth == 16:
        return 18 + 6 * header.interlaced
    return 5 * (1 + header.interlaced)


def _result(chunks: list[Chunk], header: Header, orientation: int, frames: int, warnings: list[str]) -> Watermarked:
    width, height = displayed_size((header.width, header.height), orientation)
    return Watermarked(png_file(chunks), "PNG", width, height, frames, tuple(warnings))


def _draw(chunks: list[Chunk], header: Header, overlay: Overlay, compression: int) -> Written:
    if header.color_type == PALETTE:
        return _draw_on_palette(chunks, header, overlay, compression)
    key = color_key(chunks, header)
    boxes = covered_boxes(overlay, (header.width, header.height))
    if header.depth == 16 and header.color_type != GREY:
        deep = decode_deep(chunks, header)
        blend_deep(deep, overlay, key)
        return Written(header, (), redrawn(chunks, deep, header, boxes, compression))
    picture = decode(chunks)
    if header.depth < 8:
        picture = drawn_on_few_greys(picture, header, overlay, key)
    elif key is not None:
        blend_keyed(picture, overlay, key)
    else:
        blend(picture, overlay)
    return Written(header, (), redrawn(chunks, picture, header, boxes, compression))


def _draw_on_palette(chunks: list[Chunk], header: Header, overlay: Overlay, compression: int) -> Written:
    source = palette_of(chunks)
    # Each colour takes three bytes: in a small picture, a mark with many colours would make up most of the copy.
    most = len(source) + max(_FEW_COLORS, header.width * header.height // _PIXELS_OF_A_COLOR)
    for depth in dict.fromkeys((header.depth, max(4, header.depth), 8)):
        target = replace(header, depth=depth)
        picture = decode(chunks)
        drawn = blend_indices(picture, source, min(1 << depth, most), overlay)
        if drawn.visible:
            warnings: tuple[str, ...] = ()
            if target != header:
                warnings = (f"{header.depth}-bit palette had no colours for the mark and was converted to {depth}-bit",)
            if target == header:
                boxes = covered_boxes(overlay, picture.size)
                image_data = redrawn(chunks, picture, header, boxes, compression)
            else:
                image_data = encode(picture, target, compression)
            return Written(target, palette_chunks(drawn.palette, chunks), image_data, warnings)
    true_colour = replace(header, depth=8, color_type=RGB_ALPHA if has_alpha(source) else RGB)
    picture = in_colour(decode(chunks), source)
    if true_colour.color_type == RGB:
        picture = picture.convert("RGB")
    blend(picture, overlay)
    warning = f"the palette had no colours for the mark and was converted to {picture.mode}"
    return Written(true_colour, (), encode(picture, true_colour, compression), (warning,))
