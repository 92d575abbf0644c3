"""Find the gain map of a source: which of its further pictures it is, and what declares it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zenoimg.imaging.formats.jpeg.gain_map.directory import Directory, read_directory
from zenoimg.imaging.formats.jpeg.gain_map.fields import xmp_values
from zenoimg.imaging.formats.jpeg.gain_map.metadata import (
    APPLE,
    APPLE_NS,
    ISO,
    GainMapMetadata,
    UnknownMapError,
    iso_metadata,
    xmp_metadata,
)
from zenoimg.imaging.formats.jpeg.stream import APP1, APP2, JpegStream
from zenoimg.imaging.formats.jpeg.trailer import Further
from zenoimg.imaging.formats.jpeg.xmp import XMP
from zenoimg.imaging.metadata.names import CAMERA_NS, GAIN_MAP_NS
from zenoimg.imaging.metadata.xmp import Name

ITEM_NS = "http://ns.google.com/photos/1.0/container/item/"
_APPLE_TYPE = "urn:com:apple:photo:2020:aux:hdrgainmap"
_NAMES = tuple(name.encode() for name in (GAIN_MAP_NS, APPLE_NS, _APPLE_TYPE, ITEM_NS, CAMERA_NS))
_DECODABLE = (0xC0, 0xC1, 0xC2)
_COARSEST = 32
"""Maximum pixels of the picture, across and down, per sample; files have at most 8."""


@dataclass(frozen=True)
class Declarations:
    """What in a picture declares a map: ISO's version segment, a version in XMP, a directory in XMP.

    ``video`` is set if it declares the video of a motion photo.
    """

    iso: bytes = b""
    version: str = ""
    has_directory: bool = False
    video: bool = False

    @property
    def map(self) -> bool:
        """Whether anything declares a map."""
        return bool(self.iso or self.version or self.has_directory)


@dataclass(frozen=True)
class SourceMap:
    """A gain map: its file, its parsed stream, and the meaning of its codes."""

    data: bytes
    stream: JpegStream
    metadata: GainMapMetadata
    declared: Declarations
    directory: Directory


def declarations(stream: JpegStream) -> Declarations:
    """Return what the first picture in a file declares."""
    iso = next(
        (_iso_payload(segment.payload) for segment in stream.segments if _is_iso(segment.marker, segment.payload)), b""
    )
    values = _xmp_of(stream)
    version = next(iter(values.get((GAIN_MAP_NS, "Version"), [])), "")
    semantics = values.get((ITEM_NS, "Semantic"), [])
    video = any(values.get((CAMERA_NS, name), ["0"])[0] == "1" for name in ("MotionPhoto", "MicroVideo"))
    return Declarations(iso, version, "GainMap" in semantics or "RecoveryMap" in semantics, video)


def map_in(stream: JpegStream, further: Sequence[Further], declared: Declarations) -> SourceMap | None:
    """Return the gain map among the pictures after the first one, or ``None`` if there is none.

    ``declared`` is what the first one declares. Raises ``UnknownMapError`` for a map that cannot be kept.
    """
    for picture in further:
        metadata = _metadata_of(picture.stream)
        if metadata is None:
            continue
        _check(picture.stream, stream, metadata)
        return SourceMap(picture.data, picture.stream, metadata, declared, read_directory(stream, picture.number))
    return None


def _metadata_of(stream: JpegStream) -> GainMapMetadata | None:
    for segment in stream.segments:
        if _is_iso(segment.marker, segment.payload) and len(segment.payload) > len(ISO) + 4:
            return iso_metadata(_iso_payload(segment.payload))
    values = _xmp_of(stream)
    if any(namespace == GAIN_MAP_NS for namespace, _ in values):
        return xmp_metadata(values)
    if any(namespace == APPLE_NS for namespace, _ in values) or [_APPLE_TYPE] in values.values():
        return APPLE
    return None


def _check(stream: JpegStream, picture: JpegStream, metadata: GainMapMetadata) -> None:
    channels = len(stream.components)
    if stream.frame_marker not in _DECODABLE or stream.precision != 8 or channels not in (1, 3):
        raise UnknownMapError("it is not a grey or colour JPEG of 8 bits")
    if len(metadata.channels) > channels:
        raise UnknownMapError("its metadata have more channels than it")
    if stream.width > picture.width or stream.height > picture.height:
        raise UnknownMapError("it is larger than the picture")
    if stream.width * _COARSEST < picture.width or stream.height * _COARSEST < picture.height:
        raise UnknownMapError("it is far smaller than the picture")


def _xmp_of(stream: JpegStream) -> dict[Name, list[str]]:
    packet = next(
        (
            segment.payload[len(XMP) :]
            for segment in stream.segments
            if segment.marker == APP1 and segment.payload.startswith(XMP)
        ),
        b"",
    )
    return xmp_values(packet) if any(name in packet for name in _NAMES) else {}


def _is_iso(marker: int, payload: bytes) -> bool:
    return marker == APP2 and payload.startswith(ISO)


def _iso_payload(payload: bytes) -> bytes:
    return payload[len(ISO) :]
