"""The picture directory of a file: CIPA DC-007 (Multi-Picture Format), section 5, in an APP2 segment."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from zenoimg.imaging.formats.jpeg.stream import APP2, JpegStream, Segment

MPF = b"MPF\0"
_VERSION, _NUMBER, _ENTRIES = 0xB000, 0xB001, 0xB002
_ENTRY_BYTES = 16
_UNDEFINED, _LONG = 7, 4
_MOST_TAGS = 100
_PRIMARY, _MAP = 0x030000, 0x000000
"""Attributes of the two pictures if the source states none: a representative primary picture, an undefined one."""
HEADER = len(MPF)
"""Offsets are relative to the TIFF header, which follows the identifier."""
_FIRST_IFD = 8
_PAYLOAD_BYTES = HEADER + _FIRST_IFD + 2 + 3 * 12 + 4 + 2 * _ENTRY_BYTES


@dataclass(frozen=True)
class Directory:
    """What a copy keeps of its source's directory: the byte order, and the attributes of the picture and its map."""

    order: str = ">"
    picture: int = _PRIMARY
    map: int = _MAP
    is_there: bool = False


def read_directory(stream: JpegStream, number: int) -> Directory:
    """Return the directory of a source whose map is picture ``number`` (from 0); a default one if it has none."""
    for segment in stream.segments:
        if segment.marker == APP2 and segment.payload.startswith(MPF):
            try:
                return _read(segment.payload[HEADER:], number)
            except struct.error:
                return Directory(is_there=True)
    return Directory()


def _read(block: bytes, number: int) -> Directory:
    order = "<" if block.startswith(b"II") else ">"
    (at,) = struct.unpack_from(order + "I", block, 4)
    (count,) = struct.unpack_from(order + "H", block, at)
    for index in range(min(count, _MOST_TAGS)):
        tag, _kind, length, offset = struct.unpack_from(order + "HHII", block, at + 2 + 12 * index)
        if tag == _ENTRIES and length >= (number + 1) * _ENTRY_BYTES:
            (picture,) = struct.unpack_from(order + "I", block, offset)
            (its_map,) = struct.unpack_from(order + "I", block, offset + number * _ENTRY_BYTES)
            # The upper five bits say how pictures depend on each other, and there are no others any more.
            return Directory(order, picture, its_map, is_there=True)
    return Directory(order, is_there=True)


def directory_segment(directory: Directory, picture_bytes: int, map_offset: int, map_bytes: int) -> Segment:
    """Return the segment for a file of two pictures.

    ``picture_bytes`` is the length of the first one, including this segment, and ``map_offset`` the distance from this
    segment's TIFF header to the map's first byte.
    """
    order = directory.order
    entries = _FIRST_IFD + 2 + 3 * 12 + 4
    block = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", _FIRST_IFD, 3)
    block += struct.pack(order + "HHI4s", _VERSION, _UNDEFINED, 4, b"0100")
    block += struct.pack(order + "HHII", _NUMBER, _LONG, 1, 2)
    block += struct.pack(order + "HHIII", _ENTRIES, _UNDEFINED, 2 * _ENTRY_BYTES, entries, 0)
    block += struct.pack(order + "IIIHH", directory.picture, picture_bytes, 0, 0, 0)
    block += struct.pack(order + "IIIHH", directory.map, map_bytes, map_offset, 0, 0)
    return Segment(APP2, MPF + block)
