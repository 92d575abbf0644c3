"""Thermal camera data, split over "FLIR" segments (FLIR's FFF format, as described by ExifTool)."""

from __future__ import annotations

import struct

from zenoimg.imaging.formats.jpeg.stream import Segment
from zenoimg.imaging.metadata import carve
from zenoimg.imaging.metadata.keeper import Keeper

FLIR = b"FLIR\0"
_HEADER_BYTES = 8  # the name, 1, this segment's number and the last one's
_GPS_RECORD, _RECORD_BYTES = 0x2B, 32
_MAX_RECORDS = 1_000


def kept_flir(segments: list[Segment], keeper: Keeper) -> list[Segment]:
    """Return the segments for the copy: none if they hold a picture; without their GPS record if the policy says so."""
    if not segments or keeper.strips:
        return []
    ordered = sorted(segments, key=lambda segment: segment.payload[6:7])
    data = b"".join(segment.payload[_HEADER_BYTES:] for segment in ordered)
    if carve.holds_picture(data) or any(carve.holds_picture(segment.payload) for segment in segments):
        keeper.found_picture("the thermal camera's data")
        return []
    if keeper.keeps_coordinates:
        return segments
    kept = _without_gps(data)
    if kept is None:
        keeper.may_tell_place("the thermal camera's data")
        return []
    parts, at = [], 0
    for segment in ordered:
        end = at + max(0, len(segment.payload) - _HEADER_BYTES)
        parts.append(Segment(segment.marker, segment.payload[:_HEADER_BYTES] + kept[at:end]))
        at = end
    return parts


def _without_gps(data: bytes) -> bytes | None:
    """Return the data with its GPS records zeroed, or ``None`` if they cannot be found."""
    if data[:4] not in (b"FFF\0", b"AFF\0") or len(data) < 64:
        return None
    copy = bytearray(data)
    # The version, about 100, reveals the byte order.
    order = ">" if 0 < int.from_bytes(data[20:24], "big") < 1_000 else "<"
    directory, count = struct.unpack_from(order + "II", data, 24)
    if count > _MAX_RECORDS or directory + count * _RECORD_BYTES > len(data):
        return None
    for at in range(directory, directory + count * _RECORD_BYTES, _RECORD_BYTES):
        (kind,) = struct.unpack_from(order + "H", data, at)
        start, length = struct.unpack_from(order + "II", data, at + 12)
        if kind == _GPS_RECORD:
            if start + length > len(data):
                return None
            copy[start : start + length] = bytes(length)
    return bytes(copy)
