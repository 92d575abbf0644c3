"""What each format can hold: one family a module, each opened by its own decoder and no other.

A writer takes a file's bytes, a recipe and limits, and gives the watermarked copy or raises ``Refused``. Any
other error out of it means that the file is damaged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from zenoimg.imaging.formats import avif, bmp, gif, jpeg, png, tiff, webp
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.recipe import Recipe
from zenoimg.imaging.result import Watermarked

Writer = Callable[[bytes, Recipe, Limits], Watermarked]

WRITERS: Mapping[str, Writer] = {
    "JPEG": jpeg.watermarked,
    "PNG": png.watermarked,
    "WebP": webp.watermarked,
    "GIF": gif.watermarked,
    "AVIF": avif.watermarked,
    "TIFF": tiff.watermarked,
    "BMP": bmp.watermarked,
}
"""The writer for each name in ``identify.SUPPORTED``."""
