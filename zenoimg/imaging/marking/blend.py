"""Draw a mark on the pixels of a picture, in the picture's own mode. Only pixels under the mark change.

A translucent mark is blended in the picture's own sample values, as viewers and editors do.
"""

from __future__ import annotations

from PIL import Image, ImageMath

from zenoimg.imaging.colour.spaces import INKS
from zenoimg.imaging.marking.mark import Overlay
from zenoimg.imaging.marking.overlap import overlaps

BLENDABLE = ("L", "LA", "RGB", "RGBA", "YCbCr", "CMYK", "I;16")
"""The Pillow modes that ``blend`` supports; ``1`` and ``P`` need the palettes of ``formats``."""


def blend(picture: Image.Image, overlay: Overlay) -> None:
    """Draw the overlay on the picture, in place. The mode is one of ``BLENDABLE``.

    If the picture has alpha, the mark is composited over it, so that it is visible on transparent pixels as well.
    """
    alpha = overlay.mark.getchannel("A")
    ink = overlay.mark if picture.mode == "RGBA" else ink_for(picture.mode, overlay)
    for overlap in overlaps(overlay, picture.size):
        inside, part = overlap.box, overlap.part
        if picture.mode in ("RGBA", "LA"):
            picture.paste(Image.alpha_composite(picture.crop(inside), ink.crop(part)), inside)
        elif picture.mode == "I;16":
            picture.paste(lay_deep(picture.crop(inside), ink.crop(part), alpha.crop(part)), inside)
        else:
            picture.paste(ink.crop(part), inside, alpha.crop(part))


def ink_for(mode: str, overlay: Overlay) -> Image.Image:
    """Return a mark's colours in a picture's mode, without alpha unless the mode has it."""
    mark = overlay.mark
    match mode:
        case "CMYK":
            paint, space = overlay.paint, overlay.space if overlay.space.samples == 4 else INKS
            return (
                Image.merge("CMYK", paint.channels(space, deep=False)) if paint else mark.convert("RGB").convert(mode)
            )
        case "I;16":
            return deep_inks(mode, overlay)[0]
        case "LA":
            return Image.merge("LA", (mark.getchannel("G"), mark.getchannel("A")))
        case "L":
            return mark.getchannel("G") if overlay.space.samples == 1 else mark.convert("RGB").convert(mode)
        case _:
            return mark.convert("RGB").convert(mode)


def deep_inks(mode: str, overlay: Overlay) -> list[Image.Image]:
    """Return a mark's colours for 16-bit samples: a picture (``I;16``) for each of a mode's colour channels.

    Modes are those of 8 bits, or ``I;16`` for grey.
    """
    count = {"I;16": 1, "L": 1, "LA": 1, "CMYK": 4}.get(mode, 3)
    if overlay.paint is not None and overlay.space.samples == count:
        return overlay.paint.channels(overlay.space, deep=True)
    ink = ink_for("L" if count == 1 else mode, overlay)
    return [sixteen_bit(channel) for channel in ink.split()[:count]]


def sixteen_bit(grey: Image.Image) -> Image.Image:
    """Return 8-bit grey scaled to 16 bits: 255 becomes 65535."""
    return Image.frombytes("I;16", grey.size, Image.merge("LA", (grey, grey)).tobytes())


def inverted_deep(channel: Image.Image) -> Image.Image:
    """Return an inverted 16-bit channel (``I;16``)."""
    inverted: Image.Image = ImageMath.lambda_eval(lambda names: 65535 - names["channel"], channel=channel.convert("I"))
    return inverted.convert("I;16")


def lay_deep(ground: Image.Image, ink: Image.Image, coverage: Image.Image) -> Image.Image:
    """Return ink over a background, both ``I;16``, with an 8-bit coverage; exact where the coverage is 0 or 255.

    Pillow's own ``paste`` of a picture through a mask stops halfway across in this mode.
    """
    laid: Image.Image = ImageMath.lambda_eval(
        lambda names: (names["ground"] * (255 - names["share"]) + names["ink"] * names["share"] + 127) / 255,
        ground=ground.convert("I"),
        ink=ink.convert("I"),
        share=coverage.convert("I"),
    )
    return laid.convert("I;16")
