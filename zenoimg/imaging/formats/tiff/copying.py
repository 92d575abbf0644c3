"""TIFF without a mark: strips and tiles are the source's own, tags follow the metadata rules."""

from __future__ import annotations

from zenoimg.imaging.formats.tiff.writer import copied_pages
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.recipe import Recipe
from zenoimg.imaging.result import Watermarked


def copied(data: bytes, recipe: Recipe, limits: Limits) -> Watermarked:
    """Return a copy."""
    return copied_pages(data, recipe, limits, lambda page, layout, warnings: page)
