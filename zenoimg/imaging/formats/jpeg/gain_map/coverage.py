"""The mark at the resolution of a gain map, which is usually lower than the picture's.

A sample of the map affects the pixels of its cell and, by interpolation, those of the cells around it. So a sample
counts as covered if any pixel in its cell or a neighbouring one is. Measured with libultrahdr 1.4 and libvips 8.18, for
a map of a quarter of the size: with the mean instead of the maximum a mark is 44% too bright, without the neighbours
212%.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageFilter

from zenoimg.imaging.marking.mark import Overlay
from zenoimg.imaging.marking.overlap import covered_boxes, union
from zenoimg.imaging.marking.placement import Box, Size

_BLOCK = 8
_BAND_PIXELS = 1 << 22
"""Number of the picture's pixels processed at a time, since a tiled mark covers all of it."""


@dataclass(frozen=True)
class Grid:
    """A picture's size and its map's: ``across`` and ``down`` are pixels per sample."""

    picture: Size
    map: Size

    @property
    def across(self) -> float:
        """Return the pixels of the picture's width per sample."""
        return self.picture[0] / self.map[0]

    @property
    def down(self) -> float:
        """Return the pixels of the picture's height per sample."""
        return self.picture[1] / self.map[1]

    def samples(self, box: Box, step: Size, around: int) -> Box:
        """Return the samples for a box of pixels plus some around it, in whole blocks of ``step`` samples."""
        left, top = int(box[0] / self.across) - around, int(box[1] / self.down) - around
        right, bottom = math.ceil(box[2] / self.across) + around, math.ceil(box[3] / self.down) + around
        return (
            max(0, left // step[0] * step[0]),
            max(0, top // step[1] * step[1]),
            min(self.map[0], -(-right // step[0]) * step[0]),
            min(self.map[1], -(-bottom // step[1]) * step[1]),
        )


@dataclass(frozen=True)
class Coverage:
    """The mark in the samples of ``box``: how much of each it covers (``L``), and its colour there (``RGB``)."""

    box: Box
    alpha: Image.Image
    ink: Image.Image

    @property
    def core(self) -> Image.Image:
        """Return a mask: 255 where it covers an entire sample, 0 elsewhere."""
        return self.alpha.point([0] * 255 + [255])


def coverage(overlay: Overlay, grid: Grid, step: Size) -> Coverage | None:
    """Return the mark in the map's samples, in whole blocks of ``step``; ``None`` if it misses the picture."""
    boxes = covered_boxes(overlay, grid.picture)
    if not boxes:
        return None
    is_smoothed = max(step) > _BLOCK
    box = grid.samples(union(boxes), step, 2 if is_smoothed else 1)
    size = box[2] - box[0], box[3] - box[1]
    alpha, ink = Image.new("L", size), Image.new("RGBA", size)
    rows = max(1, int(_BAND_PIXELS / (size[0] * grid.across * grid.down)))
    for top in range(box[1], box[3], rows):
        band = box[0], top, box[2], min(top + rows, box[3])
        its_alpha, its_ink = _band(overlay, grid, band)
        alpha.paste(its_alpha, (0, top - box[1]))
        ink.paste(its_ink, (0, top - box[1]))
    around = ink.convert("RGBa").filter(ImageFilter.BoxBlur(2 if is_smoothed else 1)).convert("RGBA")
    around.paste(ink, (0, 0), ink.getchannel("A").point([0] + [255] * 255))
    alpha = alpha.filter(ImageFilter.MaxFilter(3))
    if is_smoothed:
        further = alpha.filter(ImageFilter.MaxFilter(3))
        alpha = Image.composite(alpha, further, whole_blocks(alpha, step))
    return Coverage(box, alpha, around.convert("RGB"))


def whole_blocks(alpha: Image.Image, step: Size) -> Image.Image:
    """Return a mask of the blocks of ``step`` samples in which a sample is covered: 255 there, 0 elsewhere."""
    return filled(alpha.point([0] + [255] * 255).reduce(step), step, alpha.size).point([0] + [255] * 255)


def filled(blocks: Image.Image, step: Size, size: Size) -> Image.Image:
    """Return a picture of this size from one with a pixel per block."""
    whole = blocks.resize((blocks.width * step[0], blocks.height * step[1]), Image.Resampling.NEAREST)
    return whole.crop((0, 0, *size))


def _band(overlay: Overlay, grid: Grid, band: Box) -> tuple[Image.Image, Image.Image]:
    """Return the largest coverage in each cell of some rows, and the mean colour with the mean coverage."""
    left, top = band[0] * grid.across, band[1] * grid.down
    right, bottom = band[2] * grid.across, band[3] * grid.down
    corner = int(left), int(top)
    canvas = Image.new("RGBA", (math.ceil(right) - corner[0], math.ceil(bottom) - corner[1]))
    for box in overlay.boxes:
        canvas.paste(overlay.mark, (box[0] - corner[0], box[1] - corner[1]))
    size = band[2] - band[0], band[3] - band[1]
    start = left - corner[0], top - corner[1]
    inside = *start, min(canvas.width, right - corner[0]), min(canvas.height, bottom - corner[1])
    return _maximum(canvas.getchannel("A"), grid, start, size), canvas.resize(size, Image.Resampling.BOX, inside)


def _maximum(alpha: Image.Image, grid: Grid, start: tuple[float, float], size: Size) -> Image.Image:
    largest = Image.new("L", size)
    for right in range(math.ceil(grid.across)):
        for down in range(math.ceil(grid.down)):
            # Pillow expects the position of a sample's centre.
            first = start[0] + right + 0.5 - grid.across / 2, start[1] + down + 0.5 - grid.down / 2
            at = (grid.across, 0, first[0], 0, grid.down, first[1])
            taken = alpha.transform(size, Image.Transform.AFFINE, at, Image.Resampling.NEAREST)
            largest = ImageChops.lighter(largest, taken)
    return largest
