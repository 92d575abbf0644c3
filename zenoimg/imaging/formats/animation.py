"""Animations as what is on screen: where a frame must be drawn anew so that the mark sits still on all of them.

A copy's frames never dispose. Where a source's frame disposed, the next frame of the copy covers the same
pixels too and overwrites them with what is to be seen there, mark included, so no trace is left.
"""

from __future__ import annotations

from PIL import Image, ImageChops

_ANY = [255 * (level > 0) for level in range(256)]


def changed_pixels(before: Image.Image, after: Image.Image) -> Image.Image:
    """Give a mask, 255 where two pictures of one mode and size differ in any channel."""
    first, *others = ImageChops.difference(before, after).split()
    for channel in others:
        first = ImageChops.lighter(first, channel)
    return first.point(_ANY)


def over_previous(before: Image.Image, after: Image.Image) -> Image.Image | None:
    """Give the RGBA frame that, laid over ``before``, shows ``after``: transparent where nothing changes.

    ``None`` where a changed pixel is not opaque: laying it over would mix it with what is below.
    """
    changed = changed_pixels(before, after)
    opaque = Image.new("L", after.size, 255)
    if Image.composite(after.getchannel("A"), opaque, changed).getextrema() != (255, 255):
        return None
    frame = Image.new("RGBA", after.size)
    frame.paste(after, (0, 0), changed)
    return frame
