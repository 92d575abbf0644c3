"""Animations as what is on screen: which frames must be redrawn so that the mark does not move.

A copy's frames never dispose. Where a source's frame disposed, the next frame of the copy covers the same
pixels as well and overwrites them with what should be visible there, mark included.
"""

from __future__ import annotations

from PIL import Image, ImageChops

_ANY = [255 * (level > 0) for level in range(256)]


def changed_pixels(before: Image.Image, after: Image.Image) -> Image.Image:
    """Return a mask, 255 where two pictures of one mode and size differ in any channel."""
    first, *others = ImageChops.difference(before, after).split()
    for channel in others:
        first = ImageChops.lighter(first, channel)
    return first.point(_ANY)


def over_previous(before: Image.Image, after: Image.Image) -> Image.Image | None:
    """Return the RGBA frame that, laid over ``before``, shows ``after``: transparent where nothing changes.

    ``None`` where a changed pixel is not opaque: laying it over would mix it with what is below.
    """
    changed = changed_pixels(before, after)
    opaque = Image.new("L", after.size, 255)
    if Image.composite(after.getchannel("A"), opaque, changed).getextrema() != (255, 255):
        return None
    frame = Image.new("RGBA", after.size)
    frame.paste(after, (0, 0), changed)
    return frame
