"""Draws JPEGs with an HDR gain map, in the ways that phones, libultrahdr and Camera Raw write them."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image

from tests.drawn.pictures import Segment, jpeg, photo, segment_bytes, xmp_segment

ISO = b"urn:iso:std:iso:ts:21496:-1\0"
ISO_VERSION = ISO + bytes(4)
APPLE = "urn:com:apple:photo:2020:aux:hdrgainmap"
_NAMES = (
    'xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" xmlns:Container="http://ns.google.com/photos/1.0/container/" '
    'xmlns:Item="http://ns.google.com/photos/1.0/container/item/" '
    'xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" '
    'xmlns:apdi="http://ns.apple.com/pixeldatainfo/1.0/" xmlns:HDRGainMap="http://ns.apple.com/HDRGainMap/1.0/"'
)


@dataclass(frozen=True)
class Gain:
    """The meaning of a map's codes for each channel: stops at the codes 0 and 255, gamma, offsets of SDR and HDR."""

    low: Sequence[float] = (0.0,)
    high: Sequence[float] = (2.0,)
    gamma: Sequence[float] = (1.0,)
    offset_sdr: Sequence[float] = (1 / 64,)
    offset_hdr: Sequence[float] = (1 / 64,)

    @property
    def columns(self) -> Mapping[str, Sequence[float]]:
        """Return the numbers by XMP name."""
        names = ("GainMapMin", "GainMapMax", "Gamma", "OffsetSDR", "OffsetHDR")
        return dict(zip(names, (self.low, self.high, self.gamma, self.offset_sdr, self.offset_hdr), strict=True))


def iso_segment(gain: Gain, *, common_denominator: bool = False) -> Segment:
    """Write a map's metadata of ISO 21496-1."""
    channels = list(zip(*gain.columns.values(), strict=True))
    flags = (0x80 if len(channels) == 3 else 0) | 0x40 | (0x08 if common_denominator else 0)
    numbers = [0.0, max(gain.high), *(number for channel in channels for number in channel)]
    signs = "II" + "iiIii" * len(channels)
    scale = 1 << 16
    parts = [struct.pack(">HHB", 0, 0, flags), struct.pack(">I", scale) if common_denominator else b""]
    for sign, number in zip(signs, numbers, strict=True):
        parts.append(struct.pack(">" + sign, round(number * scale)))
        parts += [] if common_denominator else [struct.pack(">I", scale)]
    return 0xE2, ISO + b"".join(parts)


def xmp_gain_segment(gain: Gain, *, as_lists: bool = False, more: str = "") -> Segment:
    """Write a map's metadata in Adobe's XMP: as attributes, or as Camera Raw's lists."""
    attributes, body = f' hdrgm:Version="1.0" hdrgm:HDRCapacityMax="{max(gain.high)!r}"', ""
    for name, values in gain.columns.items():
        if as_lists:
            listed = "".join(f"<rdf:li>{value!r}</rdf:li>" for value in values)
            body += f"<hdrgm:{name}><rdf:Seq>{listed}</rdf:Seq></hdrgm:{name}>"
        else:
            attributes += f' hdrgm:{name}="{values[0]!r}"'
    return _xmp(attributes + more, body)


def apple_segment(headroom: float = 0.0) -> Segment:
    """Write the segment that identifies an Apple map, with the headroom, a factor, if there is one."""
    stated = f' HDRGainMap:HDRGainMapHeadroom="{headroom!r}"' if headroom else ""
    kind = f"<apdi:AuxiliaryImageType>{APPLE}</apdi:AuxiliaryImageType>"
    return _xmp(' HDRGainMap:HDRGainMapVersion="65536"' + stated, kind)


def directory_in_xmp(map_bytes: int, *, more: str = "", version: bool = True) -> Segment:
    """Write the declarations of the first picture: hdrgm:Version, and a directory of items with their lengths."""
    items = '<rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="image/jpeg" Item:Semantic="Primary"/></rdf:li>'
    items += more + (
        '<rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="image/jpeg" Item:Semantic="GainMap" '
        f'Item:Length="{map_bytes}"/></rdf:li>'
    )
    body = f"<Container:Directory><rdf:Seq>{items}</rdf:Seq></Container:Directory>"
    return _xmp(' hdrgm:Version="1.0"' if version else "", body)


def _xmp(attributes: str, body: str) -> Segment:
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    packet = (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{rdf}">'
        f'<rdf:Description rdf:about="" {_NAMES}{attributes}>{body}</rdf:Description></rdf:RDF></x:xmpmeta>'
    )
    return xmp_segment(packet.encode())


def smooth_map(size: tuple[int, int], channels: int = 1) -> Image.Image:
    """Draw a map of bright codes without noise."""
    grey = (
        Image.radial_gradient("L").resize(size, Image.Resampling.BICUBIC).point([80 + code // 2 for code in range(256)])
    )
    return grey if channels == 1 else Image.merge("RGB", (grey, grey.transpose(Image.Transpose.ROTATE_180), grey))


@dataclass(frozen=True)
class UltraHdr:
    """A JPEG with its map. ``declaring`` are segments of the picture, ``about`` those of the map.

    ``mpf_before`` is the marker (its second byte) that follows MPF; ``None``: MPF is right after ``declaring``.
    """

    picture: Image.Image = field(default_factory=lambda: photo((320, 240)))
    gain_map: Image.Image = field(default_factory=lambda: smooth_map((80, 60)))
    declaring: Sequence[Segment] = ((0xE2, ISO_VERSION),)
    about: Sequence[Segment] = (iso_segment(Gain()),)
    map_quality: int = 90
    map_subsampling: int = -1
    quality: int = 90
    between: Sequence[bytes] = ()
    order: str = ">"
    mpf_before: int | None = None
    mpf: bool = True
    stale: int = 0
    progressive: bool = False

    @property
    def map_bytes(self) -> bytes:
        """Return the map's file."""
        encoded = BytesIO()
        self.gain_map.save(encoded, "JPEG", quality=self.map_quality, subsampling=self.map_subsampling)
        data = encoded.getvalue()
        return data[:2] + b"".join(map(segment_bytes, self.about)) + data[2:]

    @property
    def data(self) -> bytes:
        """Return the file: the picture, what is in between, and the map. ``stale`` is added to MPF's numbers."""
        plain = jpeg(self.picture, quality=self.quality, subsampling=0, progressive=self.progressive)
        declaring = b"".join(map(segment_bytes, self.declaring))
        others = [*self.between, self.map_bytes]
        at = 2 if self.mpf_before is None else plain.index(bytes((0xFF, self.mpf_before)))
        mpf_bytes = len(self._directory([0] * (1 + len(others)), 0))
        lengths = [len(plain) + len(declaring) + mpf_bytes, *map(len, others)]
        directory = self._directory(lengths, len(declaring) + at + 8)
        head, rest = plain[2:at], plain[at:]
        return b"".join((plain[:2], declaring, head, directory, rest, *others))

    def _directory(self, lengths: Sequence[int], header: int) -> bytes:
        if not self.mpf:
            return b""
        starts = [sum(lengths[:index]) - header + self.stale if index else 0 for index in range(len(lengths))]
        return segment_bytes(mpf(self.order, [length + self.stale for length in lengths], starts))


def mpf(order: str, lengths: Sequence[int], starts: Sequence[int]) -> Segment:
    """Write a directory of pictures (CIPA DC-007), with the attributes that phones write."""
    tags = struct.pack(order + "HHI4s", 0xB000, 7, 4, b"0100")
    tags += struct.pack(order + "HHII", 0xB001, 4, 1, len(lengths))
    tags += struct.pack(order + "HHII", 0xB002, 7, 16 * len(lengths), 50)
    block = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, 3) + tags + bytes(4)
    for index, (length, start) in enumerate(zip(lengths, starts, strict=True)):
        block += struct.pack(order + "IIIHH", 0x030000 if index == 0 else 0, length, start, 0, 0)
    return 0xE2, b"MPF\0" + block


def mpf_entries(data: bytes) -> list[tuple[int, int]]:
    """Return offset and length of each picture of a file, as in its directory."""
    at = data.index(b"MPF\0") + 4
    order = "<" if data[at : at + 2] == b"II" else ">"
    (first,) = struct.unpack_from(order + "I", data, at + 4)
    (count,) = struct.unpack_from(order + "H", data, at + first)
    tags = {}
    for index in range(count):
        tag, _, number, value = struct.unpack_from(order + "HHII", data, at + first + 2 + 12 * index)
        tags[tag] = (number, value)
    assert tags[0xB002][0] == 16 * tags[0xB001][1]
    entries = []
    for index in range(tags[0xB001][1]):
        _, length, start, _, _ = struct.unpack_from(order + "IIIHH", data, at + tags[0xB002][1] + 16 * index)
        entries.append((start + at if index else start, length))
    return entries


def pictures_in(data: bytes) -> list[bytes]:
    """Return the files of all pictures, in the order of their directory."""
    return [data[start : start + length] for start, length in mpf_entries(data)]
