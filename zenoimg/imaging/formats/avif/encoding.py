"""Encode a marked picture near the quantizer of its source.

libavif's quality setting is no help: its meaning depends on libavif's version and tune. A copy with its source's
quantizer is about as large as the source and close to it, since most coefficients are already multiples of the step
size. With a coarse quantizer the loss is visible even so, so such a picture is coded more finely, at up to 1.5 times
the source's bytes; for a large picture the level is found on a sample, for a large animation in three attempts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

from PIL import Image

from zenoimg.imaging.formats.avif.closeness import outside_mask, psnr
from zenoimg.imaging.formats.avif.header import IDENTITY, AvifHeader
from zenoimg.imaging.formats.avif.levels import (
    COARSEST,
    MANY_ANIMATED,
    UNKNOWN,
    Levels,
    even_options,
    level_of,
    samples,
    source_levels,
    speed_for,
)
from zenoimg.imaging.formats.avif.search import CLOSE, Attempt, best, close_enough
from zenoimg.imaging.marking.mark import Overlay
from zenoimg.imaging.recipe import EncoderSettings

_MOST_GROWTH = 1.5
_SAMPLED = 600_000
"""Number of colour and alpha samples up to which the level is found by coding the whole picture."""

_SQUARE, _BLOCK = 128, 64
"""Side of a sampled square in pixels, which is that of a superblock: squares begin on the source's superblocks."""

_MOST_SMALL, _MOST_LARGE, _MOST_HUGE = 7, 3, 2
"""Number of times that an animation is coded at most."""

_AS_LARGE = 1.25
"""Growth up to which a copy counts as being as large as its source."""

_FINER = 2
"""Levels above the first attempt's at which constant quality takes about 1.4 times the bytes, measured on photos."""

_MARGIN = 0.3
"""Difference in dB by which a sample may be closer to the source than the whole picture is."""


@dataclass(frozen=True)
class Encoded:
    """The bytes of a copy, and what it could not keep."""

    data: bytes
    warnings: tuple[str, ...] = ()


class _Coding:
    """Codes a picture or animation at different levels, and compares the results with the input.

    Only the file of the best attempt is kept, so that an animation's files are not in memory several times.
    """

    def __init__(
        self, picture: Image.Image, mask: Image.Image, levels: Levels, budget: float, options: dict[str, Any]
    ) -> None:
        self._picture, self._mask, self._options = picture, mask, options
        self.levels, self.budget, self.size = levels, budget, picture.size
        self._attempts: dict[int, Attempt] = {}
        self._best: tuple[Attempt, bytes] | None = None

    def __call__(self, level: int) -> Attempt:
        if level not in self._attempts:
            self._attempts[level] = self.by(self.levels.at(level), level)
        return self._attempts[level]

    def by(self, options: dict[str, Any], level: int) -> Attempt:
        """Return the attempt with these options of Pillow's, which is about as fine as one at ``level``."""
        data = _saved(self._picture, self._options | options)
        pairs = zip(_frames(self._picture), _frames(Image.open(BytesIO(data), formats=["AVIF"])), strict=True)
        attempt = Attempt(level, len(data), psnr(pairs, self._mask))
        if self._best is None or best((self._best[0], attempt), self.budget) is attempt:
            self._best = attempt, data
        return attempt

    @property
    def best(self) -> tuple[Attempt, bytes]:
        """Return the best attempt and its file."""
        assert self._best is not None
        return self._best


def encoded(
    picture: Image.Image,
    overlay: Overlay,
    header: AvifHeader,
    metadata: dict[str, Any],
    settings: EncoderSettings,
    source_bytes: int,
) -> Encoded:
    """Return the bytes of a marked picture, still or animated, as Pillow writes them."""
    durations = list(header.track.durations) if header.track else []
    coded = samples(header, picture.size, picture.mode, max(1, len(durations)))
    speed = settings.avif_speed
    options: dict[str, Any] = {
        "speed": speed_for(coded, animated=bool(durations)) if speed == "auto" else speed,
        "subsampling": header.coding.subsampling,
        "max_threads": 1,
    }
    if durations:
        options |= {"save_all": True, "duration": durations}
    if settings.avif_quality != "source":
        return _at_quality(picture, header, settings.avif_quality, options | metadata)
    levels = source_levels(header, picture.size, options["speed"])
    mask = outside_mask(overlay, picture.size)
    whole = _Coding(picture, mask, levels, _MOST_GROWTH * source_bytes, options | metadata)
    if durations:
        _try_animation(whole, header, options["speed"], source_bytes, _most_attempts(coded))
    elif coded <= _SAMPLED:
        close_enough(levels.colour, whole.budget, whole)
    else:
        squares, part = _sample(picture, mask, coded)
        share = samples(header, part.size, picture.mode) / coded
        _try_by_sample(whole, _Coding(squares, part, levels, whole.budget, options), share)
    attempt, data = whole.best
    return Encoded(data, tuple(_not_kept(header, attempt)))


def _at_quality(picture: Image.Image, header: AvifHeader, quality: int, options: dict[str, Any]) -> Encoded:
    """Return a copy at one of libavif's qualities; alpha is lossless."""
    warnings = []
    if header.coding.matrix == IDENTITY:
        options |= {"quality": 100, "subsampling": "4:4:4"}
        warnings = ["coding as RGB, mostly lossless, cannot be written and was converted to YCbCr of the best quality"]
    else:
        options |= {"quality": quality}
    return Encoded(_saved(picture, options | {"advanced": {"a:lossless": "1"}}), tuple(warnings))


def _try_animation(code: _Coding, header: AvifHeader, speed: int, source_bytes: int, most: int) -> None:
    """Make at most ``most`` attempts for an animation; its first frames would be no sample of it.

    The first attempt has the quantizer of the source's first frame in all frames, as libavif codes at a quality. The
    others are of constant quality: frames that others refer to are finer, as other encoders code as well. For the same
    size, those are closer where the quantizer is not the source's.
    """
    even = even_options(header, code.size, speed)
    if even is None:
        close_enough(code.levels.colour, code.budget, code, most=most)
        return
    level = UNKNOWN if header.quantizers.colour is None else level_of(header.quantizers.colour)
    first = code.by(even, level)
    if first.size > _AS_LARGE * source_bytes:
        close_enough(code.levels.colour, code.budget, code, most=most - 1)
    elif first.psnr < CLOSE:
        close_enough(min(COARSEST, level + _FINER), code.budget, code, coarsest=COARSEST, most=most - 1)


def _most_attempts(coded: float) -> int:
    if coded <= _SAMPLED:
        return _MOST_SMALL
    return _MOST_LARGE if coded <= MANY_ANIMATED else _MOST_HUGE


def _try_by_sample(whole: _Coding, part: _Coding, share: float) -> None:
    """Try the level found for a sample, and a second one where sample and whole differ too much."""
    start, budget = whole.levels.colour, whole.budget
    factor, offset = 1 / share, -_MARGIN

    def estimated(level: int) -> Attempt:
        attempt = part(level)
        return replace(attempt, size=attempt.size * factor, psnr=attempt.psnr + offset)

    first = whole(close_enough(start, budget, estimated).level)
    is_affordable = first.level == start or first.size <= budget
    if is_affordable and (first.psnr >= CLOSE or first.size >= 0.9 * budget):
        return
    sampled = part(first.level)
    factor, offset = first.size / sampled.size, first.psnr - sampled.psnr
    whole(close_enough(start, budget, estimated).level)


def _sample(picture: Image.Image, mask: Image.Image, coded: float) -> tuple[Image.Image, Image.Image]:
    """Return squares from across a picture, with their part of the mask."""
    width, height = picture.size
    side = min(_SQUARE, width, height)
    count = _SAMPLED / coded * width * height / side**2
    columns = max(1, min(width // side, round(math.sqrt(count * width / height))))
    rows = max(1, min(height // side, int(count / columns)))
    return _squares(picture, columns, rows, side), _squares(mask, columns, rows, side)


def _squares(picture: Image.Image, columns: int, rows: int, side: int) -> Image.Image:
    """Return evenly spread squares of a picture, joined side by side."""
    squares = Image.new(picture.mode, (columns * side, rows * side))
    for column in range(columns):
        for row in range(rows):
            left = (picture.width - side) * column // max(1, columns - 1) // _BLOCK * _BLOCK
            top = (picture.height - side) * row // max(1, rows - 1) // _BLOCK * _BLOCK
            squares.paste(picture.crop((left, top, left + side, top + side)), (column * side, row * side))
    return squares


def _frames(picture: Image.Image) -> Iterator[Image.Image]:
    for number in range(getattr(picture, "n_frames", 1)):
        picture.seek(number)
        picture.load()
        yield picture


def _saved(picture: Image.Image, options: dict[str, Any]) -> bytes:
    encoded = BytesIO()
    picture.save(encoded, "AVIF", **options)
    return encoded.getvalue()


def _not_kept(header: AvifHeader, attempt: Attempt) -> Iterator[str]:
    coding = "coding as RGB" if header.coding.matrix == IDENTITY else "coding"
    closeness = f"{attempt.psnr:.1f} dB (PSNR) outside the mark"
    if header.quantizers.colour == 0 and attempt.psnr < math.inf:
        yield f"{coding} without loss cannot be written as such: the copy has {closeness}"
    elif header.coding.matrix == IDENTITY and header.quantizers.colour != 0:
        yield "coding as RGB cannot be written and was converted to YCbCr"
    if attempt.psnr < CLOSE:
        yield f"the original is coded coarsely, and its copy has {closeness}"
