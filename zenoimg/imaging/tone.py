"""The mark's brightness in HDR pictures, where the highest sample is far brighter than paper white."""

from __future__ import annotations

import math

from PIL import Image

PQ, HLG = 16, 18
"""Transfer characteristics of ITU-T H.273, table 3: SMPTE ST 2084 and ITU-R BT.2100 hybrid log-gamma."""

_WHITE_NITS = 203.0
"""HDR reference white, ITU-R BT.2408."""

_HLG_WHITE = 0.75
"""The HLG signal of the same white, ITU-R BT.2408."""


def toned(mark: Image.Image, transfer: int) -> Image.Image:
    """Give an RGBA mark (sRGB) with its white at the reference white of a transfer; as it is for SDR ones."""
    encode = {PQ: _pq_signal, HLG: _hlg_signal}.get(transfer)
    if encode is None:
        return mark
    levels = [round(255 * encode(_linear(level / 255))) for level in range(256)]
    return mark.point(levels * 3 + list(range(256)))


def _linear(signal: float) -> float:
    """Undo the sRGB transfer, IEC 61966-2-1."""
    return signal / 12.92 if signal <= 0.04045 else math.pow((signal + 0.055) / 1.055, 2.4)


def _pq_signal(light: float) -> float:
    """SMPTE ST 2084, inverse EOTF, for light relative to reference white."""
    power = math.pow(light * _WHITE_NITS / 10_000, 0.1593017578125)
    return math.pow((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power), 78.84375)


def _hlg_signal(light: float) -> float:
    """ITU-R BT.2100 HLG OETF, for light relative to reference white."""
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * math.log(4 * a)
    scene = light * (math.exp((_HLG_WHITE - c) / a) + b) / 12
    return math.sqrt(3 * scene) if scene <= 1 / 12 else a * math.log(12 * scene - b) + c
