"""Draws a mark on the pixels of a picture, in the picture's own mode. Only pixels under the mark change.

In HDR pictures, where the highest sample is far brighter than paper white, the mark's brightness is toned down.
"""

from __future__ import annotations

import math

from PIL import Image, ImageChops, ImageMath

from zenoimg.imaging.mark import Overlay
from zenoimg.imaging.overlap import overlaps

PQ, HLG = 16, 18
"""Transfer characteristics of ITU-T H.273, table 3: SMPTE ST 2084 and ITU-R BT.2100 hybrid log-gamma."""

_WHITE_NITS = 203.0
"""HDR reference white, ITU-R BT.2408."""

_HLG_WHITE = 0.75
"""The HLG signal of that white, ITU-R BT.2408."""


def toned(mark: Image.Image, transfer: int) -> Image.Image:
    """Return an RGBA mark (sRGB) with its white at the reference white of a transfer; unchanged for SDR transfers."""
    encode = {PQ: _pq_signal, HLG: _hlg_signal}.get(transfer)
    if encode is None:
        return mark
    levels = [round(255 * encode(_linear(level / 255))) for level in range(256)]
    return mark.point(levels * 3 + list(range(256)))


def _linear(signal: float) -> float:
    """Return linear light for an sRGB signal, IEC 61966-2-1."""
    return signal / 12.92 if signal <= 0.04045 else math.pow((signal + 0.055) / 1.055, 2.4)


def _pq_signal(light: float) -> float:
    """Return the SMPTE ST 2084 signal (inverse EOTF) for light relative to reference white."""
    power = math.pow(light * _WHITE_NITS / 10_000, 0.1593017578125)
    return math.pow((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power), 78.84375)


def _hlg_signal(light: float) -> float:
    """Return the ITU-R BT.2100 HLG signal (OETF) for light relative to reference white."""
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * math.log(4 * a)
    scene = light * (math.exp((_HLG_WHITE - c) / a) + b) / 12
    return math.sqrt(3 * scene) if scene <= 1 / 12 else a * math.log(12 * scene - b) + c


BLENDABLE = ("L", "LA", "RGB", "RGBA", "YCbCr", "CMYK", "I;16")
"""The Pillow modes that ``blend`` draws on; ``1`` and ``P`` need the palettes of ``formats``."""


def blend(picture: Image.Image, overlay: Overlay) -> None:
    """Draw the overlay on the picture, in place. The mode is one of ``BLENDABLE``.

    Where the picture has alpha the mark is composited over it, so that it is visible on transparent ground as well.
    """
    alpha = overlay.mark.getchannel("A")
    ink = overlay.mark if picture.mode == "RGBA" else ink_for(picture.mode, overlay.mark)
    for overlap in overlaps(overlay, picture.size):
        inside, part = overlap.box, overlap.part
        if picture.mode in ("RGBA", "LA"):
            picture.paste(Image.alpha_composite(picture.crop(inside), ink.crop(part)), inside)
        elif picture.mode == "I;16":
            picture.paste(lay_deep(picture.crop(inside), ink.crop(part), alpha.crop(part)), inside)
        else:
            picture.paste(ink.crop(part), inside, alpha.crop(part))


def ink_for(mode: str, mark: Image.Image) -> Image.Image:
    """Return a mark's colours in a picture's mode; without alpha unless the mode has it."""
    colours = mark.convert("RGB")
    match mode:
        case "CMYK":
            return _cmyk_with_black(colours)
        case "I;16":
            return sixteen_bit(colours.convert("L"))
        case "LA":
            return Image.merge("LA", (colours.convert("L"), mark.getchannel("A")))
        case _:
            return colours.convert(mode)


def sixteen_bit(grey: Image.Image) -> Image.Image:
    """Return 8-bit grey spread over 16 bits: 255 becomes 65535."""
    return Image.frombytes("I;16", grey.size, Image.merge("LA", (grey, grey)).tobytes())


def lay_deep(ground: Image.Image, ink: Image.Image, coverage: Image.Image) -> Image.Image:
    """Return ink laid over ground, both ``I;16``, by an 8-bit coverage; exact where the coverage is 0 or 255.

    Pillow's own ``paste`` of a picture through a mask stops half-way across in this mode.
    """
    laid: Image.Image = ImageMath.lambda_eval(
        lambda names: (names["ground"] * (255 - names["share"]) + names["ink"] * names["share"] + 127) / 255,
        ground=ground.convert("I"),
        ink=ink.convert("I"),
        share=coverage.convert("I"),
    )
    return laid.convert("I;16")


def _cmyk_with_black(colours: Image.Image) -> Image.Image:
    """Return CMYK with black ink: Pillow's own conversion would draw a dark outline in the three others."""
    red, green, blue = colours.split()
    black = ImageChops.invert(ImageChops.lighter(ImageChops.lighter(red, green), blue))
    inks = [ImageChops.subtract(ImageChops.invert(channel), black) for channel in (red, green, blue)]
    return Image.merge("CMYK", (*inks, black))
