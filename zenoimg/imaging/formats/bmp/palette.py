"""Palette BMPs with 1, 4 and 8 bits, run-length encoded or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from PIL import Image

from zenoimg.imaging.formats.bmp import rle as bmp_rle
from zenoimg.imaging.formats.bmp.colours import colours_in
from zenoimg.imaging.formats.bmp.file import RLE4, RLE8, UNCOMPRESSED, Header, palette_of, pixel_bytes, with_pixels
from zenoimg.imaging.formats.few_levels import on_two_levels, visible_on_two_levels
from zenoimg.imaging.formats.palette import Color, blend_indices, in_colour, taken_entries
from zenoimg.imaging.marking.blend import blend
from zenoimg.imaging.marking.mark import Overlay, overlay_for
from zenoimg.imaging.recipe import WatermarkSpec

_CONTRAST = 128
"""Difference in brightness above which two colours are enough for letters and their outline."""


def draw_on_palette(data: bytes, header: Header, spec: WatermarkSpec, warnings: list[str]) -> bytes:
    """Return the file with the mark drawn in colours that the palette has or has room for.

    Without such colours, the picture gets more bits per pixel and, as a last resort, becomes RGB, with a warning.
    """
    indices, length = _indices(data, header)
    palette = palette_of(data, header)
    size = indices.size
    if header.depth == 1 and abs(_brightness(palette, 1) - _brightness(palette, 0)) >= _CONTRAST:
        overlay = on_two_levels(overlay_for(visible_on_two_levels(spec), size))
        _blend_two_levels(indices, palette, overlay)
        return _written(data, header, header, length, indices, palette)
    overlay = overlay_for(spec, size, colours=colours_in(data, header))
    warnings += overlay.warnings
    used = max(index for index, count in enumerate(indices.histogram()) if count)
    for target, taken in product(_targets(header), taken_entries(palette, used)):
        drawn_indices = indices.copy()
        drawn = blend_indices(drawn_indices, taken, 1 << target.depth, overlay)
        if drawn.visible:
            if target.depth != header.depth:
                warnings.append(f"{header.depth}-bit palette had no colours for the mark and was converted to 8-bit")
            grown = drawn.palette + palette[len(drawn.palette) :]
            return _written(data, header, target, length, drawn_indices, grown)
    warnings.append("the palette had no colours for the mark and was converted to RGB")
    return _in_colour(data, header, length, indices, palette, overlay)


def _blend_two_levels(indices: Image.Image, palette: tuple[Color, ...], overlay: Overlay) -> None:
    """Draw a black and white overlay on a picture with two indices, in place: white as the lighter one."""
    lighter = int(_brightness(palette, 1) > _brightness(palette, 0))
    greys = Image.frombytes("L", indices.size, indices.tobytes()).point([255 * (lighter ^ 1), 255 * lighter] * 128)
    blend(greys, overlay)
    drawn = greys.point([lighter if level >= 128 else lighter ^ 1 for level in range(256)])
    indices.paste(Image.frombytes("P", indices.size, drawn.tobytes()))


def _targets(header: Header) -> Iterator[Header]:
    yield header
    if header.depth < 8:
        yield replace(header, depth=8, compression=RLE8 if header.compression == RLE4 else UNCOMPRESSED)


def _brightness(palette: tuple[Color, ...], index: int) -> int:
    red, green, blue, _ = palette[index] if index < len(palette) else (0, 0, 0, 255)
    return (299 * red + 587 * green + 114 * blue) // 1000


def _indices(data: bytes, header: Header) -> tuple[Image.Image, int]:
    """Return the indices (mode ``P``), top row first, and the number of bytes that they take in the file."""
    size = header.width, header.height
    direction = 1 if header.top_down else -1
    if header.compression == UNCOMPRESSED:
        pixels = pixel_bytes(data, header)
        raw_mode = "P" if header.depth == 8 else f"P;{header.depth}"
        return Image.frombytes("P", size, pixels, "raw", raw_mode, header.stride, direction), len(pixels)
    codes, length = bmp_rle.decode(data[header.pixels_at :], *size, four_bits=header.compression == RLE4)
    return Image.frombytes("P", size, bytes(codes), "raw", "P", header.width, direction), length


def _written(
    data: bytes, source: Header, target: Header, old_length: int, indices: Image.Image, palette: tuple[Color, ...]
) -> bytes:
    rows = indices if target.top_down else indices.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    if target.compression == UNCOMPRESSED:
        pixels = _packed(rows, target)
    else:
        pixels = bmp_rle.encode(rows.tobytes(), *rows.size, four_bits=target.compression == RLE4)
    target = replace(target, colors=len(palette))
    return with_pixels(data, source, target, old_length, pixels, _palette_bytes(data, source, target, palette))


def _packed(rows: Image.Image, target: Header) -> bytes:
    """Return the bytes of rows, including padding."""
    if target.depth == 8:
        padded = Image.new("L", (target.stride, rows.height))
        padded.paste(Image.frombytes("L", rows.size, rows.tobytes()), (0, 0))
        return padded.tobytes()
    packed = rows.tobytes("raw", f"P;{target.depth}")
    length = (target.width * target.depth + 7) // 8
    padding = bytes(target.stride - length)
    return b"".join(packed[at : at + length] + padding for at in range(0, len(packed), length))


def _palette_bytes(data: bytes, source: Header, target: Header, palette: tuple[Color, ...]) -> bytes:
    """Return the entries as in the file, followed by the new ones."""
    before = palette_of(data, source)
    entries = []
    for index, color in enumerate(palette):
        at = source.palette_at + index * source.color_bytes
        if index < len(before) and before[index] == color:
            entries.append(data[at : at + source.color_bytes])
        else:
            entries.append(bytes((color[2], color[1], color[0], 0))[: source.color_bytes])
    if source.color_bytes == 3:  # OS/2 1.x has no count: all entries must be present
        entries += [bytes(3)] * ((1 << target.depth) - len(entries))
    return b"".join(entries)


def _in_colour(
    data: bytes, header: Header, old_length: int, indices: Image.Image, palette: tuple[Color, ...], overlay: Overlay
) -> bytes:
    picture = in_colour(indices, palette).convert("RGB")
    blend(picture, overlay)
    target = replace(header, depth=24, compression=UNCOMPRESSED, colors=0)
    pixels = picture.tobytes("raw", "BGR", target.stride, 1 if target.top_down else -1)
    return with_pixels(data, header, target, old_length, pixels, b"")
