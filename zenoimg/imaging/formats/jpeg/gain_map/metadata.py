"""Read the metadata that define the codes of a gain map.

Sources: ISO 21496-1 (annex C, as libultrahdr 1.4 and libavif 1.4 write it), Adobe's gain map specification 1.0 (XMP),
and for Apple's maps its published formula: HDR = SDR · (1 + (headroom − 1) · linear(code)).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from zenoimg.imaging.metadata.names import GAIN_MAP_NS
from zenoimg.imaging.metadata.xmp import Name

ISO = b"urn:iso:std:iso:ts:21496:-1\0"
APPLE_NS = "http://ns.apple.com/HDRGainMap/1.0/"
_VERSION_BYTES = 4
_MULTICHANNEL, _BASE_COLOURS, _COMMON_DENOMINATOR = 0x80, 0x40, 0x08
_LARGEST_STOPS = 16.0
"""Larger than in any file, where it is at most 15."""


class UnknownMapError(ValueError):
    """The metadata cannot be read, or describe a map that cannot be kept; the text says why."""


@dataclass(frozen=True)
class Channel:
    """One channel: ``low`` and ``high`` (in stops, at codes 0 and 255), gamma, and the offsets in linear light."""

    low: float
    high: float
    gamma: float = 1.0
    offset_sdr: float = 1 / 64
    offset_hdr: float = 1 / 64


@dataclass(frozen=True)
class GainMapMetadata:
    """One channel for all three colours, or three. ``kind`` is its source; Apple's has neither stops nor gamma.

    ``headrooms`` are those of displays at which the map starts to apply and applies fully, in stops; ``None``
    if they are not stated. ``in_base_colours`` is set if it applies in the picture's own colour space.
    """

    kind: Literal["ISO 21496-1", "XMP", "Apple"]
    channels: tuple[Channel, ...]
    headrooms: tuple[float, float] | None = None
    in_base_colours: bool = True

    @property
    def stated_headrooms(self) -> tuple[float, float]:
        """The headrooms, by default 0 and the maximum of all channels."""
        return self.headrooms or (0.0, max(0.0, *(channel.high for channel in self.channels)))

    def channel(self, index: int) -> Channel:
        """Return the channel for a colour, 0 to 2."""
        return self.channels[index] if len(self.channels) > 1 else self.channels[0]


APPLE = GainMapMetadata("Apple", (Channel(0, 1, 1, 0, 0),))


def iso_metadata(payload: bytes) -> GainMapMetadata:
    """Return the metadata in an ISO segment, given the payload after the identifier. Raises ``UnknownMapError``."""
    try:
        minimum, _writer, flags = struct.unpack_from(">HHB", payload)
        if minimum:
            raise UnknownMapError(f"ISO 21496-1 version {minimum} is not known")
        count = 3 if flags & _MULTICHANNEL else 1
        rows = _rows_of_one_denominator(payload, count) if flags & _COMMON_DENOMINATOR else _rows(payload, count)
    except (struct.error, ZeroDivisionError) as failure:
        raise UnknownMapError("its ISO 21496-1 metadata are damaged") from failure
    (base, alternate), *rows_of_channels = rows
    if base > alternate:
        raise UnknownMapError("the picture itself is HDR, and the map leads to SDR")
    channels = tuple(_checked(Channel(*row)) for row in rows_of_channels)
    return GainMapMetadata("ISO 21496-1", channels, (base, alternate), bool(flags & _BASE_COLOURS))


def xmp_metadata(values: Mapping[Name, Sequence[str]]) -> GainMapMetadata:
    """Return the metadata in Adobe's properties, each with one value or three. Raises ``UnknownMapError``."""
    if values.get((GAIN_MAP_NS, "BaseRenditionIsHDR"), ["False"])[0].strip().lower() == "true":
        raise UnknownMapError("the picture itself is HDR, and the map leads to SDR")
    names = {"GainMapMin": 0.0, "GainMapMax": None, "Gamma": 1.0, "OffsetSDR": 1 / 64, "OffsetHDR": 1 / 64}
    columns = [_numbers(values, name, default) for name, default in names.items()]
    count = max(map(len, columns))
    if any(len(column) not in (1, count) for column in columns) or count not in (1, 3):
        raise UnknownMapError("its XMP has neither one value nor three for each property")
    rows = zip(*(column if len(column) == count else column * count for column in columns), strict=True)
    channels = tuple(_checked(Channel(*row)) for row in rows)
    return GainMapMetadata("XMP", channels, _capacities(values))


def _capacities(values: Mapping[Name, Sequence[str]]) -> tuple[float, float] | None:
    """Return the headrooms that XMP states, the first of which is 0 by default; ``None`` where they make no sense.

    A viewer of the source has to do without them as well.
    """
    if (GAIN_MAP_NS, "HDRCapacityMax") not in values:
        return None
    try:
        least, most = (_numbers(values, name, 0.0)[0] for name in ("HDRCapacityMin", "HDRCapacityMax"))
    except UnknownMapError:
        return None
    return (least, most) if 0 <= least < most <= _LARGEST_STOPS else None


def _numbers(values: Mapping[Name, Sequence[str]], name: str, default: float | None) -> list[float]:
    texts = values.get((GAIN_MAP_NS, name))
    if not texts:
        if default is None:
            raise UnknownMapError(f"its XMP has no {name}")
        return [default]
    try:
        return [float(text) for text in texts]
    except ValueError as failure:
        raise UnknownMapError(f"its XMP has a {name} that is not a number") from failure


def _rows(payload: bytes, count: int) -> list[list[float]]:
    """Return the headrooms and each channel's five numbers, each with its own numerator and denominator."""
    one = struct.Struct(">II")
    headrooms = [_fraction(one, payload, 5 + 8 * index) for index in range(2)]
    signs = "iiIii"
    return [
        headrooms,
        *(
            [
                _fraction(struct.Struct(f">{sign}I"), payload, 21 + 40 * channel + 8 * index)
                for index, sign in enumerate(signs)
            ]
            for channel in range(count)
        ),
    ]


def _rows_of_one_denominator(payload: bytes, count: int) -> list[list[float]]:
    denominator, *headrooms = struct.unpack_from(">III", payload, 5)
    rows = [[float(numerator) for numerator in headrooms]]
    rows += [[*map(float, struct.unpack_from(">iiIii", payload, 17 + 20 * channel))] for channel in range(count)]
    return [[numerator / denominator for numerator in row] for row in rows]


def _fraction(pair: struct.Struct, payload: bytes, at: int) -> float:
    numerator, denominator = pair.unpack_from(payload, at)
    return float(numerator / denominator)


def _checked(channel: Channel) -> Channel:
    numbers = (channel.low, channel.high, channel.gamma, channel.offset_sdr, channel.offset_hdr)
    if not all(map(math.isfinite, numbers)) or channel.gamma <= 0 or channel.high < channel.low:
        raise UnknownMapError("its metadata are not those of a gain map")
    if max(abs(channel.low), abs(channel.high)) > _LARGEST_STOPS or min(numbers[3:]) < 0:
        raise UnknownMapError("its metadata are beyond what a picture can have")
    if channel.low > 0 or channel.high < 0:
        raise UnknownMapError("no code of it means a gain of 1, which the mark needs")
    return channel
