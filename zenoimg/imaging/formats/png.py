"""PNG: pixels keep colour type, depth and interlacing; chunks that are not pixels travel as they are."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

from PIL import Image

from zenoimg.imaging.blend import blend
from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.color_key import blend_keyed, decided_levels, on_levels
from zenoimg.imaging.formats.palette import Color, blend_indices, in_colour
from zenoimg.imaging.formats.png_chunks import (
    GREY,
    PALETTE,
    RGB,
    RGB_ALPHA,
    SIGNATURE,
    Chunk,
    Header,
    first,
    read_chunks,
    read_header,
)
from zenoimg.imaging.formats.png_deep import blend_deep, decode_deep, encode_deep
from zenoimg.imaging.formats.png_metadata import kept_chunk, orientation_in
from zenoimg.imaging.formats.png_pixels import decode, encode
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.mark import Overlay, overlay_for
from zenoimg.imaging.placement import displayed_size
from zenoimg.imaging.recipe import Recipe
from zenoimg.imaging.result import Watermarked
from zenoimg.imaging.tone import toned


@dataclass(frozen=True)
class _Written:
    """The header and chunks that stand for the drawn pixels, and what drawing them could not keep."""

    header: Header
    palette: tuple[Chunk, ...]  # PLTE and tRNS as needed; empty: the source's own stay
    image_data: list[Chunk]
    warnings: tuple[str, ...] = ()


def watermarked(data: bytes, recipe: Recipe, limits: Limits) -> Watermarked:
    """Give a watermarked copy of a PNG, pixels outside the mark bit for bit the same."""
    chunks = read_chunks(data)
    header = read_header(chunks)
    limits.check_picture(header.width, header.height)
    if first(chunks, b"acTL") is not None:
        raise Refused("unsupported-format", "animated PNG (APNG) is not supported; PNG of one picture is")
    orientation = orientation_in(chunks)
    overlay = overlay_for(recipe.watermark, (header.width, header.height), orientation)
    transfer = (first(chunks, b"cICP") or bytes(2))[1]
    overlay = replace(overlay, mark=toned(overlay.mark, transfer))
    written = _draw(chunks, header, overlay, recipe.encoder.png_compression)
    warnings = list(written.warnings)
    kept = _assemble(chunks, header, written, recipe, warnings)
    width, height = displayed_size((header.width, header.height), orientation)
    encoded = SIGNATURE + b"".join(chunk.encoded for chunk in kept)
    return Watermarked(encoded, "PNG", "image/png", width, height, 1, tuple(warnings))


def _draw(chunks: list[Chunk], header: Header, overlay: Overlay, compression: int) -> _Written:
    if header.color_type == PALETTE:
        return _draw_on_palette(chunks, header, overlay, compression)
    key = _color_key(chunks, header)
    if header.depth == 16 and header.color_type != GREY:
        deep = decode_deep(chunks, header)
        blend_deep(deep, overlay, key)
        return _Written(header, (), encode_deep(deep, header, compression))
    picture = decode(chunks)
    if header.depth < 8:
        picture = _drawn_on_few_greys(picture, header, overlay, key)
    elif key is not None:
        blend_keyed(picture, overlay, key)
    else:
        blend(picture, overlay)
    return _Written(header, (), encode(picture, header, compression))


def _color_key(chunks: list[Chunk], header: Header) -> tuple[int, ...] | None:
    """Give the transparent colour of a grey or RGB picture, as Pillow scales samples to 8 bits or keeps 16."""
    transparency = first(chunks, b"tRNS")
    channels = {GREY: 1, RGB: 3}.get(header.color_type)
    if transparency is None or channels is None or len(transparency) < 2 * channels:
        return None
    values = struct.unpack_from(f">{channels}H", transparency)
    scale = 255 // ((1 << header.depth) - 1) if header.depth < 8 else 1
    return tuple((value & ((1 << header.depth) - 1)) * scale for value in values)


def _drawn_on_few_greys(
    picture: Image.Image, header: Header, overlay: Overlay, key: tuple[int, ...] | None
) -> Image.Image:
    """Draw on grey of 1, 2 or 4 bits; on two levels the mark is opaque, or a faint one would be no mark."""
    greys = picture.convert("L")
    step = 255 // ((1 << header.depth) - 1)
    if header.depth == 1:
        overlay = _two_level_overlay(overlay)
    if key is not None:
        blend_keyed(greys, overlay, key, step)
    else:
        blend(greys, overlay)
    greys = greys.point(on_levels(step))
    return greys.convert("1", dither=Image.Dither.NONE) if header.depth == 1 else greys


def _two_level_overlay(overlay: Overlay) -> Overlay:
    alpha = overlay.mark.getchannel("A")
    opaque = overlay.mark.convert("L").point([255 * (level >= 128) for level in range(256)]).convert("RGBA")
    opaque.putalpha(alpha.point(decided_levels(alpha)))
    return Overlay(opaque, overlay.boxes)


def _draw_on_palette(chunks: list[Chunk], header: Header, overlay: Overlay, compression: int) -> _Written:
    source = _palette(chunks)
    deepest = replace(header, depth=8)
    for target in dict.fromkeys((header, deepest)):
        picture = decode(chunks)
        drawn = blend_indices(picture, source, 1 << target.depth, overlay)
        if drawn.visible:
            warnings: tuple[str, ...] = ()
            if target != header:
                warnings = (f"{header.depth}-bit palette had no colours for the mark and became 8-bit",)
            image_data = encode(picture, target, compression)
            return _Written(target, _palette_chunks(drawn.palette, chunks), image_data, warnings)
    true_colour = replace(header, depth=8, color_type=RGB_ALPHA if _has_alpha(source) else RGB)
    picture = in_colour(decode(chunks), source)
    if true_colour.color_type == RGB:
        picture = picture.convert("RGB")
    blend(picture, overlay)
    warning = f"the palette had no colours for the mark and became {picture.mode}"
    return _Written(true_colour, (), encode(picture, true_colour, compression), (warning,))


def _palette(chunks: list[Chunk]) -> tuple[Color, ...]:
    colours = first(chunks, b"PLTE")
    if not colours:
        raise Refused("corrupt", "the PNG has palette indices and no palette")
    alphas = first(chunks, b"tRNS") or b""
    count = min(len(colours) // 3, 256)
    return tuple(
        (*struct.unpack_from("3B", colours, 3 * index), alphas[index] if index < len(alphas) else 255)
        for index in range(count)
    )


def _palette_chunks(palette: tuple[Color, ...], chunks: list[Chunk]) -> tuple[Chunk, ...]:
    """Give PLTE and, unless all entries are opaque and the source had none, tRNS."""
    colours = Chunk(b"PLTE", bytes(value for color in palette for value in color[:3]))
    alphas = bytes(color[3] for color in palette)
    if first(chunks, b"tRNS") is None and not _has_alpha(palette):
        return (colours,)
    return colours, Chunk(b"tRNS", alphas.rstrip(b"\xff") or b"\xff")


def _has_alpha(palette: tuple[Color, ...]) -> bool:
    return any(color[3] < 255 for color in palette)


def _assemble(
    chunks: list[Chunk], source: Header, written: _Written, recipe: Recipe, warnings: list[str]
) -> list[Chunk]:
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
