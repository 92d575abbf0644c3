"""Grey PNGs with 1, 2 or 4 bits per sample."""

from __future__ import annotations

from PIL import Image

from zenoimg.imaging.formats.few_levels import on_levels, on_two_levels
from zenoimg.imaging.formats.png.chunks import Header
from zenoimg.imaging.formats.png.samples.color_key import blend_keyed
from zenoimg.imaging.marking.blend import blend
from zenoimg.imaging.marking.mark import Overlay


def drawn_on_few_greys(
    picture: Image.Image, header: Header, overlay: Overlay, key: tuple[int, ...] | None
) -> Image.Image:
    """Return a 1, 2 or 4-bit picture with the mark, which is opaque on two levels, where a faint one is invisible."""
    greys = picture.convert("L")
    step = 255 // ((1 << header.depth) - 1)
    if header.depth == 1:
        overlay = on_two_levels(overlay)
    if key is not None:
        blend_keyed(greys, overlay, key, step)
    else:
        blend(greys, overlay)
    greys = greys.point(on_levels(step))
    return greys.convert("1", dither=Image.Dither.NONE) if header.depth == 1 else greys
