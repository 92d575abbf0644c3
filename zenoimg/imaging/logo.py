"""The logo: PNG bytes that a recipe brings along."""

from __future__ import annotations

import struct
from functools import lru_cache
from io import BytesIO

from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from zenoimg.imaging.errors import RecipeError

MAX_LOGO_PIXELS = 25_000_000


def check_logo(logo: bytes) -> None:
    """Raise ``RecipeError`` unless the bytes are a PNG of which something can be seen."""
    if open_logo(logo).getbbox(alpha_only=True) is None:
        raise RecipeError("logo", "is transparent everywhere")


@lru_cache(maxsize=2)
def open_logo(logo: bytes) -> Image.Image:
    """Decode a logo to RGBA; callers must not change it. Raises ``RecipeError`` when it is no usable PNG."""
    if not logo.startswith(b"\x89PNG\r\n\x1a\n") or logo[12:16] != b"IHDR":
        raise RecipeError("logo", "must be a PNG file")
    width, height = struct.unpack_from(">II", logo.ljust(24, b"\0"), 16)
    if not 0 < width * height <= MAX_LOGO_PIXELS:
        raise RecipeError("logo", f"is {width} x {height}; at most {MAX_LOGO_PIXELS:,} pixels are allowed")
    try:
        with PngImageFile(BytesIO(logo)) as picture:
            if picture.mode == "I;16":  # Pillow clips 16-bit grey instead of scaling it
                return picture.point(lambda level: level / 256.0, "L").convert("RGBA")
            return picture.convert("RGBA")
    except Exception as failure:
        raise RecipeError("logo", f"cannot be decoded as PNG: {failure}") from failure
