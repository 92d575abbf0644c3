"""Choose libaom's quantizer level, 0 to 63, and its speed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any

from PIL import Image

from zenoimg.imaging.formats.avif.header import AvifHeader, read_header
from zenoimg.imaging.marking.placement import Size

COARSEST = 63
UNKNOWN = 18
"""Level for a source whose quantizer cannot be read: index 72."""

_SAMPLES = {"4:0:0": 1.0, "4:2:0": 1.5, "4:2:2": 2.0, "4:4:4": 3.0}
_FEW_SAMPLES, _MANY_SAMPLES = 3_500_000, 24_000_000
_SMALL_FRAME = 352 * 288
"""Number of pixels up to which libaom codes the key frames of an animation more finely."""


@dataclass(frozen=True)
class Levels:
    """The levels of colour and alpha; 0 is lossless."""

    colour: int
    alpha: int

    def at(self, colour: int) -> Levels:
        """Return these levels with another colour level, the alpha level changed by the same amount."""
        finer = self.colour - colour
        return Levels(colour, max(1, self.alpha - finer) if self.alpha else 0)

    @property
    def options(self) -> dict[str, str]:
        """Return libavif's options for libaom. A still picture's quantizer index is 4 times the level.

        libaom is tuned for PSNR: at the same size, the copy is closer to its source than with a perceptual tune,
        since the source's own artefacts are part of what it has to match.
        """
        return {
            "c:end-usage": "q",
            "c:cq-level": str(self.colour),
            "c:tune": "psnr",
            "a:end-usage": "q",
            "a:cq-level": str(self.alpha),
        }


def source_levels(header: AvifHeader, size: Size, speed: int) -> Levels:
    """Return the levels that give a copy its source's quantizers."""
    colour, alpha = header.quantizers.colour, header.quantizers.alpha
    if header.track:
        side = 64 if size[0] * size[1] <= _SMALL_FRAME else 384
        level = UNKNOWN if colour is None else _level_of_animation(colour, side, speed)
        return Levels(level, _level_of_animation(alpha or 0, side, speed))
    return Levels(UNKNOWN if colour is None else _level(colour), _level(alpha or 0))


def samples(header: AvifHeader, size: Size, mode: str, frames: int = 1) -> float:
    """Return the number of colour and alpha samples that are coded."""
    return size[0] * size[1] * frames * (_SAMPLES[header.coding.subsampling] + (mode == "RGBA"))


def speed_for(coded: float, *, animated: bool) -> int:
    """Return libavif's speed for a number of coded samples.

    Up to 24 million samples (16 megapixels at 4:2:0) a picture takes about 3 s of CPU time; above that, speed 9
    keeps it there. From speed 7 on, the frames of an animation are coded in order without lookahead, which takes a
    tenth of the time of speed 6.
    """
    if coded > _MANY_SAMPLES:
        return 9
    return 6 if coded <= _FEW_SAMPLES and not animated else 8


def _level(index: int) -> int:
    return min(COARSEST, round(index / 4))


@cache
def _level_of_animation(index: int, side: int, speed: int) -> int:
    """Return the level that gives the first frame of an animation this index, or the nearest."""
    if not index:
        return 0
    low, high = 1, COARSEST
    while low < high:
        middle = (low + high) // 2
        if _first_index(middle, side, speed) < index:
            low = middle + 1
        else:
            high = middle
    return min((max(1, low - 1), low), key=lambda level: abs(_first_index(level, side, speed) - index))


@cache
def _first_index(level: int, side: int, speed: int) -> int:
    """Return the quantizer index of an animation's first frame, which depends only on its level and size."""
    blank, encoded = Image.new("RGB", (side, side)), BytesIO()
    options: dict[str, Any] = {"speed": speed, "max_threads": 1, "advanced": Levels(level, 0).options}
    blank.save(encoded, "AVIF", save_all=True, append_images=[blank], duration=40, **options)
    return read_header(encoded.getvalue()).quantizers.colour or 0
