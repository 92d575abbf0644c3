"""Render the HDR of a JPEG with a gain map by the published formulas, for the kinds that libultrahdr does not read.

It shares no code with the product: the directory of pictures is read by ``tests.drawn``, metadata by ``ElementTree``,
pixels by Pillow. Formulas: ISO 21496-1, Adobe's gain map specification 1.0, Apple's "Applying Apple HDR effect to your
photos". Light is linear and 1 is SDR white, at a display that shows the map in full.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

import pytest
from PIL import Image

from tests.drawn.pictures import jpeg_segments
from tests.drawn.ultra_hdr import ISO, pictures_in

numpy: Any = pytest.importorskip("numpy")

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_ADOBE = "{http://ns.adobe.com/hdr-gain-map/1.0/}"
_APPLE = "{http://ns.apple.com/HDRGainMap/1.0/}"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_DEFAULTS = {"GainMapMin": "0", "Gamma": "1", "OffsetSDR": str(1 / 64), "OffsetHDR": str(1 / 64)}


@dataclass(frozen=True)
class Meaning:
    """The meaning of a map's codes: an array of one or three numbers for each name, or Apple's headroom, a factor."""

    columns: Mapping[str, Any]
    headroom: float = 0.0

    def light(self, sdr: Any, codes: Any) -> Any:
        """Return HDR light for SDR light and codes between 0 and 1, both height x width x channels."""
        if self.headroom:
            return sdr * (1 + (self.headroom - 1) * linear(codes))
        low, high, gamma, offset_sdr, offset_hdr = self.columns.values()
        return (sdr + offset_sdr) * 2 ** (low + (high - low) * codes ** (1 / gamma)) - offset_hdr


def rendered(data: bytes, *, centred: bool = False) -> Any:
    """Return the light of a file with a gain map, height x width x 3.

    A sample of the map lies on the first pixel of its cell, and those between are weighted by their distance, as
    libultrahdr does it; ``centred``: on the middle of the cell, between linearly, as libvips does it.
    """
    base, gain_map = pictures_in(data)
    sdr = in_sdr(base)
    with Image.open(BytesIO(gain_map)) as opened:
        codes = numpy.asarray(opened).astype("f8") / 255
    codes = codes if codes.ndim == 3 else codes[..., None]
    return meaning_of(gain_map).light(sdr, interpolated(codes, sdr.shape, centred=centred))


def in_sdr(data: bytes) -> Any:
    """Return the light of a JPEG's first picture, height x width x 3."""
    with Image.open(BytesIO(data)) as picture:
        return linear(numpy.asarray(picture.convert("RGB")) / 255)


def linear(value: Any) -> Any:
    """Return linear light for sRGB values (IEC 61966-2-1)."""
    return numpy.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def meaning_of(gain_map: bytes) -> Meaning:
    """Return the metadata in a map's own segments."""
    for marker, payload in jpeg_segments(gain_map):
        if marker == 0xE2 and payload.startswith(ISO):
            return _by_iso(payload[len(ISO) :])
    (packet,) = [payload for marker, payload in jpeg_segments(gain_map) if marker == 0xE1 and payload.startswith(_XMP)]
    return _by_xmp(packet[len(_XMP) :])


def _by_iso(payload: bytes) -> Meaning:
    """Read fractions, each with its own denominator."""
    count = 3 if payload[4] & 0x80 else 1
    rows = [struct.unpack_from(">iIiIIIiIiI", payload, 21 + 40 * channel) for channel in range(count)]
    fractions = [[row[index] / row[index + 1] for index in range(0, 10, 2)] for row in rows]
    names = ("low", "high", "gamma", "offset_sdr", "offset_hdr")
    return Meaning(
        {name: numpy.array(column) for name, column in zip(names, zip(*fractions, strict=True), strict=True)}
    )


def _by_xmp(packet: bytes) -> Meaning:
    values: dict[str, Sequence[str]] = {}
    for description in ElementTree.fromstring(packet).iter(f"{_RDF}Description"):
        values |= {name: [value] for name, value in description.attrib.items()}
        values |= {
            each.tag: [item.text or "" for item in each.iter(f"{_RDF}li")] or [each.text or ""] for each in description
        }
    if f"{_APPLE}HDRGainMapHeadroom" in values:
        return Meaning({}, float(values[f"{_APPLE}HDRGainMapHeadroom"][0]))
    names = ("GainMapMin", "GainMapMax", "Gamma", "OffsetSDR", "OffsetHDR")
    texts = {name: values.get(_ADOBE + name) or [_DEFAULTS[name]] for name in names}
    return Meaning({name: numpy.array([float(text) for text in each]) for name, each in texts.items()})


def interpolated(codes: Any, shape: Sequence[int], *, centred: bool = False) -> Any:
    """Return the codes of a map for each pixel; the picture's size is a multiple of the map's."""
    scale = shape[0] // codes.shape[0]
    assert tuple(shape[:2]) == (codes.shape[0] * scale, codes.shape[1] * scale)
    places = [(numpy.arange(length) + (0.5 - scale / 2 if centred else 0)) / scale for length in shape[:2]]
    ends = [length - 1 for length in codes.shape[:2]]
    first = [numpy.clip(numpy.floor(place), 0, end).astype(int) for place, end in zip(places, ends, strict=True)]
    second = [numpy.minimum(numpy.floor(place).astype(int) + 1, end) for place, end in zip(places, ends, strict=True)]
    near = [place - numpy.floor(place) for place in places]
    # After the last sample there is no second one, so it is repeated.
    far = [numpy.where(one == other, here, 1 - here) for one, other, here in zip(first, second, near, strict=True)]
    weighted, total = 0.0, 0.0
    for rows, from_row in ((first[0], near[0]), (second[0], far[0])):
        for columns, from_column in ((first[1], near[1]), (second[1], far[1])):
            if centred:
                weight = (1 - from_row)[:, None] * (1 - from_column)[None]
            else:
                weight = _by_distance(from_row, from_column)
            weighted = weighted + weight[..., None] * codes[rows][:, columns]
            total = total + weight[..., None]
    return weighted / total


def _by_distance(rows: Any, columns: Any) -> Any:
    """Return Shepard's weights, one over the distance: practically infinite at a sample."""
    return 1 / numpy.maximum(numpy.hypot(rows[:, None], columns[None]), 1e-9)
