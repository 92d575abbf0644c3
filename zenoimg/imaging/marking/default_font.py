"""The font of text marks that name none: Manrope SemiBold, from the package ``font-manrope``.

It has Latin, Greek and Cyrillic letters, currency signs and typographic punctuation, and may be shipped with its
license, the SIL Open Font License 1.1. The package is needed where a recipe is created, not where functions run: a
deployed recipe contains the font's bytes.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from zenoimg.imaging.errors import RecipeError

NAME = "Manrope SemiBold"
_PACKAGE = "font_manrope"


@cache
def default_font() -> bytes:
    """Return the font as a TrueType file. Raises ``RecipeError`` if the package is not installed."""
    return _read("Manrope-SemiBold.ttf")


def is_default_font(font: bytes) -> bool:
    """Return whether the bytes are the default font; ``False`` if its package is not installed."""
    try:
        return font == default_font()
    except RecipeError:
        return False


def default_font_license() -> bytes:
    """Return the text of the font's license. Raises ``RecipeError`` if the package is not installed."""
    return _read("OFL.txt")


def _read(name: str) -> bytes:
    from importlib.util import find_spec  # finds a package without importing it

    found = find_spec(_PACKAGE)
    for folder in found.submodule_search_locations or () if found else ():
        path = Path(folder) / "files" / name
        if path.is_file():
            return path.read_bytes()
    raise RecipeError(
        "font", "the package font-manrope, which holds the default font, is not installed; install it or name a `font`"
    )
