"""Limits on the size of pictures, checked from headers before pixels are decoded."""

from __future__ import annotations

from dataclasses import dataclass, fields

from zenoimg.imaging.errors import Refused

MEMORY_SHARE = 0.7
"""The share of a function's memory that one picture may need. The rest holds the interpreter and the libraries, about
110 MB, an idle JPEG helper with up to 160 MB, and what allocators retain from earlier pictures."""

_MEGABYTE = 1 << 20  # as Lambda counts: 3,008 MB are 3,154,116,608 bytes


def usable_memory(megabytes: int) -> int:
    """Return how many bytes one picture may need in a function with this much memory."""
    return int(megabytes * _MEGABYTE * MEMORY_SHARE)


@dataclass(frozen=True)
class Limits:
    """Upper bounds for one picture.

    ``max_bytes`` is for the encoded file, ``max_pixels`` for a frame, ``max_total_pixels`` for all ``max_frames``
    together, ``max_memory`` (in bytes) for decoding, drawing and encoding, file and copy included; by default what a
    function with 3,008 MB has. ``heic`` tells whether HEIC and HEIF are accepted.
    """

    max_bytes: int = 100_000_000
    max_pixels: int = 100_000_000
    max_frames: int = 1_000
    max_total_pixels: int = 400_000_000
    max_memory: int = usable_memory(3008)
    heic: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.heic, bool):
            raise TypeError(f"heic must be True or False, not {type(self.heic).__name__}")
        for limit in fields(Limits):
            value = getattr(self, limit.name)
            if limit.name == "heic":
                continue
            if isinstance(value, bool) or not isinstance(value, int):
                raise TypeError(f"{limit.name} must be a whole number, not {type(value).__name__}")
            if value < 1:
                raise ValueError(f"{limit.name} is {value}; it must be at least 1")

    def check_bytes(self, length: int) -> None:
        """Raise ``Refused("too-large")`` if the encoded picture is larger than allowed."""
        if length > self.max_bytes:
            raise Refused("too-large", f"{length:,} bytes; at most {self.max_bytes:,} are accepted")

    def check_picture(self, width: int, height: int, frames: int = 1) -> None:
        """Raise ``Refused`` (``too-large`` or ``too-many-frames``) if a header announces more than is allowed.

        ``width`` and ``height`` are those of a frame, in pixels.
        """
        if width * height > self.max_pixels:
            raise Refused(
                "too-large",
                f"{width} x {height} is {_megapixels(width * height)} megapixels; "
                f"at most {_megapixels(self.max_pixels)} are accepted",
            )
        if frames > self.max_frames:
            raise Refused("too-many-frames", f"{frames:,} frames; at most {self.max_frames:,} are accepted")
        if width * height * frames > self.max_total_pixels:
            raise Refused(
                "too-many-frames",
                f"{frames:,} frames of {width} x {height} are {_megapixels(width * height * frames)} "
                f"megapixels in all; at most {_megapixels(self.max_total_pixels)} are accepted",
            )

    def check_memory(self, width: int, height: int, bytes_a_pixel: float, *, held: int = 0) -> None:
        """Check the memory that a picture needs, before its pixels are decoded; each format calls this with the header.

        ``bytes_a_pixel`` is the most that pictures of its kind need, as measured by ``benchmarks.memory``; ``held`` is
        the number of bytes that do not depend on its size: the file and its copies. Raises ``Refused("too-large")`` for
        more than is allowed; ``ObservedLimits`` also raises ``NeedsMemoryError``.
        """
        needed = self.needed_memory(width, height, bytes_a_pixel, held)
        if needed > self.max_memory:
            raise Refused(
                "too-large",
                f"{width} x {height} of this kind need {needed / 1e9:.1f} GB of memory; "
                f"at most {self.max_memory / 1e9:.1f} are available",
            )

    @staticmethod
    def needed_memory(width: int, height: int, bytes_a_pixel: float, held: int) -> int:
        """Return the bytes that ``check_memory`` compares."""
        return round(width * height * bytes_a_pixel) + held


def pillow_version() -> str:
    """Return the version of the installed Pillow, which helps decide what is refused."""
    from PIL import __version__

    return __version__


def _megapixels(pixels: int) -> str:
    return f"{pixels / 1e6:.1f}".removesuffix(".0")


def most_parts(length: int, spare: int = 10_000) -> int:
    """Return how many chunks or blocks a file of ``length`` bytes may have: each costs more time than its few bytes.

    Encoders split pixels into chunks of kilobytes; ``spare`` allows for the tiny frames of a long animation and for
    test files with one-byte chunks.
    """
    return spare + length // 64
