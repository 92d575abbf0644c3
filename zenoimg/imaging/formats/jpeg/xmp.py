"""XMP in a JPEG's segments (XMP Specification Part 3, 1.1.3): one packet, and an extension over many segments."""

from __future__ import annotations

import hashlib
import struct

from zenoimg.imaging.formats.jpeg.stream import APP1, MAX_PAYLOAD, Segment
from zenoimg.imaging.metadata.keeper import Keeper
from zenoimg.imaging.metadata.xmp import without_properties

XMP = b"http://ns.adobe.com/xap/1.0/\0"
XMP_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_NOTE = "http://ns.adobe.com/xmp/note/"
_GUID_BYTES = 32
_EXTENSION_HEAD = len(XMP_EXTENSION) + _GUID_BYTES + 8


def kept_xmp(segments: list[Segment], keeper: Keeper) -> list[Segment]:
    """Return the XMP segments of the copy, given all those of the source."""
    packets = [segment.payload for segment in segments if segment.payload.startswith(XMP)]
    if not packets:
        return []
    if len(packets) > 1:
        keeper.warn("a second XMP packet, which no reader looks at, was left out")
    packet = keeper.xmp(packets[0][len(XMP) :])
    if not packet:
        return []
    extension, packet = _kept_extension(segments, packet, keeper)
    return [Segment(APP1, XMP + packet), *extension]


def _kept_extension(segments: list[Segment], packet: bytes, keeper: Keeper) -> tuple[list[Segment], bytes]:
    """Return the segments of the extension, and the packet with the extension's new digest in it."""
    parts = [
        segment.payload[len(XMP_EXTENSION) :]
        for segment in segments
        if segment.payload.startswith(XMP_EXTENSION) and len(segment.payload) >= _EXTENSION_HEAD
    ]
    named = [part for part in parts if part[:_GUID_BYTES] in packet]
    if not named:
        return [], packet
    guid = named[0][:_GUID_BYTES]
    extension = _kept_parts([part for part in named if part.startswith(guid)], keeper)
    if not extension:
        return [], without_properties(packet, lambda space, name: (space, name) == (_NOTE, "HasExtendedXMP"))
    digest = hashlib.md5(extension, usedforsecurity=False).hexdigest().upper().encode()
    return _cut(extension, digest), packet.replace(guid, digest)


def _kept_parts(parts: list[bytes], keeper: Keeper) -> bytes:
    """Return what the copy keeps of the packet that the parts hold together."""
    (length,) = struct.unpack_from(">I", parts[0], _GUID_BYTES)
    pieces = sorted((struct.unpack_from(">I", part, _GUID_BYTES + 4)[0], part) for part in parts)
    extension = b"".join(part[_GUID_BYTES + 8 :] for _, part in pieces)
    if len(extension) != length:
        keeper.left_out("extended XMP is", f"{len(extension)} of {length} bytes are there")
        return b""
    return keeper.xmp(extension, "extended XMP is")


def _cut(extension: bytes, digest: bytes) -> list[Segment]:
    step = MAX_PAYLOAD - _EXTENSION_HEAD
    return [
        Segment(
            APP1,
            XMP_EXTENSION + digest + struct.pack(">II", len(extension), at) + extension[at : at + step],
        )
        for at in range(0, len(extension), step)
    ]
