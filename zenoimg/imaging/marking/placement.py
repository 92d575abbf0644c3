"""Place the mark: integer arithmetic on sizes and boxes, no pixels.

There are two coordinate systems: *displayed*, as a viewer shows the picture, and *stored*, as its pixels are in
the file. EXIF orientation (CIPA DC-008, tag 0x0112) maps one to the other. A box is left, top, right, bottom;
right and bottom are exclusive.
"""

from __future__ import annotations

import math

from zenoimg.imaging.recipe import Position

Size = tuple[int, int]
Box = tuple[int, int, int, int]

_HORIZONTAL = {"left": 0, "right": 2}
_VERTICAL = {"top": 0, "bottom": 2}


def displayed_size(stored: Size, orientation: int) -> Size:
    """Return the size that a viewer shows; orientations 5 to 8 swap width and height."""
    width, height = stored
    return (height, width) if orientation >= 5 else (width, height)


def margin_of(picture: Size, fraction: float) -> int:
    """Return a fraction of the shorter side in pixels, limited to leave at least one pixel between two margins."""
    return min(round(fraction * min(picture)), (min(picture) - 1) // 2)


def room_of(picture: Size, margin: int) -> Size:
    """Return the size of the area inside the margins."""
    return picture[0] - 2 * margin, picture[1] - 2 * margin


def turned_size(size: tuple[float, float], angle: float) -> tuple[float, float]:
    """Return the size of the upright box around a rectangle rotated by ``angle`` degrees."""
    width, height = size
    sine, cosine = abs(math.sin(math.radians(angle))), abs(math.cos(math.radians(angle)))
    return width * cosine + height * sine, width * sine + height * cosine


def shrink_factor(mark: tuple[float, float], room: Size) -> float:
    """Return the factor, at most 1, by which a mark must shrink to fit into the room."""
    return min(1.0, room[0] / mark[0], room[1] / mark[1])


def anchored_box(picture: Size, mark: Size, position: Position, margin: int) -> Box:
    """Return the box of a mark at one of the nine anchors of a picture, ``margin`` pixels from the edges."""
    horizontal, vertical = _anchor(position)
    left = margin + (picture[0] - 2 * margin - mark[0]) * horizontal // 2
    top = margin + (picture[1] - 2 * margin - mark[1]) * vertical // 2
    return left, top, left + mark[0], top + mark[1]


def tiled_boxes(picture: Size, mark: Size, margin: int) -> list[Box]:
    """Return the boxes of a mark repeated over the entire picture, every other row shifted by half a step.

    Marks are twice the margin apart, and never closer than half of the mark's shorter side. Boxes may extend
    beyond the edges, but each overlaps the picture.
    """
    gap = max(2 * margin, min(mark) // 2, 1)
    step_x, step_y = mark[0] + gap, mark[1] + gap
    boxes = []
    first_top = -((mark[1] - gap) // 2) if mark[1] > gap else 0
    for row, top in enumerate(range(first_top, picture[1], step_y)):
        first_left = gap // 2 - (step_x // 2 if row % 2 else 0)
        for left in range(first_left, picture[0], step_x):
            if left + mark[0] > 0 and top + mark[1] > 0:
                boxes.append((left, top, left + mark[0], top + mark[1]))
    return boxes


def stored_box(box: Box, stored: Size, orientation: int) -> Box:
    """Return the box of stored pixels that is displayed at ``box``."""
    left, top, right, bottom = box
    width, height = stored
    match orientation:
        case 2:
            return width - right, top, width - left, bottom
        case 3:
            return width - right, height - bottom, width - left, height - top
        case 4:
            return left, height - bottom, right, height - top
        case 5:
            return top, left, bottom, right
        case 6:
            return top, height - right, bottom, height - left
        case 7:
            return width - bottom, height - right, width - top, height - left
        case 8:
            return width - bottom, left, width - top, right
        case _:
            return box


def clipped(box: Box, picture: Size) -> Box | None:
    """Return the part of a box that is inside the picture, or ``None``."""
    left, top = max(box[0], 0), max(box[1], 0)
    right, bottom = min(box[2], picture[0]), min(box[3], picture[1])
    return (left, top, right, bottom) if left < right and top < bottom else None


def _anchor(position: Position) -> tuple[int, int]:
    """Return how many halves of the free space are to the left of the mark and above it: 0, 1 or 2."""
    words = position.split("-")
    horizontal = next((_HORIZONTAL[word] for word in words if word in _HORIZONTAL), 1)
    vertical = next((_VERTICAL[word] for word in words if word in _VERTICAL), 1)
    return horizontal, vertical
