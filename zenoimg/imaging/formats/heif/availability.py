"""Whether HEIFs can be decoded here. Imports neither Pillow nor pillow-heif."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

NOT_INSTALLED = "HEIF needs the package pillow-heif, which is not installed here: pip install 'zenoimg[heic]'"
SWITCHED_OFF = "HEIF is switched off (formats.heic)"


@cache
def is_installed() -> bool:
    """Return whether pillow-heif is installed."""
    return find_spec("pillow_heif") is not None
