"""The photos of the smoke test, and the results that a recipe should give."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from functools import cache

from zenoimg.imaging import Limits, Recipe, Refused, watermark


@dataclass(frozen=True)
class Photo:
    """One photo; ``width`` and ``height`` in pixels."""

    name: str
    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.name} photo ({self.width}x{self.height})"


#: A mark that fits one size of photo can be too small or too large for another.
LARGE = Photo("large", 2400, 1600)
SMALL = Photo("small", 64, 48)


@dataclass(frozen=True)
class Expected:
    """The result that the functions should give for a photo.

    ``fingerprint`` is that of the recipe, empty for any recipe. ``refusal`` says why the recipe itself refuses the
    photo regardless of limits; a version with such a recipe fails its test.
    """

    photo: Photo
    fingerprint: str
    status: str = "processed"
    refusal: str = ""


def expected(recipe: Recipe, limits: Limits, fingerprint: str = "") -> tuple[Expected, ...]:
    """Return the expected result of each photo, found by watermarking the photos in this process.

    ``fingerprint`` is that of the functions, if their version differs from that of this process.
    """
    return tuple(_expected(photo, recipe, limits, fingerprint or recipe.fingerprint) for photo in (LARGE, SMALL))


def expected_of_version(fingerprint: str) -> tuple[Expected, ...]:
    """Return the expected result of each photo for a version of which only the recipe's fingerprint is known."""
    return tuple(Expected(photo, fingerprint) for photo in (LARGE, SMALL))


def _expected(photo: Photo, recipe: Recipe, limits: Limits, fingerprint: str) -> Expected:
    if not (refusal := _refusal(photo, recipe, limits)):
        return Expected(photo, fingerprint)
    # The default limits accept both photos, so a refusal under them is the recipe's.
    return Expected(photo, fingerprint, "refused", refusal if _refusal(photo, recipe, Limits()) else "")


def _refusal(photo: Photo, recipe: Recipe, limits: Limits) -> str:
    data = content(photo)
    if len(data) > limits.max_bytes:
        return f"too-large: {len(data):,} bytes; the limit is {limits.max_bytes:,}"
    try:
        watermark(data, recipe, limits)
    except Refused as refused:
        return f"{refused.code}: {refused.message}"
    return ""


@cache
def content(photo: Photo) -> bytes:
    """Return a photo as a PNG with a gradient, made without any library so that only the function is tested."""
    row = b"\0" + bytes(value for x in range(photo.width) for value in (255 * x // photo.width, 96, 128))
    header = struct.pack(">IIBBBBB", photo.width, photo.height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(row * photo.height, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
