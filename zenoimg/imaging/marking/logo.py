"""Read the logo of a mark: a PNG, its pixels and their colour space."""

from __future__ import annotations

import struct
from functools import lru_cache
from io import BytesIO

from PIL import Image

from zenoimg.imaging.colour.spaces import SRGB, SRGB_GREY, GreySpace, RgbSpace, Space
from zenoimg.imaging.colour.tags import picture_space, png_tags
from zenoimg.imaging.errors import RecipeError

MAX_LOGO_PIXELS = 25_000_000


def check_logo(logo: bytes) -> None:
    """Raise ``RecipeError`` unless the bytes are a PNG that is not entirely transparent."""
    if open_logo(logo).getbbox(alpha_only=True) is None:
        raise RecipeError("logo", "is transparent everywhere")


@lru_cache(maxsize=2)
def open_logo(logo: bytes) -> Image.Image:
    """Return a logo as RGBA, which callers must not modify. Raises ``RecipeError`` if it is not a usable PNG."""
    if not logo.startswith(b"\x89PNG\r\n\x1a\n") or logo[12:16] != b"IHDR":
        raise RecipeError("logo", "must be a PNG file")
    width, height = struct.unpack_from(">II", logo.ljust(24, b"\0"), 16)
    if not 0 < width * height <= MAX_LOGO_PIXELS:
        raise RecipeError("logo", f"is {width} x {height}; at most {MAX_LOGO_PIXELS:,} pixels are allowed")
    from PIL.PngImagePlugin import PngImageFile  # most marks are text

    try:
        with PngImageFile(BytesIO(logo)) as picture:
            if picture.mode == "I;16":  # Pillow clips 16-bit grey instead of scaling it
                return picture.point(lambda level: level / 256.0, "L").convert("RGBA")
            return picture.convert("RGBA")
    except MemoryError:
        raise
    except Exception as failure:
        raise RecipeError("logo", f"cannot be decoded as PNG: {failure}") from failure


@lru_cache(maxsize=2)
def logo_space(logo: bytes) -> Space:
    """Return the colour space of the pixels from ``open_logo``; sRGB for an unusable profile."""
    is_grey = logo[25:26] in (b"\0", b"\4")  # the colour type of IHDR
    space, _ = picture_space(png_tags(_first_chunks(logo), "L" if is_grey else "RGB"))
    if isinstance(space, GreySpace):  # a logo is always RGB; grey has sRGB's white point whatever its primaries
        return RgbSpace(f"rgb {space.key}", (space.curve,) * 3, SRGB.matrix) if space.key != SRGB_GREY.key else SRGB
    return space if space.samples == 3 else SRGB


def _first_chunks(data: bytes) -> dict[bytes, bytes]:
    """Return the first chunk of each type before the pixels of a PNG."""
    chunks: dict[bytes, bytes] = {}
    at = 8
    while at + 8 <= len(data) and data[at + 4 : at + 8] != b"IDAT":
        (length,) = struct.unpack_from(">I", data, at)
        chunks.setdefault(data[at + 4 : at + 8], data[at + 8 : at + 8 + length])
        at += 12 + length
    return chunks
