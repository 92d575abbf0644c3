"""Compute the MCUs around a mark and the blocks that it touches: arithmetic on boxes and one-channel masks."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PIL import Image

from zenoimg.imaging.formats.jpeg.stream import JpegStream
from zenoimg.imaging.marking.mark import Overlay
from zenoimg.imaging.marking.placement import Box, clipped

_BLOCK = 8


@dataclass(frozen=True)
class Region:
    """A rectangle of whole MCUs that contains the mark.

    ``mcus`` is in MCUs from the picture's corner; ``box`` is in pixels and ends at the picture's edges.
    """

    mcus: Box
    box: Box

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.box[2] - self.box[0], self.box[3] - self.box[1]

    @property
    def pixels(self) -> int:
        """The number of pixels."""
        return self.size[0] * self.size[1]


def region_around(stream: JpegStream, overlay: Overlay) -> Region | None:
    """Return the MCUs that a mark's boxes touch, and one more on each side; ``None`` if it touches none.

    libjpeg interpolates chroma between samples, so pixels at an edge depend on the MCU beyond it.
    """
    picture = stream.width, stream.height
    boxes = [inside for box in overlay.boxes if (inside := clipped(box, picture))]
    if not boxes:
        return None
    width, height = (_BLOCK * factor for factor in largest_factors(stream))
    left = max(0, min(box[0] for box in boxes) // width - 1)
    top = max(0, min(box[1] for box in boxes) // height - 1)
    right = min(-(-picture[0] // width), -(-max(box[2] for box in boxes) // width) + 1)
    bottom = min(-(-picture[1] // height), -(-max(box[3] for box in boxes) // height) + 1)
    box = left * width, top * height, min(right * width, picture[0]), min(bottom * height, picture[1])
    return Region((left, top, right, bottom), box)


def largest_factors(stream: JpegStream) -> tuple[int, int]:
    """Return the largest horizontal and vertical sampling factors: the number of blocks across and down in an MCU."""
    return (
        max(component.horizontal for component in stream.components),
        max(component.vertical for component in stream.components),
    )


def shifted(overlay: Overlay, region: Region) -> Overlay:
    """Return an overlay relative to the region's pixels."""
    left, top = region.box[:2]
    boxes = ((box[0] - left, box[1] - top, box[2] - left, box[3] - top) for box in overlay.boxes)
    return replace(overlay, boxes=tuple(boxes))


def block_masks(stream: JpegStream, region: Region, overlay: Overlay) -> list[bytes]:
    """Return, for each component, a byte per block of the region, row by row: not 0 where the mark touches it.

    ``overlay`` is a ``shifted`` one. A block of a subsampled component covers several squares of 8x8 pixels: the
    component's sampling factors divide the largest ones.
    """
    squares = _touched_squares(stream, region, overlay)
    across, down = largest_factors(stream)
    return [
        _any_of(squares, across // component.horizontal, down // component.vertical).tobytes()
        for component in stream.components
    ]


def _touched_squares(stream: JpegStream, region: Region, overlay: Overlay) -> Image.Image:
    """Return a mask with a pixel for each 8x8 square in the region's MCUs."""
    columns, rows = region.mcus[2] - region.mcus[0], region.mcus[3] - region.mcus[1]
    largest = largest_factors(stream)
    shape = overlay.mark.getchannel("A").point([0] + [255] * 255)
    inside = Image.new("L", region.size)
    for box in overlay.boxes:
        inside.paste(shape, box[:2], shape)
    whole = Image.new("L", (_BLOCK * columns * largest[0], _BLOCK * rows * largest[1]))
    whole.paste(inside)
    return _any_of(whole, _BLOCK, _BLOCK)


def _any_of(mask: Image.Image, across: int, down: int) -> Image.Image:
    """Shrink a mask of 0 and 255; a pixel is 255 if any of the pixels that it represents is."""
    return mask.reduce((across, down)).point([0] + [255] * 255)
