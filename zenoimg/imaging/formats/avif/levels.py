"""Choose libaom's quantizer level, 0 to 63, and its speed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
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
MANY_ANIMATED = 150_000_000
"""Number of coded samples above which an animation is coded faster, and less often."""

_SMALL_FRAME = 352 * 288
"""Number of pixels up to which libaom codes the key frames of an animation more finely."""
_LARGE_SIDE = 1024
_SPREAD = 4
"""Levels by which the frames of an animation at one of libavif's qualities may differ from the quality's."""


@dataclass(frozen=True)
class Levels:
    """The levels of colour and alpha; 0 is lossless."""

    colour: int
    alpha: int

    def at(self, colour: int) -> dict[str, Any]:
        """Return Pillow's options for another colour level, with the alpha level changed by the same amount.

        A still picture's quantizer index is 4 times the level.
        """
        finer = self.colour - colour
        alpha = min(COARSEST, max(1, self.alpha - finer)) if self.alpha else 0
        return {"advanced": _TUNED | _constant_quality("c", colour) | _constant_quality("a", alpha)}


_TUNED = {"c:tune": "psnr"}
"""libaom is tuned for PSNR: at the same size, the copy is closer to its source than with a perceptual tune, since the
source's own artefacts are part of what it has to match."""


def _constant_quality(plane: str, level: int) -> dict[str, str]:
    return {f"{plane}:end-usage": "q", f"{plane}:cq-level": str(level)}


def source_levels(header: AvifHeader, size: Size, speed: int) -> Levels:
    """Return the levels that give a copy its source's quantizers; in an animation, those of its first frame."""
    colour, alpha = header.quantizers.colour, header.quantizers.alpha
    if header.track:
        side = 64 if size[0] * size[1] <= _SMALL_FRAME else 384
        level = UNKNOWN if colour is None else _level_of_animation(colour, side, speed)
        return Levels(level, _level_of_animation(alpha or 0, side, speed))
    return Levels(UNKNOWN if colour is None else level_of(colour), level_of(alpha or 0))


def even_options(header: AvifHeader, size: Size, speed: int) -> dict[str, Any] | None:
    """Return Pillow's options that code all frames of an animation at about its first frame's quantizer.

    This is how libavif codes at one of its qualities, for colour and for alpha: without rate control of its own,
    libaom stays within the range of levels that libavif sets (src/codec_aom.c), mostly at its upper end, since its
    default bit rate is low. Returns ``None`` if there is no such quality.
    """
    colour, alpha = header.quantizers.colour, header.quantizers.alpha
    quality = _quality(UNKNOWN * 4 if colour is None else colour, size, speed) if colour != 0 else None
    if quality is None:
        return None
    if alpha is None or alpha == colour:
        return {"quality": quality, "advanced": _TUNED}
    levels = source_levels(header, size, speed)
    return {"quality": quality, "advanced": _TUNED | _constant_quality("a", levels.alpha)}


def _quality(index: int, size: Size, speed: int) -> int | None:
    """Return the quality of libavif that gives the first frame this index, or nearly; the finer one of two."""
    side = min(_LARGE_SIDE, size[0]), min(_LARGE_SIDE, size[1])
    # The first frame is at an end of its quality's range.
    for level in (level_of(index) - _SPREAD, level_of(index) + _SPREAD):
        level = max(1, min(COARSEST, level))
        if abs(_first_index_at(level, side, speed) - index) <= _SPREAD:
            return _quality_of(level)
    return None


def _quality_of(level: int) -> int:
    """Return the lowest quality that has this level (libavif's src/write.c)."""
    return next(quality for quality in range(101) if ((100 - quality) * COARSEST + 50) // 100 == level)


@lru_cache(256)
def _first_index_at(level: int, size: Size, speed: int) -> int:
    """Return the quantizer index of an animation's first frame at the quality that has this level."""
    return _index_of_blank(size, {"speed": speed, "quality": _quality_of(level), "advanced": _TUNED})


def samples(header: AvifHeader, size: Size, mode: str, frames: int = 1) -> float:
    """Return the number of colour and alpha samples that are coded."""
    return size[0] * size[1] * frames * (_SAMPLES[header.coding.subsampling] + (mode == "RGBA"))


def speed_for(coded: float, *, animated: bool) -> int:
    """Return libavif's speed for a number of coded samples.

    Up to 24 million samples (16 megapixels at 4:2:0) a picture takes about 3 s of CPU time; above that, speed 9
    keeps it there. From speed 7 on, the frames of an animation are coded in order without lookahead, which takes a
    tenth of the time of speed 6; speed 9 saves a fifth, and costs up to 2.7 dB.
    """
    if coded > (MANY_ANIMATED if animated else _MANY_SAMPLES):
        return 9
    return 6 if coded <= _FEW_SAMPLES and not animated else 8


def level_of(index: int) -> int:
    """Return the level of a quantizer index."""
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
    return _index_of_blank((side, side), {"speed": speed, **Levels(level, 0).at(level)})


def _index_of_blank(size: Size, options: dict[str, Any]) -> int:
    blank, encoded = Image.new("RGB", size), BytesIO()
    blank.save(encoded, "AVIF", save_all=True, append_images=[blank], duration=40, max_threads=1, **options)
    return read_header(encoded.getvalue()).quantizers.colour or 0
