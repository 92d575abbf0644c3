"""Tell whether HEIFs can be decoded here. Imports neither Pillow nor pillow-heif."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

_MISSING = "HEIF needs the package pillow-heif, which is not installed here: "
NOT_INSTALLED = _MISSING + "pip install 'zenoimg[heic]'"
SWITCHED_OFF = "HEIF is switched off: set heic = true in [formats] of zenoimg.toml, and deploy"


def missing_with(line: str) -> str:
    """Return the message of a refusal without pillow-heif, with another line that installs it."""
    return _MISSING + line


@cache
def is_installed() -> bool:
    """Return whether pillow-heif is installed."""
    return find_spec("pillow_heif") is not None
