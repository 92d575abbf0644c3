"""Transfer curves: from a sample value (0 to 1) to light (0 to 1, more for HDR) and back."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol


class Curve(Protocol):
    """A transfer curve."""

    def decode(self, signal: float) -> float:
        """Return the light for a sample value; both are relative to white."""

    def encode(self, light: float) -> float:
        """Return the sample value (0 to 1) for a light, clipped to what can be stored."""

    def __hash__(self) -> int:
        """Return a hash, since curves are cache keys."""


@dataclass(frozen=True)
class Parametric:
    """``(a x + b) ** g + e`` from ``d`` on and ``c x + f`` below, as ICC.1:2022, 10.18, function type 4."""

    g: float
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0
    e: float = 0.0
    f: float = 0.0

    def decode(self, signal: float) -> float:
        """See ``Curve``."""
        if signal >= self.d:
            return math.pow(max(0.0, self.a * signal + self.b), self.g) + self.e
        return self.c * signal + self.f

    def encode(self, light: float) -> float:
        """See ``Curve``."""
        if light >= self.decode(1.0):  # also keeps the power below from overflowing
            return 1.0
        if light < self.decode(self.d) and self.c:
            return _clipped((light - self.f) / self.c)
        return _clipped((math.pow(max(0.0, light - self.e), 1 / self.g) - self.b) / self.a)


@dataclass(frozen=True)
class Table:
    """Equidistant samples of a rising curve, interpolated linearly."""

    values: tuple[float, ...]

    def decode(self, signal: float) -> float:
        """See ``Curve``."""
        place = _clipped(signal) * (len(self.values) - 1)
        index = min(int(place), len(self.values) - 2)
        return self.values[index] + (place - index) * (self.values[index + 1] - self.values[index])

    def encode(self, light: float) -> float:
        """See ``Curve``."""
        index = min(max(bisect_left(self.values, light), 1), len(self.values) - 1)
        low, high = self.values[index - 1], self.values[index]
        within = (light - low) / (high - low) if high > low else 0.0
        return _clipped((index - 1 + within) / (len(self.values) - 1))


def table_of(values: Sequence[float]) -> Table:
    """Return a curve from samples (0 to 1); where they fall, use the highest so far, so that it can be inverted."""
    return Table(tuple(accumulate(values, max)))


class Pq:
    """SMPTE ST 2084 with light relative to HDR reference white, 203 cd/m² by ITU-R BT.2408."""

    _WHITE = 203 / 10_000
    _M1, _M2 = 0.1593017578125, 78.84375
    _C1, _C2, _C3 = 0.8359375, 18.8515625, 18.6875

    def decode(self, signal: float) -> float:
        """See ``Curve``."""
        power = math.pow(_clipped(signal), 1 / self._M2)
        return math.pow(max(0.0, power - self._C1) / (self._C2 - self._C3 * power), 1 / self._M1) / self._WHITE

    def encode(self, light: float) -> float:
        """See ``Curve``."""
        power = math.pow(max(0.0, light) * self._WHITE, self._M1)
        return _clipped(math.pow((self._C1 + self._C2 * power) / (1 + self._C3 * power), self._M2))


class Hlg:
    """The OETF of ITU-R BT.2100 HLG with light relative to reference white, a signal of 0.75 by ITU-R BT.2408."""

    _A = 0.17883277
    _B, _C = 1 - 4 * _A, 0.5 - _A * math.log(4 * _A)
    _WHITE = (math.exp((0.75 - _C) / _A) + _B) / 12

    def decode(self, signal: float) -> float:
        """See ``Curve``."""
        signal = _clipped(signal)
        scene = signal * signal / 3 if signal <= 0.5 else (math.exp((signal - self._C) / self._A) + self._B) / 12
        return scene / self._WHITE

    def encode(self, light: float) -> float:
        """See ``Curve``."""
        scene = max(0.0, light) * self._WHITE
        return _clipped(math.sqrt(3 * scene) if scene <= 1 / 12 else self._A * math.log(12 * scene - self._B) + self._C)


SRGB = Parametric(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
"""IEC 61966-2-1."""

REC_709 = Parametric(1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081)
"""ITU-R BT.709, the inverse of the camera's curve; the same for BT.601 and BT.2020."""

SMPTE_240M = Parametric(1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 1 / 4.0, 0.0912)
LINEAR = Parametric(1.0)


def _clipped(value: float) -> float:
    return min(max(value, 0.0), 1.0)
