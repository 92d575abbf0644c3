"""How much one picture may ask for. Checked from headers, before pixels are decoded."""

from __future__ import annotations

from dataclasses import dataclass

from zenoimg.imaging.errors import Refused


@dataclass(frozen=True)
class Limits:
    """Upper bounds of one picture: encoded bytes, pixels of a frame, frames, pixels of all frames, bytes of memory."""

    max_bytes: int = 100_000_000
    max_pixels: int = 100_000_000
    max_frames: int = 1_000
    max_frame_pixels: int = 400_000_000
    max_memory: int = 2_150_000_000

    def check_bytes(self, length: int) -> None:
        """Raise ``Refused("too-large")`` when the encoded picture is longer than allowed."""
        if length > self.max_bytes:
            raise Refused("too-large", f"{length:,} bytes; at most {self.max_bytes:,} are accepted")

    def check_picture(self, width: int, height: int, frames: int = 1) -> None:
        """Raise ``Refused`` for a picture whose header asks for more pixels or frames than allowed."""
        if width * height > self.max_pixels:
            raise Refused(
                "too-large",
                f"{width} x {height} is {_megapixels(width * height)} megapixels; "
                f"at most {_megapixels(self.max_pixels)} are accepted",
            )
        if frames > self.max_frames:
            raise Refused("too-many-frames", f"{frames:,} frames; at most {self.max_frames:,} are accepted")
        if width * height * frames > self.max_frame_pixels:
            raise Refused(
                "too-many-frames",
                f"{frames:,} frames of {width} x {height} are {_megapixels(width * height * frames)} "
                f"megapixels in all; at most {_megapixels(self.max_frame_pixels)} are accepted",
            )

    def check_memory(self, width: int, height: int, bytes_a_pixel: int) -> None:
        """Raise ``Refused`` for a picture of a kind that needs more memory, as measured for a pixel, than allowed."""
        needed = width * height * bytes_a_pixel
        if needed > self.max_memory:
            raise Refused(
                "too-large",
                f"{width} x {height} of this kind need {needed / 1e9:.1f} GB of memory; "
                f"at most {self.max_memory / 1e9:.1f} are given",
            )


def _megapixels(pixels: int) -> str:
    return f"{pixels / 1e6:.1f}".removesuffix(".0")


def most_parts(length: int, spare: int = 10_000) -> int:
    """Give how many chunks or blocks a file of so many bytes may have: each costs more time than its few bytes.

    Writers cut pixels into chunks of kilobytes; tiny frames of a long animation, and test files of one-byte chunks,
    do with ``spare``.
    """
    return spare + length // 64
