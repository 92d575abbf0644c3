"""Measure how close a decoded copy is to its source, outside the mark."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from PIL import Image, ImageChops

from zenoimg.imaging.marking.mark import Overlay
from zenoimg.imaging.marking.overlap import overlaps
from zenoimg.imaging.marking.placement import Size

_ROWS = 256
"""Rows compared at a time, so that the difference image of a whole picture is never in memory."""


def outside_mask(overlay: Overlay, size: Size) -> Image.Image:
    """Return a mask (mode L) of a picture's size: 0 where the mark may be, 255 elsewhere."""
    mask = Image.new("L", size, 255)
    for overlap in overlaps(overlay, size):
        mask.paste(0, overlap.box)
    return mask


def psnr(frames: Iterable[tuple[Image.Image, Image.Image]], mask: Image.Image) -> float:
    """Return the PSNR in dB of pairs of frames where the mask is 255; infinity when all pixels are equal.

    With alpha, it is the lower of the PSNR of the colours and that of the alpha channel.
    """
    squares = {"colour": 0, "alpha": 0}
    samples = {"colour": 0, "alpha": 0}
    for one, other in frames:
        for before, after, part in _bands(one, other.convert(one.mode), mask):
            difference = ImageChops.difference(before, after)
            for name, channel in zip(before.getbands(), difference.split(), strict=True):
                kind = "alpha" if name == "A" else "colour"
                counts = channel.histogram(part)
                squares[kind] += sum(count * level * level for level, count in enumerate(counts))
                samples[kind] += sum(counts)
    return min(_decibels(squares[kind], samples[kind]) for kind in squares)


def _bands(
    before: Image.Image, after: Image.Image, mask: Image.Image
) -> Iterator[tuple[Image.Image, Image.Image, Image.Image]]:
    width, height = before.size
    for top in range(0, height, _ROWS):
        box = (0, top, width, min(height, top + _ROWS))
        yield before.crop(box), after.crop(box), mask.crop(box)


def _decibels(squares: int, samples: int) -> float:
    return 10 * math.log10(255 * 255 * samples / squares) if squares else math.inf
