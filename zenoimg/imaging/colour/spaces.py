"""The kinds of colour spaces that pictures have.

Sample values are 0 to 1. ``encode`` converts an sRGB colour (0 to 255) to them, ``shown`` converts them back: to what a
colour-managed viewer shows on an sRGB screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from zenoimg.imaging.colour.curves import SRGB as SRGB_CURVE
from zenoimg.imaging.colour.curves import Curve
from zenoimg.imaging.colour.primaries import BT_709, D50, Matrix, Vector, applied, inverse, to_xyz

Rgb = tuple[int, int, int]
"""A colour in sRGB, 0 to 255."""

Numbers = tuple[float, ...]


class Space(Protocol):
    """A colour space; equal ones have the same ``key``."""

    @property
    def key(self) -> str:
        """The identity of the space."""

    @property
    def samples(self) -> int:
        """The number of samples per pixel."""

    def encode(self, colour: Rgb) -> Numbers:
        """Return the sample values for an sRGB colour, clipped to what can be stored."""

    def shown(self, several: Sequence[Numbers]) -> list[Vector]:
        """Return what a viewer shows for each tuple of sample values, in sRGB, 0 to 255."""

    def __hash__(self) -> int:
        """Return a hash, since spaces are cache keys."""


@dataclass(frozen=True)
class RgbSpace:
    """RGB with three curves and a matrix to XYZ."""

    key: str
    curves: tuple[Curve, Curve, Curve] = field(compare=False, repr=False)
    matrix: Matrix = field(compare=False, repr=False)
    samples: int = 3

    @cached_property
    def from_xyz(self) -> Matrix:
        """The inverse of ``matrix``."""
        return inverse(self.matrix)

    @cached_property
    def black(self) -> float:
        """The light that remains where all sample values are 0."""
        red, green, blue = (curve.decode(0.0) for curve in self.curves)
        return _as_black(applied(self.matrix, (red, green, blue))[1])

    def encode(self, colour: Rgb) -> Numbers:
        """See ``Space``."""
        linear = applied(self.from_xyz, _raised(xyz_of(colour), self.black))
        return tuple(curve.encode(light) for curve, light in zip(self.curves, linear, strict=True))

    def shown(self, several: Sequence[Numbers]) -> list[Vector]:
        """See ``Space``."""
        return [self._shown((red, green, blue)) for red, green, blue in several]

    def _shown(self, numbers: Vector) -> Vector:
        red, green, blue = (curve.decode(value) for curve, value in zip(self.curves, numbers, strict=True))
        return _srgb_of(_lowered(applied(self.matrix, (red, green, blue)), self.black))


@dataclass(frozen=True)
class GreySpace:
    """Grey with one curve, which encodes the luminance of a colour."""

    key: str
    curve: Curve = field(compare=False, repr=False)
    samples: int = 1

    @cached_property
    def black(self) -> float:
        """The light that remains where the sample value is 0."""
        return _as_black(self.curve.decode(0.0))

    def encode(self, colour: Rgb) -> Numbers:
        """See ``Space``."""
        return (self.curve.encode(_raised(xyz_of(colour), self.black)[1]),)

    def shown(self, several: Sequence[Numbers]) -> list[Vector]:
        """See ``Space``."""
        lights = [self.curve.decode(numbers[0]) for numbers in several]
        greys = [(D50[0] * light, D50[1] * light, D50[2] * light) for light in lights]
        return [_srgb_of(_lowered(xyz, self.black)) for xyz in greys]


@dataclass(frozen=True)
class InkSpace:
    """CMYK without a profile, as viewers show it: each ink absorbs its share of the light that the others let through.

    libjpeg-turbo, Pillow and browsers convert it in this way: ``red = (1 - cyan) * (1 - black)``.
    """

    key: str = "cmyk"
    samples: int = 4

    def encode(self, colour: Rgb) -> Numbers:
        """See ``Space``."""
        white = max(colour)
        return (*(1 - part / white if white else 0.0 for part in colour), 1 - white / 255)

    def shown(self, several: Sequence[Numbers]) -> list[Vector]:
        """See ``Space``."""
        found = []
        for cyan, magenta, yellow, black in several:
            free = 255 * (1 - black)
            found.append(((1 - cyan) * free, (1 - magenta) * free, (1 - yellow) * free))
        return found


SRGB = RgbSpace("srgb", (SRGB_CURVE, SRGB_CURVE, SRGB_CURVE), to_xyz(BT_709))
SRGB_GREY = GreySpace("srgb-grey", SRGB_CURVE)
INKS = InkSpace()

_MOST_BLACK = 0.184
_SRGB_LIGHT = [SRGB_CURVE.decode(level / 255) for level in range(256)]


def xyz_of(colour: Rgb) -> Vector:
    """Return CIE XYZ relative to D50 for an sRGB colour."""
    red, green, blue = colour
    return applied(SRGB.matrix, (_SRGB_LIGHT[red], _SRGB_LIGHT[green], _SRGB_LIGHT[blue]))


def _as_black(luminance: float) -> float:
    """Return a luminance as the black point to compensate for, at most that of L* 50."""
    return min(max(luminance, 0.0), _MOST_BLACK)


def _raised(xyz: Vector, black: float) -> Vector:
    """Return a colour with black moved to a black point and white unchanged (ISO 18619, 4.3)."""
    x, y, z = (part * (1 - black) + white * black for part, white in zip(xyz, D50, strict=True))
    return x, y, z


def _lowered(xyz: Vector, black: float) -> Vector:
    """Return the inverse of ``_raised``."""
    x, y, z = ((part - white * black) / (1 - black) for part, white in zip(xyz, D50, strict=True))
    return x, y, z


def _srgb_of(xyz: Vector) -> Vector:
    red, green, blue = applied(SRGB.from_xyz, xyz)
    return 255 * SRGB_CURVE.encode(red), 255 * SRGB_CURVE.encode(green), 255 * SRGB_CURVE.encode(blue)
