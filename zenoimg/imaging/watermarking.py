"""The one entry: a picture's bytes and a recipe give the bytes of a watermarked copy."""

from __future__ import annotations

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats import WRITERS
from zenoimg.imaging.identify import HEAD_BYTES, SUPPORTED, identify
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.recipe import Recipe
from zenoimg.imaging.result import Watermarked

_DEFAULT_RECIPE = Recipe()
_DEFAULT_LIMITS = Limits()


def watermark(data: bytes, recipe: Recipe = _DEFAULT_RECIPE, limits: Limits = _DEFAULT_LIMITS) -> Watermarked:
    """Give a watermarked copy of a picture in its own format.

    Raises ``Refused`` and nothing else: ``not-an-image``, ``unsupported-format``, ``corrupt``, ``too-large``,
    ``too-many-frames`` or ``too-small``. Limits are checked before pixels are decoded.
    """
    limits.check_bytes(len(data))
    if not data:
        raise Refused("not-an-image", "the file is empty")
    identified = identify(data[:HEAD_BYTES])
    if identified is None:
        raise Refused("not-an-image", "the file is no picture of a known format")
    if not identified.supported:
        raise Refused(
            "unsupported-format",
            f"{identified.format} is not supported; supported are {', '.join(SUPPORTED)}",
        )
    writer = WRITERS[identified.format]  # out here, so that a module that cannot be loaded is no damaged picture
    try:
        return writer(data, recipe, limits)
    except Refused:
        raise
    except Exception as failure:  # decoders raise errors of any type on damaged input
        raise Refused("corrupt", f"cannot be decoded as {identified.format}: {failure}") from failure
