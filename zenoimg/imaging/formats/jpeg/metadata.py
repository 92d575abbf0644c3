"""Which of a JPEG's application segments and comments its copy keeps, and in what form.

XMP comes in segments (XMP Specification Part 3, 1.1.3): one packet, and an extension over many segments.
"""

from __future__ import annotations

import hashlib
import struct

from zenoimg.imaging.formats.jpeg.stream import (
    APP0,
    APP1,
    APP2,
    APP11,
    APP13,
    APP14,
    COM,
    MAX_PAYLOAD,
    JpegStream,
    Segment,
)
from zenoimg.imaging.metadata.exif import DamagedExif, only_orientation, orientation_of, patched
from zenoimg.imaging.metadata.photoshop import DamagedResources, patched_resources
from zenoimg.imaging.metadata.xmp import (
    DamagedXmp,
    PropertyTest,
    is_directory_of_pictures,
    is_location,
    is_preview,
    without_properties,
)
from zenoimg.imaging.recipe import MetadataPolicy

XMP = b"http://ns.adobe.com/xap/1.0/\0"
XMP_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_NOTE = "http://ns.adobe.com/xmp/note/"
_GUID_BYTES = 32
_EXTENSION_HEAD = len(XMP_EXTENSION) + _GUID_BYTES + 8


def kept_xmp(segments: list[Segment], *, location: bool, alone: bool, warnings: list[str]) -> list[Segment]:
    """Give the XMP segments of the copy: without previews, and without location unless it stays.

    ``alone`` tells that pictures behind the first are left out, so that what lists them goes too. Adds to
    ``warnings`` what had to be left out.
    """

    def goes(namespace: str, name: str) -> bool:
        return (
            is_preview(namespace, name)
            or (not location and is_location(namespace, name))
            or (alone and is_directory_of_pictures(namespace, name))
        )

    packets = [segment.payload for segment in segments if segment.payload.startswith(XMP)]
    if not packets:
        return []
    if len(packets) > 1:
        warnings.append("a second XMP packet, which no reader looks at, was left out")
    try:
        packet = without_properties(packets[0][len(XMP) :], goes)
    except DamagedXmp as damage:
        warnings.append(f"XMP is damaged ({damage}) and was left out")
        return []
    extension, packet = _kept_extension(segments, packet, goes, warnings)
    return [Segment(APP1, XMP + packet), *extension]


def _kept_extension(
    segments: list[Segment], packet: bytes, goes: PropertyTest, warnings: list[str]
) -> tuple[list[Segment], bytes]:
    """Give the segments of the extension, and the packet with the extension's new digest in it."""
    parts = [
        segment.payload[len(XMP_EXTENSION) :]
        for segment in segments
        if segment.payload.startswith(XMP_EXTENSION) and len(segment.payload) >= _EXTENSION_HEAD
    ]
    named = [part for part in parts if part[:_GUID_BYTES] in packet]
    if not named:
        return [], packet
    guid = named[0][:_GUID_BYTES]
    try:
        extension = without_properties(_joined([part for part in named if part.startswith(guid)]), goes)
    except DamagedXmp as damage:
        warnings.append(f"extended XMP is damaged ({damage}) and was left out")
        return [], without_properties(packet, lambda space, name: (space, name) == (_NOTE, "HasExtendedXMP"))
    digest = hashlib.md5(extension, usedforsecurity=False).hexdigest().upper().encode()
    return _cut(extension, digest), packet.replace(guid, digest)


def _joined(parts: list[bytes]) -> bytes:
    (length,) = struct.unpack_from(">I", parts[0], _GUID_BYTES)
    pieces = sorted((struct.unpack_from(">I", part, _GUID_BYTES + 4)[0], part) for part in parts)
    extension = b"".join(part[_GUID_BYTES + 8 :] for _, part in pieces)
    if len(extension) != length:
        raise DamagedXmp(f"{len(extension)} of {length} bytes are there")
    return extension


def _cut(extension: bytes, digest: bytes) -> list[Segment]:
    step = MAX_PAYLOAD - _EXTENSION_HEAD
    return [
        Segment(
            APP1,
            XMP_EXTENSION + digest + struct.pack(">II", len(extension), at) + extension[at : at + step],
        )
        for at in range(0, len(extension), step)
    ]


EXIF = b"Exif\0"
EXIF_HEADER_BYTES = 6
PHOTOSHOP = b"Photoshop 3.0\0"
_TIFF_HEADERS = (b"II*\0", b"MM\0*")

_KINDS = (
    (APP0, b"JFIF\0", "jfif"),
    (APP0, b"JFXX\0", "thumbnail"),
    (APP1, EXIF, "exif"),
    (APP1, XMP, "xmp"),
    (APP1, XMP_EXTENSION, "xmp"),
    (APP2, b"ICC_PROFILE\0", "colour"),
    (APP2, b"MPF\0", "picture directory"),
    (APP2, b"urn:iso:std:iso:ts:21496:-1\0", "picture directory"),
    (APP11, b"JP", "credentials"),
    (APP13, PHOTOSHOP, "photoshop"),
    (APP14, b"Adobe", "adobe"),
    (COM, b"", "other"),
)
_KEPT_BY_STRIP = {"jfif", "exif", "colour", "adobe"}


def orientation_in(stream: JpegStream) -> int:
    """Give the EXIF orientation, 1 to 8."""
    return orientation_of(b"".join(_exif_parts(stream)))


def kept_metadata(stream: JpegStream, policy: MetadataPolicy, *, alone: bool) -> tuple[list[Segment], list[str]]:
    """Give the segments for the head of the copy, and warnings that name what could not be kept.

    ``alone`` tells that pictures behind the first are left out, and with them all that points at them.
    Blocks of several segments stand where their first one stood. Thumbnails go in silence: they show the
    unmarked picture.
    """
    kept: list[Segment] = []
    warnings: list[str] = []
    done: set[str] = set()
    for segment in stream.segments:
        kind = _kind(segment)
        if kind is None or kind in done or (policy == "strip" and kind not in _KEPT_BY_STRIP):
            continue
        match kind:
            case "jfif":
                kept.append(Segment(APP0, segment.payload[:12].ljust(12, b"\0") + b"\0\0"))
            case "exif":
                kept += _exif(stream, policy, warnings)
                done.add(kind)
            case "xmp":
                packets = [other for other in stream.segments if _kind(other) == "xmp"]
                kept += kept_xmp(packets, location=policy == "keep", alone=alone, warnings=warnings)
                done.add(kind)
            case "photoshop":
                kept += _photoshop(stream, policy, warnings)
                done.add(kind)
            case "adobe":
                kept.append(_adobe_as_written(segment, len(stream.components)))
            case "credentials":
                warnings.append("Content Credentials vouch for the unmarked picture and were left out")
                done.add(kind)
            case "hidden picture":
                warnings.append(f"a picture inside segment APP{segment.marker - APP0} was left out")
            case "colour" | "other":
                kept.append(segment)
    return kept, warnings


def _kind(segment: Segment) -> str | None:
    """Name what a segment carries; ``None`` when pixels are made of it."""
    if not segment.is_metadata:
        return None
    for marker, prefix, kind in _KINDS:
        if segment.marker == marker and segment.payload.startswith(prefix):
            return kind
    return "hidden picture" if b"\xff\xd8\xff" in segment.payload else "other"


def _exif_parts(stream: JpegStream) -> list[bytes]:
    """Give the EXIF block as its segments hold it: some writers cut what is longer than one segment."""
    parts = [segment.payload[EXIF_HEADER_BYTES:] for segment in stream.segments if _kind(segment) == "exif"]
    whole = parts[:1]
    for part in parts[1:]:
        if part.startswith(_TIFF_HEADERS):
            break
        whole.append(part)
    return whole


def _exif(stream: JpegStream, policy: MetadataPolicy, warnings: list[str]) -> list[Segment]:
    parts = _exif_parts(stream)
    if sum(_kind(segment) == "exif" for segment in stream.segments) > len(parts):
        warnings.append("a second EXIF block, which no reader looks at, was left out")
    block = b"".join(parts)
    orientation = orientation_of(block)
    if policy != "strip":
        try:
            return _in_segments(patched(block, location=policy == "keep"), APP1, EXIF + b"\0")
        except DamagedExif as damage:
            warnings.append(f"EXIF is damaged ({damage}) and was left out")
    return _in_segments(only_orientation(orientation), APP1, EXIF + b"\0") if orientation != 1 else []


def _photoshop(stream: JpegStream, policy: MetadataPolicy, warnings: list[str]) -> list[Segment]:
    parts = [segment.payload[len(PHOTOSHOP) :] for segment in stream.segments if _kind(segment) == "photoshop"]
    try:
        block = patched_resources(b"".join(parts), location=policy == "keep")
    except DamagedResources as damage:
        warnings.append(f"Photoshop and IPTC data are damaged ({damage}) and were left out")
        return []
    return _in_segments(block, APP13, PHOTOSHOP)


def _in_segments(block: bytes, marker: int, header: bytes) -> list[Segment]:
    step = MAX_PAYLOAD - len(header)
    return [Segment(marker, header + block[at : at + step]) for at in range(0, len(block), step)]


def _adobe_as_written(segment: Segment, components: int) -> Segment:
    """Four components are written as CMYK, whatever transform the source had."""
    if components != 4:
        return segment
    return Segment(APP14, segment.payload[:11] + b"\0" + segment.payload[12:])
