"""Draws the mark, once for each spec and size, and places it on a picture."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.placement import (
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
from zenoimg.imaging.recipe import WatermarkSpec
from zenoimg.imaging.typeface import open_logo, typeface

LEGIBLE_FONT = 9.0
"""Minimum font size in pixels to the em where there is room, however small the scale is."""

SMALLEST_FONT = 5.0
"""Pixels to the em below which letters are illegible: a text does not shrink further."""

SMALLEST_LOGO = 3
"""Pixels of a logo's shorter side below which it is unrecognizable."""

OUTLINE_PER_EM = 1 / 30

_LINE_GAP = 4
"""Pixels between the lines of a text, as Pillow's own default."""

MARK_CACHE_BYTES = 64 * 1024 * 1024

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
    """A mark (RGBA, turned as the stored pixels are) and the boxes of stored pixels that it covers.

    Boxes have the mark's size and may extend beyond the picture's edges.
    """

    mark: Image.Image
    boxes: tuple[Box, ...]


def overlay_for(spec: WatermarkSpec, stored: Size, orientation: int = 1) -> Overlay:
    """Return the mark of a spec for a picture of ``stored`` pixels that a viewer turns by ``orientation``.

    Raises ``Refused("too-small")`` when the picture has no room for a legible mark.
    """
    displayed = displayed_size(stored, orientation)
    margin = margin_of(displayed, spec.margin)
    drawn = _CACHE.drawn(spec, min(displayed), room_of(displayed, margin))
    if spec.position == "tile":
        boxes = tiled_boxes(displayed, drawn.size, margin)
    else:
        boxes = [anchored_box(displayed, drawn.size, spec.position, margin)]
    turned = drawn.transpose(_TO_STORED[orientation]) if orientation in _TO_STORED else drawn
    return Overlay(turned, tuple(stored_box(box, stored, orientation) for box in boxes))


class _MarkCache:
    """Drawn marks, least recently used first: photos of one size draw their mark once."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._marks: OrderedDict[tuple[WatermarkSpec, int, Size], Image.Image] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def drawn(self, spec: WatermarkSpec, shorter_side: int, room: Size) -> Image.Image:
        key = (spec, shorter_side, room)
        with self._lock:
            if key in self._marks:
                self._marks.move_to_end(key)
                return self._marks[key]
        mark = draw_mark(spec, shorter_side, room)
        with self._lock:
            if key not in self._marks:
                self._marks[key] = mark
                self._bytes += _rgba_bytes(mark)
            while self._bytes > self._capacity:
                self._bytes -= _rgba_bytes(self._marks.popitem(last=False)[1])
        return mark


def draw_mark(spec: WatermarkSpec, shorter_side: int, room: Size) -> Image.Image:
    """Return a mark as RGBA, upright, no larger than ``room``; its alpha includes the spec's opacity."""
    upright = _draw_logo if spec.logo is not None else _draw_text
    mark = upright(spec, shorter_side, room)
    if spec.angle:
        mark = mark.rotate(spec.angle, resample=Image.Resampling.BICUBIC, expand=True)
        mark = _trimmed(mark)
    if mark.width > room[0] or mark.height > room[1]:  # hinting and rounding may add a pixel
        factor = shrink_factor(mark.size, room)
        size = max(1, int(mark.width * factor)), max(1, int(mark.height * factor))
        mark = mark.resize(size, Image.Resampling.LANCZOS)
    mark.putalpha(mark.getchannel("A").point([round(level * spec.opacity) for level in range(256)]))
    return mark


def _draw_text(spec: WatermarkSpec, shorter_side: int, room: Size) -> Image.Image:
    text = spec.text or ""
    size = max(LEGIBLE_FONT, spec.scale * shorter_side)
    left, top, right, bottom = _text_box(spec, text, size)
    size *= shrink_factor(turned_size((right - left, bottom - top), spec.angle), room)
    if size < SMALLEST_FONT:
        raise Refused("too-small", f"{room[0]} x {room[1]} pixels inside the margins leave no room for a mark")
    left, top, right, bottom = _text_box(spec, text, size)
    canvas = (max(1, right - left), max(1, bottom - top))
    face, origin, outline = _face(spec, size), (-left, -top), _outline_width(spec, size)
    letters = Image.new("L", canvas)
    # An outline moves Pillow's lines apart by twice its width; without one of their own, letters must follow it.
    ImageDraw.Draw(letters).text(origin, text, 255, face, align="center", spacing=_LINE_GAP + 2 * outline)
    mark = Image.new("RGB", canvas, spec.color if spec.outline == "none" else spec.outline)
    covered = letters
    if outline:
        covered = Image.new("L", canvas)
        ImageDraw.Draw(covered).text(origin, text, 255, face, align="center", spacing=_LINE_GAP, stroke_width=outline)
        mark.paste(spec.color, (0, 0), letters)
    mark.putalpha(covered)
    return _trimmed(mark)


def _text_box(spec: WatermarkSpec, text: str, size: float) -> Box:
    canvas = ImageDraw.Draw(Image.new("L", (1, 1)))
    outline = _outline_width(spec, size)
    face = _face(spec, size)
    left, top, right, bottom = canvas.textbbox(
        (0, 0), text, face, align="center", spacing=_LINE_GAP, stroke_width=outline
    )
    # One pixel more on each side: hinting may draw outside the box that was measured.
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


def _trimmed(mark: Image.Image) -> Image.Image:
    box = mark.getbbox(alpha_only=True)
    return mark.crop(box) if box else mark


def _rgba_bytes(mark: Image.Image) -> int:
    return mark.width * mark.height * 4


_CACHE = _MarkCache(MARK_CACHE_BYTES)
