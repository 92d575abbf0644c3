"""The colour engine (LittleCMS through Pillow's ImageCms), for profiles with multidimensional tables.

Building a transform takes 1 to 12 ms, as measured, so a few are cached by the hash of their profile.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING, Literal

from PIL import Image

from zenoimg.imaging.colour.primaries import Vector
from zenoimg.imaging.colour.spaces import Numbers, Rgb

if TYPE_CHECKING:
    from PIL.ImageCms import ImageCmsTransform

Direction = Literal["from sRGB", "to sRGB"]

_MOST_TRANSFORMS = 16


class UnusableProfileError(ValueError):
    """A profile that the colour engine cannot use in the required direction."""


@dataclass(frozen=True)
class ProfileSpace:
    """The space of an ICC profile with tables; ``mode`` is the Pillow mode of its pixels: RGB, L or CMYK."""

    profile: bytes = field(repr=False, compare=False)
    mode: str

    @cached_property
    def key(self) -> str:
        """See ``Space``."""
        return f"{self.mode} {sha256(self.profile).hexdigest()}"

    @property
    def samples(self) -> int:
        """See ``Space``."""
        return {"RGB": 3, "L": 1, "CMYK": 4}[self.mode]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ProfileSpace) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def check(self, direction: Direction) -> None:
        """Raise ``UnusableProfileError`` unless the profile can be used in a direction."""
        _CACHE.transform(self, direction)

    def encode(self, colour: Rgb) -> Numbers:
        """See ``Space``."""
        pixel = self.transformed(Image.new("RGB", (1, 1), colour), "from sRGB")
        return tuple(byte / 255 for byte in pixel.tobytes())

    def shown(self, several: Sequence[Numbers]) -> list[Vector]:
        """See ``Space``."""
        data = bytes(round(255 * number) for numbers in several for number in numbers)
        pixels = Image.frombytes(self.mode, (len(several), 1), data)
        seen = self.transformed(pixels, "to sRGB").tobytes()
        return [(seen[at], seen[at + 1], seen[at + 2]) for at in range(0, len(seen), 3)]

    def transformed(self, pixels: Image.Image, direction: Direction) -> Image.Image:
        """Convert pixels from the space to sRGB (mode RGB), or vice versa."""
        changed: Image.Image = _CACHE.transform(self, direction).apply(pixels)
        return changed


class _TransformCache:
    """Transforms, least recently used first. LittleCMS lets several threads use a transform, but only one build it."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._transforms: OrderedDict[tuple[str, Direction], ImageCmsTransform] = OrderedDict()
        self._lock = threading.Lock()

    def transform(self, space: ProfileSpace, direction: Direction) -> ImageCmsTransform:
        with self._lock:
            found = self._transforms.get((space.key, direction))
            if found is None:
                found = self._transforms[space.key, direction] = _built(space, direction)
            self._transforms.move_to_end((space.key, direction))
            while len(self._transforms) > self._capacity:
                self._transforms.popitem(last=False)
            return found


def _built(space: ProfileSpace, direction: Direction) -> ImageCmsTransform:
    from PIL import ImageCms  # imported here: a tenth of a cold start, and few pictures need it

    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(space.profile))
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        ends = (srgb, profile, "RGB", space.mode) if direction == "from sRGB" else (profile, srgb, space.mode, "RGB")
        return ImageCms.buildTransform(
            *ends,
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            # Without this flag a grid of all colours is computed first, which takes 55 to 115 ms and is less exact.
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.NOOPTIMIZE,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as failure:
        raise UnusableProfileError(str(failure)) from failure


_CACHE = _TransformCache(_MOST_TRANSFORMS)
