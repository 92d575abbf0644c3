"""Compute where a mark and a picture overlap: matching boxes of both, clipped to the picture's edges."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from zenoimg.imaging.marking.mark import Overlay
from zenoimg.imaging.marking.placement import Box, Size, clipped


@dataclass(frozen=True)
class Overlap:
    """One overlap: ``box`` is the part of the picture under the mark, ``part`` the part of the mark over it."""

    box: Box
    part: Box


def overlaps(overlay: Overlay, size: Size) -> list[Overlap]:
    """Return an overlap for each of the overlay's boxes that overlaps a picture of ``size`` pixels."""
    found = []
    for mark in overlay.boxes:
        box = clipped(mark, size)
        if box is not None:
            found.append(Overlap(box, moved(box, -mark[0], -mark[1])))
    return found


def covered_boxes(overlay: Overlay, size: Size) -> list[Box]:
    """Return the parts of a picture of ``size`` pixels that marks cover."""
    return [overlap.box for overlap in overlaps(overlay, size)]


def covered_box(overlay: Overlay, size: Size) -> Box:
    """Return the smallest box around all marks inside a picture of ``size`` pixels."""
    return union(covered_boxes(overlay, size))


def touches(box: Box, overlay: Overlay) -> bool:
    """Return whether any mark overlaps a box."""
    left, top, right, bottom = box
    return any(mark[0] < right and left < mark[2] and mark[1] < bottom and top < mark[3] for mark in overlay.boxes)


def within(overlay: Overlay, region: Box) -> Overlay:
    """Return an overlay whose boxes are relative to the top left corner of a region of the picture."""
    return replace(overlay, boxes=tuple(moved(box, -region[0], -region[1]) for box in overlay.boxes))


def union(boxes: Iterable[Box]) -> Box:
    """Return the smallest box around all boxes. Raises ``ValueError`` if there are none."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def moved(box: Box, across: int, down: int) -> Box:
    """Return a box moved by a number of pixels."""
    return box[0] + across, box[1] + down, box[2] + across, box[3] + down
