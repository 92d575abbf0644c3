"""XMP in a JPEG's segments (XMP Specification Part 3, 1.1.3): one packet, and an extension over many segments."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from zenoimg.imaging.formats.jpeg.stream import APP1, MAX_PAYLOAD, Segment
from zenoimg.imaging.metadata.keeper import Keeper
from zenoimg.imaging.metadata.xmp import with_description, without_properties

XMP = b"http://ns.adobe.com/xap/1.0/\0"
XMP_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_HAS_EXTENSION = ("http://ns.adobe.com/xmp/note/", "HasExtendedXMP")
_GUID_BYTES = 32
_EXTENSION_HEAD = len(XMP_EXTENSION) + _GUID_BYTES + 8


@dataclass(frozen=True)
class KeptXmp:
    """What the copy keeps: the packet and its extension (``b""`` for none), with the digest stated in the packet."""

    packet: bytes
    extension: bytes = b""
    digest: bytes = b""

    def segments(self, keeper: Keeper) -> list[Segment]:
        """Return the copy's segments, with the rights that it has to state."""
        packet = keeper.stamp.xmp(self.packet)
        if len(XMP) + len(packet) > MAX_PAYLOAD:
            keeper.warn("XMP has no room for the rights: a packet has at most 65,502 bytes")
            packet = self.packet
        if not packet:
            return []
        if not self.extension:
            return [Segment(APP1, XMP + packet)]
        return [Segment(APP1, XMP + packet), *_cut(self.extension, self.digest)]


def packet_segments(packet: bytes, keeper: Keeper) -> list[Segment]:
    """Return the segments for a packet not from a JPEG; one too long for a segment becomes an extension."""
    if len(XMP) + len(packet) <= MAX_PAYLOAD:
        return [Segment(APP1, XMP + packet)] if packet else []
    digest = hashlib.md5(packet, usedforsecurity=False).hexdigest().upper().encode()
    namespace, name = _HAS_EXTENSION
    named = with_description(b"", f' xmlns:xmpNote="{namespace}" xmpNote:{name}="{digest.decode()}"', "")
    return KeptXmp(named, packet, digest).segments(keeper)


def kept_xmp(segments: list[Segment], keeper: Keeper) -> KeptXmp:
    """Return what the copy keeps of XMP, given all of its segments in the source."""
    packets = [segment.payload for segment in segments if segment.payload.startswith(XMP)]
    if not packets:
        return KeptXmp(b"")
    if len(packets) > 1 and not keeper.strips:
        keeper.warn("a second XMP packet, which no reader looks at, was left out")
    packet = keeper.xmp(packets[0][len(XMP) :])
    parts = [
        segment.payload[len(XMP_EXTENSION) :]
        for segment in segments
        if segment.payload.startswith(XMP_EXTENSION) and len(segment.payload) >= _EXTENSION_HEAD
    ]
    named = [part for part in parts if part[:_GUID_BYTES] in packet]
    if not named:
        return KeptXmp(packet)
    extension = _kept_parts([part for part in named if part.startswith(named[0][:_GUID_BYTES])], keeper)
    if not extension:
        return KeptXmp(without_properties(packet, lambda *name: name == _HAS_EXTENSION))
    digest = hashlib.md5(extension, usedforsecurity=False).hexdigest().upper().encode()
    return KeptXmp(packet.replace(named[0][:_GUID_BYTES], digest), extension, digest)


def _kept_parts(parts: list[bytes], keeper: Keeper) -> bytes:
    """Return what the copy keeps of the packet formed by the parts."""
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
