"""Find the libjpeg bundled with Pillow's wheels, the only one that is used."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import PIL
from PIL import features

_PLACES = (("pillow.libs", "libjpeg-*.so.62.*"), ("PIL/.dylibs", "libjpeg.62*.dylib"))
_MAJOR_VERSIONS = ("3.",)


@cache
def bundled_libjpeg() -> str | None:
    """Return the path of the libjpeg-turbo 3 (API 6.2) next to this Pillow, or ``None`` if there is none.

    Wheels for Windows link it into Pillow, and distributions build Pillow against their own library.
    """
    if sys.platform == "win32" or not (features.version_feature("libjpeg_turbo") or "").startswith(_MAJOR_VERSIONS):
        return None
    packages = Path(PIL.__file__).parents[1]
    found = [path for folder, pattern in _PLACES for path in (packages / folder).glob(pattern)]
    return str(found[0]) if len(found) == 1 else None
