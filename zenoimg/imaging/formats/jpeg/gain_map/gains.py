"""Compute the codes of a gain map under a mark.

An opaque mark is as bright in HDR as in SDR: its gain is 1. Where the picture shows through, HDR and SDR are blended
in the same way, in the sample values that viewers blend in, and the gain is the ratio of the two results.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from PIL import Image, ImageMath

from zenoimg.imaging.formats.jpeg.gain_map.coverage import Coverage
from zenoimg.imaging.formats.jpeg.gain_map.metadata import Channel, GainMapMetadata

_LEAST_LIGHT = 1e-6
"""Replaces an offset of 0, to avoid a division by zero for black."""
_STEPS = 65_535
_ROOT = 0.25
"""Steps are uniform in the fourth root of a gain, so that they are finer than a code over 30 stops."""
_SAMPLES_AT_A_TIME = 1 << 19
"""Samples processed at a time; each takes about 60 bytes meanwhile."""


def codes_under(old: Image.Image, ground: Image.Image, covered: Coverage, metadata: GainMapMetadata) -> Image.Image:
    """Return the codes of a map's samples with the mark over them, in the mode of ``old`` (``L`` or ``RGB``).

    All pictures have the size of the coverage; ``ground`` is the picture without the mark, in ``RGB``.
    """
    if metadata.kind == "Apple":
        return _without_light(old, covered.alpha)
    codes = Image.new(old.mode, old.size)
    rows = max(1, _SAMPLES_AT_A_TIME // old.width)
    for top in range(0, old.height, rows):
        band = 0, top, old.width, min(top + rows, old.height)
        part = Coverage(band, covered.alpha.crop(band), covered.ink.crop(band))
        codes.paste(_band(old.crop(band), ground.crop(band), part, metadata), band)
    return codes


def _band(old: Image.Image, ground: Image.Image, covered: Coverage, metadata: GainMapMetadata) -> Image.Image:
    single = len(metadata.channels) == 1
    grounds = [ground.convert("L")] * 3 if single else list(ground.split())
    inks = [covered.ink.convert("L")] * 3 if single else list(covered.ink.split())
    channels = [
        _codes(code, grounds[index], inks[index], covered.alpha, metadata.channel(index))
        for index, code in enumerate(old.split())
    ]
    return channels[0] if len(channels) == 1 else Image.merge("RGB", channels)


def _without_light(old: Image.Image, alpha: Image.Image) -> Image.Image:
    """Return Apple's codes, in which 0 is a gain of 1, attenuated by the mark's coverage."""
    faded = old.copy()
    faded.paste(0 if old.mode == "L" else (0, 0, 0), (0, 0), alpha)
    return faded


def _codes(
    old: Image.Image, ground: Image.Image, ink: Image.Image, alpha: Image.Image, channel: Channel
) -> Image.Image:
    sdr, hdr = max(channel.offset_sdr, _LEAST_LIGHT), max(channel.offset_hdr, _LEAST_LIGHT)

    def steps(names: dict[str, Any]) -> Any:
        real = names["float"]
        share = real(names["alpha"]) / 255.0
        below, mark = real(names["ground"]) / 255.0, real(names["ink"]) / 255.0
        stops = (real(names["old"]) / 255.0) ** (1 / channel.gamma) * (channel.high - channel.low) + channel.low
        light = (_linear(below) + sdr) * 2.0**stops - hdr
        above = _encoded(light * (light > 0.0))
        shown_sdr = below * (1.0 - share) + mark * share
        shown_hdr = above * (1.0 - share) + mark * share
        gain = (_linear(shown_hdr) + hdr) / (_linear(shown_sdr) + sdr)
        return (gain / 2.0**channel.high) ** _ROOT * _STEPS + 0.5

    found: Image.Image = ImageMath.lambda_eval(steps, old=old, ground=ground, ink=ink, alpha=alpha)
    return found.point(lambda step: step * 1.0 + 0.0).convert("I").point(_code_of_step(channel), "L")


def _linear(value: Any) -> Any:
    """Return the linear light of sRGB values, which is the same for Display P3 (IEC 61966-2-1)."""
    return (value <= 0.04045) * value / 12.92 + (value > 0.04045) * ((value + 0.055) / 1.055) ** 2.4


def _encoded(light: Any) -> Any:
    return (light <= 0.0031308) * light * 12.92 + (light > 0.0031308) * (1.055 * light ** (1 / 2.4) - 0.055)


@lru_cache(16)
def _code_of_step(channel: Channel) -> list[int]:
    """Return the code for each of 65,536 gains, from 0 to the largest."""
    codes: list[int] = []
    for code in range(255):
        # The gain halfway to the next code.
        stops = channel.low + (channel.high - channel.low) * ((code + 0.5) / 255) ** (1 / channel.gamma)
        end = math.ceil(2.0 ** ((stops - channel.high) * _ROOT) * _STEPS)
        codes += [code] * (end - len(codes))
    return codes + [255] * (_STEPS + 1 - len(codes))
