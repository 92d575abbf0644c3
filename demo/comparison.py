"""Put a picture and its watermarked copy side by side."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, ImageOps

Box = tuple[int, int, int, int]

_WIDTH = 1600
_GAP = 24
_TILE = (_WIDTH - 3 * _GAP) // 2
_TALLEST = 900
_CLOSE_UP = (_TILE, 330)
_HEADING = 44
_PAPER, _INK, _FRAME = (255, 255, 255), (60, 66, 74), (255, 196, 0)


def before_after(original: bytes, copy: bytes, out: Path) -> None:
    """Write one picture, 1600 pixels wide: both as a viewer shows them, and a close-up of the largest differences.

    ``out`` ends in ``.jpg`` or ``.png``. Transparent parts show a checkerboard.
    """
    before, after = _as_shown(original), _as_shown(copy)
    detail = where_they_differ(before, after)
    scale = min(_TILE / before.width, _TALLEST / before.height)
    size = (round(before.width * scale), round(before.height * scale))
    sheet = Image.new("RGB", (_WIDTH, _HEADING + size[1] + _GAP + _CLOSE_UP[1] + _GAP), _PAPER)
    for column, (label, picture) in enumerate((("before", before), ("after", after))):
        left = _GAP + column * (_TILE + _GAP)
        _write(sheet, label, left + _TILE // 2)
        whole = _on_checkerboard(picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0))
        ImageDraw.Draw(whole).rectangle([round(edge * scale) for edge in detail], outline=_FRAME, width=3)
        sheet.paste(whole, (left + (_TILE - size[0]) // 2, _HEADING))
        close_up = picture.crop(detail).resize(_CLOSE_UP, Image.Resampling.LANCZOS)
        close_up = ImageOps.expand(
            _on_checkerboard(close_up).crop((3, 3, _CLOSE_UP[0] - 3, _CLOSE_UP[1] - 3)), 3, _FRAME
        )
        sheet.paste(close_up, (left, _HEADING + size[1] + _GAP))
    sheet.save(out, quality=88)


def where_they_differ(before: Image.Image, after: Image.Image) -> Box:
    """Return the part of the picture, in the close-up's proportions, with the largest differences."""
    pair = [_on_gray(picture) for picture in (before, after.resize(before.size))]
    step = max(before.width // 400, 1)
    change = ImageChops.difference(*pair).convert("L").reduce(step).filter(ImageFilter.BoxBlur(2))
    strongest = max(value for value, count in enumerate(change.histogram()) if count)
    found = change.point([255 * (value > strongest / 4) for value in range(256)]).getbbox()
    left, top, right, bottom = (edge * step for edge in found or (0, 0, *change.size))
    if right - left > before.width / 2:  # a tiled mark: show its strongest part
        peak = change.point([255 * (value == strongest) for value in range(256)]).getbbox() or (0, 0, 1, 1)
        left = right = (peak[0] + peak[2]) * step // 2
        top = bottom = (peak[1] + peak[3]) * step // 2
    proportion = _CLOSE_UP[0] / _CLOSE_UP[1]
    width = round(max(1.4 * (right - left), 2.2 * (bottom - top) * proportion, before.width / 6))
    width = min(width, before.width, round(before.height * proportion))
    height = round(width / proportion)
    x = min(max((left + right - width) // 2, 0), before.width - width)
    y = min(max((top + bottom - height) // 2, 0), before.height - height)
    return x, y, x + width, y + height


def _as_shown(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as picture:
        return ImageOps.exif_transpose(picture).convert("RGBA")


def _on_gray(picture: Image.Image) -> Image.Image:
    ground = Image.new("RGB", picture.size, (128, 128, 128))
    ground.paste(picture, (0, 0), picture)
    return ground


def _on_checkerboard(picture: Image.Image, square: int = 12) -> Image.Image:
    board = Image.new("RGB", picture.size, (255, 255, 255))
    pen = ImageDraw.Draw(board)
    for row in range(0, picture.height, square):
        for column in range(row // square % 2 * square, picture.width, 2 * square):
            pen.rectangle((column, row, column + square - 1, row + square - 1), (226, 229, 233))
    board.paste(picture, (0, 0), picture)
    return board


def _write(sheet: Image.Image, label: str, middle: int) -> None:
    font = ImageFont.load_default(size=24)
    ImageDraw.Draw(sheet).text((middle, _HEADING // 2), label, _INK, font, anchor="mm")
