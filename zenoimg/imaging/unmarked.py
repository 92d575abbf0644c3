"""Make copies without a mark: metadata by the same policy, pixels in the source's own bytes where possible.

JPEG, PNG, WebP, GIF, TIFF and BMP have ``copying``, which assembles the copy from the coded pixels unchanged. Other
formats, and pixels whose bytes hide another picture, go through the format's writer, which draws nothing.
"""

from __future__ import annotations

from dataclasses import replace

from zenoimg.imaging.formats import FORMATS
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.recipe import Recipe
from zenoimg.imaging.result import Watermarked

#: Formats whose coded pixels are copied unchanged.
COPIED = frozenset({"JPEG", "PNG", "WebP", "GIF", "TIFF", "BMP"})
ENCODED_AGAIN = "the picture has no mark, and its pixels were encoded again: {}"
NOT_IN_PLACE = "metadata of {} cannot be changed in place"
HIDES_PICTURE = "they hold another picture"


def copied(data: bytes, recipe: Recipe, limits: Limits, format_name: str) -> Watermarked:
    """Return a copy of a picture without a mark. Raises what the format's writer raises."""
    reason = NOT_IN_PLACE.format(format_name)
    if format_name in COPIED:
        copy: Watermarked | None = FORMATS[format_name].module("copying").copied(data, recipe, limits)
        if copy is not None:
            return replace(copy, encoding="copied")
        reason = HIDES_PICTURE
    written: Watermarked = FORMATS[format_name].module("writer").watermarked(data, recipe, limits)
    return replace(written, encoding="copied", warnings=(*written.warnings, ENCODED_AGAIN.format(reason)))
