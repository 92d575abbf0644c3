"""Pages of TIFF, the box of the mark on them, and which of their pixels changed."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image

from tests.drawn import tiffs
from tests.drawn.tiffs import read, samples
from zenoimg.imaging import WatermarkSpec
from zenoimg.imaging.marking.mark import overlay_for

SIZE = (70, 50)

LAYOUTS: dict[str, dict[str, Any]] = {
    "one strip": {},
    "strips": {"rows_per_strip": 7},
    "tiles": {"tile": (32, 16)},
    "deflated with predictor": {"rows_per_strip": 16, "compression": 8, "predictor": 2},
    "deflated tiles with predictor": {"tile": (48, 32), "compression": 8, "predictor": 2},
    "planes": {"planar": True, "rows_per_strip": 20},
    "planes of tiles with predictor": {"planar": True, "tile": (16, 16), "compression": 8, "predictor": 2},
}


def mark_box(size: tuple[int, int] = SIZE, orientation: int = 1, spec: WatermarkSpec | None = None) -> Any:
    return overlay_for(spec or WatermarkSpec(), size, orientation).boxes[0]


def changed(before: tiffs.ReadPage, after: tiffs.ReadPage) -> set[tuple[int, int]]:
    width, per_pixel = before.number(256), before.number(277, 1)
    pairs = zip(samples(before), samples(after), strict=True)
    different = {index // per_pixel for index, (one, other) in enumerate(pairs) if one != other}
    return {(pixel % width, pixel // width) for pixel in different}


def assert_only_the_mark_changed(data: bytes, done: bytes, orientation: int = 1) -> None:
    for before, after in zip(read(data), read(done), strict=True):
        left, top, right, bottom = mark_box((before.number(256), before.number(257)), orientation)
        pixels = changed(before, after)
        assert len(pixels) > 30
        assert all(left <= x < right and top <= y < bottom for x, y in pixels)


def tiff_of(picture: Image.Image, compression: str = "raw", **options: Any) -> bytes:
    encoded = BytesIO()
    picture.save(encoded, "TIFF", compression=compression, **options)
    return encoded.getvalue()
