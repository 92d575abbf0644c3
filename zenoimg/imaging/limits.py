"""How much one picture may ask for. Checked from headers, before pixels are decoded."""

from __future__ import annotations

from dataclasses import dataclass

from zenoimg.imaging.errors import Refused


@dataclass(frozen=True)
class Limits:
    """Upper bounds of one picture: encoded bytes, pixels of a frame, frames, and pixels of all frames."""

    max_bytes: int = 100_000_000
    max_pixels: int = 100_000_000
    max_frames: int = 1_000
    max_frame_pixels: int = 400_000_000

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


def _megapixels(pixels: int) -> str:
    return f"{pixels / 1e6:.1f}".removesuffix(".0")
