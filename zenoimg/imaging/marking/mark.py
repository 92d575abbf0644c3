"""Draw the mark, once per spec and size, and place it on a picture."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from PIL import Image, ImageColor, ImageDraw, ImageFont

from zenoimg.imaging.colour.inks import Logo, Text
from zenoimg.imaging.colour.spaces import SRGB, Space
from zenoimg.imaging.colour.tags import ColourTags, picture_space
from zenoimg.imaging.errors import Refused
from zenoimg.imaging.marking.logo import logo_space, open_logo
from zenoimg.imaging.marking.placement import (
    Box,
    Size,
    anchored_box,
    displayed_size,
    margin_of,
    room_of,
    shrink_factor,
    stored_box,
    tiled_boxes,
    turned_size,
)
from zenoimg.imaging.marking.typeface import typeface
from zenoimg.imaging.recipe import WatermarkSpec

LEGIBLE_FONT = 9.0
"""Minimum font size in pixels per em if there is room, however small the scale is."""

SMALLEST_FONT = 5.0
"""Pixels per em below which letters are illegible: text does not shrink further."""

SMALLEST_LOGO = 3
"""Pixels of a logo's shorter side below which it is unrecognizable."""

OUTLINE_PER_EM = 1 / 30

_LINE_GAP = 4
"""Pixels between the lines of a text, as in Pillow's default."""

MARK_CACHE_BYTES = 64 * 1024 * 1024

_SRGB_TAGS = ColourTags()

# PIL.ImageOps.exif_transpose turns stored pixels into displayed ones; these are its inverses.
_TO_STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@dataclass(frozen=True)
class Overlay:
    """A mark (RGBA, rotated like the stored pixels) and the boxes of stored pixels that it covers.

    Boxes have the mark's size and may extend beyond the picture's edges. The mark's colours are in ``space``, the
    picture's colour space; if that is CMYK they are sRGB, and only the alpha is usable. ``paint`` has the colours in
    all forms. ``warnings`` name colours that the picture cannot show.
    """

    mark: Image.Image
    boxes: tuple[Box, ...]
    paint: Text | Logo | None = None
    space: Space = SRGB
    warnings: tuple[str, ...] = ()


def overlay_for(
    spec: WatermarkSpec | None, stored: Size, orientation: int = 1, colours: ColourTags = _SRGB_TAGS
) -> Overlay:
    """Return the mark of a spec for a picture of ``stored`` pixels that a viewer rotates by ``orientation``.

    Without a spec it covers nothing. ``colours`` describes the picture's colour space. Raises
    ``Refused("too-small")`` if the picture has no room for a legible mark.
    """
    if spec is None:
        return Overlay(Image.new("RGBA", (1, 1)), ())
    space, unused = picture_space(colours)
    warnings = [f"the colour profile cannot be used: {unused}; the mark is drawn as without one"] if unused else []
    displayed = displayed_size(stored, orientation)
    margin = margin_of(displayed, spec.margin)
    drawn = _CACHE.drawn(spec, min(displayed), room_of(displayed, margin), space, colours.levels)
    if spec.position == "tile":
        boxes = tiled_boxes(displayed, drawn.picture.size, margin)
    else:
        boxes = [anchored_box(displayed, drawn.picture.size, spec.position, margin)]
    placed = tuple(stored_box(box, stored, orientation) for box in boxes)
    picture, paint = drawn.picture, drawn.paint
    if orientation in _TO_STORED:
        picture, paint = picture.transpose(_TO_STORED[orientation]), paint.turned(_TO_STORED[orientation])
    return Overlay(picture, placed, paint, space, (*warnings, *drawn.warnings))


@dataclass(frozen=True)
class Mark:
    """A mark drawn upright: ``picture`` (RGBA) has its colours and alpha, as an ``Overlay`` does."""

    picture: Image.Image
    paint: Text | Logo
    warnings: tuple[str, ...]


class _MarkCache:
    """Drawn marks, least recently used first, so that photos of one size draw their mark once."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._marks: OrderedDict[tuple[WatermarkSpec, int, Size, str, int], Mark] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def drawn(self, spec: WatermarkSpec, shorter_side: int, room: Size, space: Space = SRGB, levels: int = 255) -> Mark:
        key = (spec, shorter_side, room, space.key, levels)  # not the space itself, which may contain a long profile
        with self._lock:
            if key in self._marks:
                self._marks.move_to_end(key)
                return self._marks[key]
        mark = draw_mark(spec, shorter_side, room, space, levels)
        with self._lock:
            if key not in self._marks:
                self._marks[key] = mark
                self._bytes += _bytes_of(mark)
            while self._bytes > self._capacity:
                self._bytes -= _bytes_of(self._marks.popitem(last=False)[1])
        return mark


def draw_mark(spec: WatermarkSpec, shorter_side: int, room: Size, space: Space = SRGB, levels: int = 255) -> Mark:
    """Return an upright mark for a colour space, no larger than ``room``; its alpha includes the spec's opacity.

    ``levels`` is the picture's highest sample value, needed only for the warnings.
    """
    shape = _draw_shape(spec, shorter_side, room)
    alpha = shape.getchannel("A")
    paint = _paint(spec, shape)
    channels = paint.channels(SRGB if space.samples == 4 else space, deep=False)
    red, green, blue = channels * (3 // len(channels))
    alpha = alpha.point([round(level * spec.opacity) for level in range(256)])
    return Mark(Image.merge("RGBA", (red, green, blue, alpha)), paint, tuple(paint.warnings(space, levels)))


def _paint(spec: WatermarkSpec, shape: Image.Image) -> Text | Logo:
    if spec.logo is not None:
        solid = shape.getchannel("A").point([255 * (level == 255) for level in range(256)])
        return Logo(shape.convert("RGB"), logo_space(spec.logo), solid)
    colour, outline = (
        ImageColor.getrgb(name) for name in (spec.color, spec.color if spec.outline == "none" else spec.outline)
    )
    return Text(shape.getchannel("L"), colour[:3], outline[:3])


def _draw_shape(spec: WatermarkSpec, shorter_side: int, room: Size) -> Image.Image:
    """Return a mark before it is coloured: text as ``LA`` (see ``colour.inks.Text``), a logo as its own RGBA."""
    upright = _draw_logo if spec.logo is not None else _draw_text
    mark = upright(spec, shorter_side, room)
    if spec.angle:
        mark = _even_sided(mark).rotate(spec.angle, resample=Image.Resampling.BICUBIC, expand=True)
        mark = _trimmed(mark)
    if mark.width > room[0] or mark.height > room[1]:  # hinting and rounding can add a pixel
        factor = shrink_factor(mark.size, room)
        size = max(1, int(mark.width * factor)), max(1, int(mark.height * factor))
        mark = mark.resize(size, Image.Resampling.LANCZOS)
    return mark


def _draw_text(spec: WatermarkSpec, shorter_side: int, room: Size) -> Image.Image:
    text = spec.drawn_text
    size = max(LEGIBLE_FONT, spec.scale * shorter_side)
    left, top, right, bottom = _text_box(spec, text, size)
    size *= shrink_factor(turned_size((right - left, bottom - top), spec.angle), room)
    if size < SMALLEST_FONT:
        raise Refused("too-small", f"{room[0]} x {room[1]} pixels inside the margins leave no room for a mark")
    left, top, right, bottom = _text_box(spec, text, size)
    canvas = (max(1, right - left), max(1, bottom - top))
    face, origin, outline = _face(spec, size), (-left, -top), _outline_width(spec, size)
    letters = Image.new("L", canvas)
    # An outline moves Pillow's lines apart by twice its width; letters, drawn without one, need the same spacing.
    ImageDraw.Draw(letters).text(origin, text, 255, face, align="center", spacing=_LINE_GAP + 2 * outline)
    share, covered = Image.new("L", canvas, 255), letters
    if outline:
        share, covered = letters, Image.new("L", canvas)
        ImageDraw.Draw(covered).text(origin, text, 255, face, align="center", spacing=_LINE_GAP, stroke_width=outline)
    return _trimmed(Image.merge("LA", (share, covered)))


def _text_box(spec: WatermarkSpec, text: str, size: float) -> Box:
    canvas = ImageDraw.Draw(Image.new("L", (1, 1)))
    outline = _outline_width(spec, size)
    face = _face(spec, size)
    left, top, right, bottom = canvas.textbbox(
        (0, 0), text, face, align="center", spacing=_LINE_GAP, stroke_width=outline
    )
    # One more pixel on each side: hinting may draw outside the measured box.
    return int(left) - 1, int(top) - 1, int(right) + 2, int(bottom) + 2


def _face(spec: WatermarkSpec, size: float) -> ImageFont.FreeTypeFont:
    assert spec.font is not None, "a text has a font"
    return typeface(spec.font, size)


def _outline_width(spec: WatermarkSpec, size: float) -> int:
    return 0 if spec.outline == "none" else max(1, round(size * OUTLINE_PER_EM))


def _draw_logo(spec: WatermarkSpec, shorter_side: int, room: Size) -> Image.Image:
    logo = open_logo(spec.logo or b"")
    width = spec.scale * shorter_side
    size = (width, width * logo.height / logo.width)
    factor = shrink_factor(turned_size(size, spec.angle), room)
    drawn = max(1, round(size[0] * factor)), max(1, round(size[1] * factor))
    if min(drawn) < min(SMALLEST_LOGO, *logo.size):
        raise Refused("too-small", f"{room[0]} x {room[1]} pixels inside the margins leave no room for a logo")
    return logo.resize(drawn, Image.Resampling.LANCZOS)


def _even_sided(mark: Image.Image) -> Image.Image:
    """Return a mark with even sides, padded with empty pixels.

    If both are odd, the centre of Pillow's rotation is the middle of a pixel, and pixels around it can round either
    way: x86_64 and arm64 then differ in one.
    """
    sides = mark.width + mark.width % 2, mark.height + mark.height % 2
    if sides == mark.size:
        return mark
    canvas = Image.new(mark.mode, sides)
    canvas.paste(mark)
    return canvas


def _trimmed(mark: Image.Image) -> Image.Image:
    box = mark.getbbox(alpha_only=True)
    return mark.crop(box) if box else mark


def _bytes_of(mark: Mark) -> int:
    """Return the approximate memory in bytes of a mark: its picture, and what it was coloured from."""
    return mark.picture.width * mark.picture.height * 8


_CACHE = _MarkCache(MARK_CACHE_BYTES)
