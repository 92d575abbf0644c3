"""Aim below code 0 under an opaque mark, where 0 is "no gain", so that the ringing of a hard edge is clipped.

The quantization tables of maps are coarse, and a decoder clips values below 0. A JPEG encoder accepts no samples
below 0 either, so those of a block are drawn lighter by some codes, and its first coefficient is lowered by as much.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from zenoimg.imaging.formats.jpeg.gain_map.metadata import GainMapMetadata
from zenoimg.imaging.formats.jpeg.stream import DQT, JpegStream, is_coded_rgb

_DEVIATIONS = 5
_LEAST, _MOST = 8, 100
_COEFFICIENTS, _SIDE = 64, 8


@dataclass(frozen=True)
class Undershoot:
    """How far below 0 to aim: ``codes``, which correspond to ``steps`` of a block's first coefficient."""

    codes: int
    steps: int

    def drawn(self, samples: Image.Image, core: Image.Image) -> Image.Image:
        """Return samples drawn lighter, and darkest where ``core`` is set; in grey, so that no chroma rings into it."""
        lighter = samples.convert("L").point([min(255, code + self.codes) for code in range(256)])
        lighter.paste(0, (0, 0), core)
        return lighter.convert(samples.mode)


def undershoot_for(stream: JpegStream, metadata: GainMapMetadata) -> Undershoot | None:
    """Return how far below 0 to aim with a map's tables; ``None`` if 0 is not a gain of 1, or tables are unknown."""
    table = _table(stream, stream.components[0].table)
    if len(set(metadata.channels)) > 1 or not table or is_coded_rgb(stream):
        return None
    if metadata.channels[0].low != 0 or metadata.channels[0].offset_sdr != metadata.channels[0].offset_hdr:
        return None
    # Rounding a coefficient has a standard deviation of its step divided by √12; in a sample, all of them add up.
    deviation = math.sqrt(sum(step * step for step in table) / 12) / _SIDE
    wanted = min(_MOST, max(_LEAST, _DEVIATIONS * deviation))
    # The first coefficient is 8 times the mean: a whole number of steps must be a whole number of codes.
    codes = math.lcm(table[0], _SIDE) // _SIDE
    codes *= math.ceil(wanted / codes)
    return Undershoot(codes, codes * _SIDE // table[0])


def _table(stream: JpegStream, number: int) -> Sequence[int]:
    """Return the steps of a quantization table, starting with the first coefficient's (ITU-T T.81, B.2.4.1)."""
    found: Sequence[int] = ()
    for segment in stream.segments:
        payload = segment.payload if segment.marker == DQT else b""
        while payload:
            width = 2 if payload[0] >> 4 else 1
            length = 1 + width * _COEFFICIENTS
            if payload[0] & 15 == number and len(payload) >= length:
                found = [int.from_bytes(payload[at : at + width], "big") for at in range(1, length, width)]
            payload = payload[length:]
    return found if all(found) else ()
