"""XMP in JPEG segments (XMP Specification Part 3, 1.1.3): one packet, and an extension over many segments."""

from __future__ import annotations

import hashlib
import struct

from zenoimg.imaging.formats.jpeg_stream import APP1, MAX_PAYLOAD, Segment
from zenoimg.imaging.metadata.location import is_directory_of_pictures, is_location, is_preview
from zenoimg.imaging.metadata.xmp import DamagedXmp, PropertyTest, without_properties

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
