"""Animations whose frames are composited on a canvas (APNG, WebP): determine what a frame of the copy must draw.

A frame of the copy has the source's pixels except where they show the mark, and the source's box, blending and
disposal. So the copy has the same timeline, and grows by little more than the mark. If disposing of a frame has removed
part of the mark, the next frame draws that part again, in a larger box if necessary.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from PIL import Image, ImageChops, ImageDraw

from zenoimg.imaging.marking.mark import Overlay
from zenoimg.imaging.marking.overlap import covered_box, touches, union
from zenoimg.imaging.marking.placement import Box, Size

KEEP, BACKGROUND, PREVIOUS = 0, 1, 2
"""How a frame is disposed of at the end of its display time."""

_ANY = [255 * (level > 0) for level in range(256)]

Canvas = TypeVar("Canvas")


class Surface(Protocol[Canvas]):
    """A format's operations on canvases and frames, which are pictures of one kind."""

    def copied(self, canvas: Canvas) -> Canvas:
        """Return a copy."""

    def cropped(self, canvas: Canvas, box: Box) -> Canvas:
        """Return the part of a canvas inside a box."""

    def clear(self, canvas: Canvas, box: Box) -> None:
        """Clear a box, in place."""

    def blank(self, size: Size) -> Canvas | None:
        """Return an entirely transparent frame, or ``None`` if the format has no transparency."""

    def lay(self, canvas: Canvas, frame: Canvas, box: Box, *, blends: bool) -> None:
        """Draw a frame, in place: blended over the canvas, or replacing it."""

    def put(self, canvas: Canvas, source: Canvas, box: Box, mask: Image.Image | None) -> None:
        """Replace the pixels of a box where a mask is 255, in place."""

    def differing(self, one: Canvas, other: Canvas) -> Image.Image:
        """Return a mask, 255 where two pictures differ."""

    def is_exact(self, before: Canvas, after: Canvas) -> Image.Image:
        """Return a mask, 255 where blending ``after`` over ``before`` shows ``after``."""


@dataclass(frozen=True)
class Redrawn(Generic[Canvas]):
    """A frame of the copy: its box, whether it blends, and its pixels."""

    box: Box
    blends: bool
    picture: Canvas


class CopyCanvas(Generic[Canvas]):
    """What the copy shows before its next frame, and where that frame has to draw the mark.

    ``fitted`` widens a box to one at which the format allows frames to begin.
    """

    def __init__(
        self, surface: Surface[Canvas], empty: Canvas, size: Size, overlay: Overlay, fitted: Callable[[Box], Box]
    ) -> None:
        self._surface, self._shown, self._size, self._overlay, self._fitted = surface, empty, size, overlay, fitted
        # Before the first frame nothing is shown, so all of the mark has to be drawn.
        self._stale: Box | None = covered_box(overlay, size) if overlay.boxes else None
        # Whether the canvas equals the source's except for the mark.
        self._follows = True

    def leaves_alone(self, box: Box) -> bool:
        """Return whether a frame in a box can be left unchanged, whatever its pixels."""
        return self._follows and self._stale is None and not touches(box, self._overlay)

    def redrawn(self, frame: Canvas, box: Box, blends: bool, after: Canvas) -> Redrawn[Canvas] | None:
        """Return a frame that makes the copy show ``after``, or ``None`` if the source's frame does."""
        surface = self._surface
        widened = self._fitted(union([box, *self._outdated(after, box)]))
        target = surface.cropped(after, widened)
        if not self._follows:
            return Redrawn(widened, False, target)
        drawn = surface.blank((widened[2] - widened[0], widened[3] - widened[1])) if blends else None
        if drawn is None:
            unchanged = widened == box and surface.differing(frame, target).getbbox() is None
            return None if unchanged else Redrawn(widened, False, target)
        at = (box[0] - widened[0], box[1] - widened[1], box[2] - widened[0], box[3] - widened[1])
        surface.put(drawn, frame, at, None)
        before = surface.cropped(self._shown, widened)
        result = surface.copied(before)
        whole = (0, 0, widened[2] - widened[0], widened[3] - widened[1])
        surface.lay(result, drawn, whole, blends=True)
        wrong = ImageChops.darker(surface.differing(result, target), self._marks(widened))
        if wrong.getbbox() is None:
            return None if widened == box else Redrawn(widened, True, drawn)
        still = ImageChops.subtract(wrong, surface.differing(before, target))
        transparent = surface.blank(whole[2:])
        if transparent is not None and 2 * still.histogram()[255] >= wrong.histogram()[255]:
            # The mark is already there, so the frame need not draw it again.
            surface.put(drawn, transparent, whole, still)
            wrong = ImageChops.subtract(wrong, still)
        if ImageChops.subtract(wrong, surface.is_exact(before, target)).getbbox() is not None:
            return Redrawn(widened, False, target)
        surface.put(drawn, target, whole, wrong)
        return Redrawn(widened, True, drawn)

    def advance(self, after: Canvas, box: Box, drawn_box: Box, disposal: int) -> int:
        """Advance to the next frame; return the disposal of the copy's frame, which has shown ``after``."""
        if disposal == PREVIOUS and drawn_box == box:
            return PREVIOUS
        if disposal == BACKGROUND and drawn_box == box:
            self._shown, self._stale, self._follows = self._surface.copied(after), box, True
            self._surface.clear(self._shown, box)
            return BACKGROUND
        self._shown = after
        # Disposing of a box larger than the source's would clear too much: the next frame overwrites it instead.
        self._stale, self._follows = (None, True) if disposal == KEEP else (drawn_box, False)
        return KEEP

    def _outdated(self, after: Canvas, box: Box) -> list[Box]:
        """Return the box outside a frame's own in which the canvas has to change, if any."""
        if self._stale is None:
            return []
        left, top, _, _ = self._stale
        different = self._surface.differing(
            self._surface.cropped(self._shown, self._stale), self._surface.cropped(after, self._stale)
        )
        different.paste(0, (box[0] - left, box[1] - top, box[2] - left, box[3] - top))
        found = different.getbbox()
        return [(found[0] + left, found[1] + top, found[2] + left, found[3] + top)] if found else []

    def _marks(self, region: Box) -> Image.Image:
        """Return a mask of a region: 255 in the boxes of marks."""
        mask = Image.new("L", (region[2] - region[0], region[3] - region[1]))
        for left, top, right, bottom in self._overlay.boxes:
            corners = (left - region[0], top - region[1], right - region[0] - 1, bottom - region[1] - 1)
            ImageDraw.Draw(mask).rectangle(corners, fill=255)
        return mask


def changed_pixels(before: Image.Image, after: Image.Image) -> Image.Image:
    """Return a mask: 255 where two pictures of the same mode and size differ in any channel."""
    first, *others = ImageChops.difference(before, after).split()
    for channel in others:
        first = ImageChops.lighter(first, channel)
    return first.point(_ANY)
