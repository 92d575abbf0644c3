"""BMP: headers, palette and rows stay as in the file; only pixels under the mark change."""

from __future__ import annotations

from typing import Any

from PIL import Image, ImageMath

from zenoimg.imaging.formats.bmp.colours import colours_in
from zenoimg.imaging.formats.bmp.file import Header, Masks, pixel_bytes, read_header
from zenoimg.imaging.formats.bmp.metadata import without_pictures
from zenoimg.imaging.formats.bmp.palette import draw_on_palette
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.marking.blend import blend
from zenoimg.imaging.marking.mark import Overlay, overlay_for
from zenoimg.imaging.marking.overlap import covered_box, within
from zenoimg.imaging.metadata.keeper import Keeper
from zenoimg.imaging.recipe import Recipe
from zenoimg.imaging.result import Watermarked

_FILES = 3
"""Number of times the file is in memory: the source, its rows and the copy."""


def watermarked(data: bytes, recipe: Recipe, limits: Limits) -> Watermarked:
    """Return a watermarked copy of a BMP with identical pixels outside the mark."""
    header = read_header(data)
    limits.check_picture(header.width, header.height)
    limits.check_memory(header.width, header.height, _bytes_a_pixel(header), held=_FILES * len(data))
    warnings: list[str] = []
    if header.has_palette:
        assert recipe.watermark is not None, "a picture without a mark is copied"
        encoded = draw_on_palette(data, header, recipe.watermark, warnings)
    else:
        overlay = overlay_for(recipe.watermark, (header.width, header.height), colours=colours_in(data, header))
        warnings += overlay.warnings
        encoded = _drawn_in_colour(data, header, overlay)
    keeper = Keeper(recipe.metadata, recipe.rights)
    encoded = without_pictures(encoded, keeper)
    return Watermarked(encoded, "BMP", header.width, header.height, 1, (*warnings, *keeper.warnings))


def _bytes_a_pixel(header: Header) -> float:
    """Return the measured peak memory in bytes per pixel, with a mark on all of them."""
    if header.has_palette:
        return 24 if header.depth > 1 else 6  # if the palette has no colours for the mark, the picture becomes RGB
    return 6.5 * header.depth / 8


def _drawn_in_colour(data: bytes, header: Header, overlay: Overlay) -> bytes:
    pixel_bytes(data, header)  # raises if some are missing
    _, top, _, bottom = covered_box(overlay, (header.width, header.height))
    start, end = _rows_at(header, top, bottom)
    rows = _rows(data[start:end], header, bottom - top)
    picture = _picture(rows, header)
    blend(picture, within(overlay, (0, top, header.width, bottom)))
    drawn = _bytes_of(picture, rows, header)
    return data[:start] + drawn + data[end:]


def _rows_at(header: Header, top: int, bottom: int) -> tuple[int, int]:
    """Return the file offsets of the rows from ``top`` to ``bottom``, numbered as displayed."""
    first, last = (top, bottom) if header.top_down else (header.height - bottom, header.height - top)
    return header.pixels_at + first * header.stride, header.pixels_at + last * header.stride


def _rows(block: bytes, header: Header, count: int) -> Image.Image:
    """Return the bytes of rows, top row first, as a picture with a pixel per byte."""
    direction = 1 if header.top_down else -1
    return Image.frombytes("L", (header.stride, count), block, "raw", "L", header.stride, direction)


def _picture(rows: Image.Image, header: Header) -> Image.Image:
    if header.depth == 16:
        values = _values(rows, header)
        channels = [_channel(values, mask) for mask in header.masks if mask]
    else:
        planes = _planes(rows, header)
        channels = [planes[_byte_of(mask)] for mask in header.masks if mask]
    return Image.merge("RGBA" if len(channels) == 4 else "RGB", channels)


def _bytes_of(picture: Image.Image, rows: Image.Image, header: Header) -> bytes:
    """Return the bytes of rows in file order; bits outside the masks are unchanged."""
    masks = [mask for mask in header.masks if mask]
    step = header.depth // 8
    if header.depth == 16:
        packed = _packed(_values(rows, header), picture, header.masks)
    else:
        planes = _planes(rows, header)
        for mask, channel in zip(masks, picture.split(), strict=True):
            planes[_byte_of(mask)] = channel
        interleaved = bytearray(header.width * picture.height * step)
        for index, plane in enumerate(planes):
            interleaved[index::step] = plane.tobytes()
        packed = bytes(interleaved)
    written = rows.copy()
    written.paste(Image.frombytes("L", (header.width * step, picture.height), packed), (0, 0))
    if not header.top_down:
        written = written.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    return written.tobytes()


def _planes(rows: Image.Image, header: Header) -> list[Image.Image]:
    """Return pictures of the first, second, third … byte of each pixel."""
    step = header.depth // 8
    data = rows.crop((0, 0, header.width * step, rows.height)).tobytes()
    return [Image.frombytes("L", (header.width, rows.height), data[index::step]) for index in range(step)]


def _values(rows: Image.Image, header: Header) -> Image.Image:
    """Return 16-bit pixels as numbers (mode ``I``)."""
    data = rows.crop((0, 0, header.width * 2, rows.height)).tobytes()
    return Image.frombytes("I;16", (header.width, rows.height), data).convert("I")


def _channel(values: Image.Image, mask: int) -> Image.Image:
    """Return the bits under a mask, scaled to 0 to 255."""
    shift, most = _shift(mask), mask >> _shift(mask)
    spread: Image.Image = ImageMath.lambda_eval(
        lambda names: names["convert"]((((names["values"] >> shift) & most) * 255 + most // 2) / most, "L"),
        values=values,
    )
    return spread


def _packed(values: Image.Image, picture: Image.Image, masks: Masks) -> bytes:
    """Return pixels with channels in the bits of their masks: the inverse of ``_channel``."""
    used = [mask for mask in masks if mask]
    kept = 0xFFFF & ~sum(used)

    def merged(names: dict[str, Any]) -> Any:
        total = names["values"] & kept
        for index, mask in enumerate(used):
            most = mask >> _shift(mask)
            total = total | (((names[f"channel{index}"] * most + 127) / 255) << _shift(mask))
        return total

    channels = {f"channel{index}": channel.convert("I") for index, channel in enumerate(picture.split())}
    combined: Image.Image = ImageMath.lambda_eval(merged, values=values, **channels)
    return combined.convert("I;16").tobytes()


def _shift(mask: int) -> int:
    return (mask & -mask).bit_length() - 1


def _byte_of(mask: int) -> int:
    return _shift(mask) // 8
