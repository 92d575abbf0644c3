"""BMP without a mark: all bytes are the source's own, except for pictures outside its rows."""

from __future__ import annotations

from zenoimg.imaging.formats.bmp.file import RLE4, RLE8, pixel_bytes, read_header
from zenoimg.imaging.formats.bmp.metadata import without_pictures
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.metadata.keeper import Keeper
from zenoimg.imaging.recipe import Recipe
from zenoimg.imaging.result import Watermarked


def copied(data: bytes, recipe: Recipe, limits: Limits) -> Watermarked:
    """Return a copy."""
    header = read_header(data)
    limits.check_picture(header.width, header.height)
    if header.compression not in (RLE8, RLE4):
        pixel_bytes(data, header)  # raises if some are missing
    keeper = Keeper(recipe.metadata, recipe.rights)
    copy = without_pictures(data, keeper)
    return Watermarked(copy, "BMP", header.width, header.height, 1, tuple(keeper.warnings))
