"""Convert a mark's colours to samples of a picture: the two colours of a text, the pixels of a logo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from PIL import Image, ImageChops, ImageMath

from zenoimg.imaging.colour.curves import Curve
from zenoimg.imaging.colour.primaries import D50, Vector, applied, product_of
from zenoimg.imaging.colour.spaces import (
    SRGB,
    GreySpace,
    InkSpace,
    Rgb,
    RgbSpace,
    Space,
)
from zenoimg.imaging.colour.transforms import ProfileSpace

SEEN = 3
"""Levels of sRGB by which a colour may differ before the difference is reported."""

_WITHIN_REACH = 24
"""Levels by which the first code for a colour may be off before a better one is searched for nearby."""

_FEW_COLOURS = 16
"""Number of a logo's colours, by area, that are checked for what cannot be shown."""

Channels = list[Image.Image]


@dataclass(frozen=True)
class Text:
    """The colours of a text and its outline, in sRGB, and ``share``: 255 where the first is, 0 where the second is."""

    share: Image.Image
    colour: Rgb
    outline: Rgb

    def channels(self, space: Space, *, deep: bool) -> Channels:
        """Return a channel for each sample of a space: ``L``, or with ``deep`` ``I;16``."""
        most = 65535 if deep else 255
        ends = zip(best_code(space, self.colour, most), best_code(space, self.outline, most), strict=True)
        return [_between(self.share, first, last, deep=deep) for first, last in ends]

    def turned(self, how: Image.Transpose) -> Text:
        """Return the text with its pixels rotated."""
        return Text(self.share.transpose(how), self.colour, self.outline)

    def warnings(self, space: Space, levels: int = 255) -> list[str]:
        """Return what the space cannot show with samples of 0 to ``levels``, in words."""
        low, high = self.share.getextrema()
        used = ([self.colour] if high == 255 else []) + ([self.outline] if low == 0 else [])
        return list(filter(None, (_not_shown("mark", space, colour, levels) for colour in dict.fromkeys(used))))[:1]


@dataclass(frozen=True)
class Logo:
    """A logo's pixels (mode RGB) in its own colour space; ``solid`` is a mask of those that are checked."""

    pixels: Image.Image
    space: Space
    solid: Image.Image

    def channels(self, space: Space, *, deep: bool) -> Channels:
        """Return a channel for each sample of a space: ``L``, or with ``deep`` ``I;16``."""
        if space.key == self.space.key:
            return _deepened(list(self.pixels.split()), deep=deep)
        if isinstance(space, ProfileSpace):
            return _deepened(list(self._by_engine(space).split()), deep=deep)
        if isinstance(space, InkSpace):
            return _deepened(_inks(self._in_srgb()), deep=deep)
        source = self.space if isinstance(self.space, RgbSpace) else SRGB
        pixels = self.pixels if isinstance(self.space, RgbSpace) else self._in_srgb()
        assert isinstance(space, RgbSpace | GreySpace), "these are all spaces there are"
        return _converted(pixels, source, space, deep=deep)

    def _by_engine(self, space: ProfileSpace) -> Image.Image:
        pixels = self._in_srgb()
        changed = space.transformed(pixels, "from sRGB")
        for colour in _most_used(pixels, self.solid):  # areas of one colour reveal errors in a profile's table
            changed.paste(best_code(space, colour, 255), (0, 0), _mask_of(pixels, colour))
        return changed

    def _in_srgb(self) -> Image.Image:
        if isinstance(self.space, ProfileSpace):
            return self.space.transformed(self.pixels, "to sRGB")
        if self.space.key == SRGB.key:
            return self.pixels
        assert isinstance(self.space, RgbSpace), "a logo is RGB"
        return Image.merge("RGB", _converted(self.pixels, self.space, SRGB, deep=False))

    def turned(self, how: Image.Transpose) -> Logo:
        """Return the logo with its pixels rotated."""
        return Logo(self.pixels.transpose(how), self.space, self.solid.transpose(how))

    def warnings(self, space: Space, levels: int = 255) -> list[str]:
        """Return what the space cannot show with samples of 0 to ``levels``, in words."""
        if space.key == self.space.key:
            return []
        used = [tuple(part / 255 for part in colour) for colour in _most_used(self.pixels, self.solid)]
        colours = [_rounded(seen) for seen in self.space.shown(used)] if used else []
        if space.samples == 1 and any(max(colour) - min(colour) > SEEN for colour in colours):
            return ["the picture is greyscale, and the logo's colours became grey"]
        return list(filter(None, (_not_shown("logo", space, colour, levels) for colour in colours)))[:1]


def _most_used(pixels: Image.Image, mask: Image.Image) -> list[Rgb]:
    """Return the colours that cover the most pixels under a mask; averages if there are very many."""
    only = Image.new("RGBA", pixels.size)
    only.paste(pixels, (0, 0), mask)
    counts = only.getcolors(1 << 12) or only.quantize(64, Image.Quantize.FASTOCTREE).convert("RGBA").getcolors(1024)
    found = [(count, value) for count, value in counts or [] if isinstance(value, tuple) and value[3] == 255]
    found.sort(key=lambda each: (-each[0], each[1]))
    return [(value[0], value[1], value[2]) for _, value in found[:_FEW_COLOURS]]


def _mask_of(pixels: Image.Image, colour: Rgb) -> Image.Image:
    """Return a mask: 255 where pixels have a colour."""
    planes = [
        channel.point([255 * (level == wanted) for level in range(256)])
        for channel, wanted in zip(pixels.split(), colour, strict=True)
    ]
    return ImageChops.darker(ImageChops.darker(planes[0], planes[1]), planes[2])


@lru_cache(maxsize=16)
def best_code(space: Space, colour: Rgb, most: int) -> tuple[int, ...]:
    """Return the samples, 0 to ``most``, whose displayed colour is nearest to an sRGB colour.

    A colour far outside the space stays where relative colorimetric intent puts it: the numerically nearest one
    would have another hue.
    """
    code = tuple(round(number * most) for number in space.encode(colour))
    if most > 255:  # neighbours are indistinguishable
        return code
    off = _distances(space, [code], colour)[0]
    # Rounding is off by at most one code, a profile's table by some more where inks are at their limit.
    for step in (8, 4, 2, 1) if isinstance(space, ProfileSpace) else (1,):
        while off[0] <= _WITHIN_REACH and (step == 1 or off[0] > 1):
            near = list(product(*(sorted({max(0, part - step), part, min(most, part + step)}) for part in code)))
            found, best = min(zip(_distances(space, near, colour), near, strict=True))
            if found >= off:
                break
            off, code = found, best
    return code


def _distances(space: Space, codes: list[tuple[int, ...]], colour: Rgb) -> list[tuple[float, float]]:
    """Return how far the displayed colours of 8-bit codes are from a colour: in the worst channel, and in total."""
    shown = space.shown([tuple(part / 255 for part in code) for code in codes])
    offs = [[abs(part - wanted) for part, wanted in zip(seen, colour, strict=True)] for seen in shown]
    return [(round(max(off), 1), round(sum(off), 1)) for off in offs]


def _not_shown(what: str, space: Space, colour: Rgb, levels: int) -> str:
    """Return a warning if a viewer shows a colour other than the requested one; otherwise an empty string."""
    code = best_code(space, colour, 255)
    (seen,) = space.shown([tuple(round(part * levels / 255) / levels for part in code)])
    if max(abs(part - wanted) for part, wanted in zip(seen, colour, strict=True)) <= SEEN:
        return ""
    shown = f"cannot be shown in the picture's colour space and was replaced by {_hex(seen)}"
    return f"the {what}'s colour {_hex(colour)} {shown}"


def _hex(colour: Vector | Rgb) -> str:
    return "#" + "".join(f"{part:02x}" for part in _rounded(colour))


def _rounded(colour: Vector | Rgb) -> Rgb:
    red, green, blue = (min(max(round(part), 0), 255) for part in colour)
    return red, green, blue


def _between(share: Image.Image, full: int, empty: int, *, deep: bool) -> Image.Image:
    levels = [empty + round((full - empty) * level / 255) for level in range(256)]
    return _deep(share, levels) if deep else share.point(levels)


def _deep(channel: Image.Image, levels: list[int]) -> Image.Image:
    """Return ``I;16``: a channel (``L``, or ``I`` from 0 to 65535) with its levels replaced by 16-bit ones."""
    halves = [
        channel.point([level & 255 for level in levels], "L"),
        channel.point([level >> 8 for level in levels], "L"),
    ]
    return Image.frombytes("I;16", channel.size, Image.merge("LA", halves).tobytes())


def _deepened(channels: Channels, *, deep: bool) -> Channels:
    return [_deep(channel, [257 * level for level in range(256)]) for channel in channels] if deep else channels


def _converted(pixels: Image.Image, source: RgbSpace, target: RgbSpace | GreySpace, *, deep: bool) -> Channels:
    """Return the channels of pixels converted from one space to another, via 16-bit light."""
    light = [
        channel.point([curve.decode(level / 255) for level in range(256)], "F")
        for channel, curve in zip(pixels.split(), source.curves, strict=True)
    ]
    gain = (1 - target.black) / (1 - source.black)
    lift = target.black - gain * source.black
    if isinstance(target, GreySpace):
        rows, whites, curves = [source.matrix[1]], [1.0], [target.curve]
    else:
        rows, curves = list(product_of(target.from_xyz, source.matrix)), list(target.curves)
        whites = list(applied(target.from_xyz, D50))
    return [
        _encoded(_mixed(light, [gain * share for share in row], lift * white), curve, deep=deep)
        for row, white, curve in zip(rows, whites, curves, strict=True)
    ]


def _mixed(light: Channels, row: Sequence[float], offset: float) -> Image.Image:
    """Return the weighted sum of light channels plus an offset, as numbers from 0 to 65535 (mode ``I``)."""
    mixed: Image.Image = ImageMath.lambda_eval(
        lambda names: names["convert"](
            names["min"](
                names["max"](
                    (names["r"] * row[0] + names["g"] * row[1] + names["b"] * row[2] + offset) * 65535 + 0.5, 0
                ),
                65535,
            ),
            "I",
        ),
        r=light[0],
        g=light[1],
        b=light[2],
    )
    return mixed


def _encoded(light: Image.Image, curve: Curve, *, deep: bool) -> Image.Image:
    if deep:
        return _deep(light, _table(curve, 65535))
    return light.point(_table(curve, 255), "L")


@lru_cache(maxsize=8)
def _table(curve: Curve, most: int) -> list[int]:
    return [round(curve.encode(light / 65535) * most) for light in range(65536)]


def _inks(pixels: Image.Image) -> Channels:
    """Return CMYK without a profile (see ``InkSpace``)."""
    red, green, blue = pixels.split()
    free: Image.Image = ImageMath.lambda_eval(
        lambda names: names["max"](names["max"](names["r"], names["g"]), names["b"]), r=red, g=green, b=blue
    )
    inks = [
        ImageMath.lambda_eval(
            lambda names: names["convert"](
                255 - (names["part"] * 255 + names["free"] / 2) / names["max"](names["free"], 1), "L"
            ),
            part=channel,
            free=free,
        )
        for channel in (red, green, blue)
    ]
    return [*inks, free.convert("L").point([255 - level for level in range(256)])]
