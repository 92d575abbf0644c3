"""Rewrite the boxes of a copy that Pillow writes differently."""

from __future__ import annotations

import struct

from zenoimg.imaging.formats.avif.header import Coding
from zenoimg.imaging.formats.iso.boxes import walk


def with_colours(data: bytes, coding: Coding) -> bytes:
    """Return the file with the source's primaries and transfer in nclx; the matrix stays as encoded."""
    copy = bytearray(data)
    for box in walk(data):
        if box.kind == b"colr" and data[box.start : box.start + 4] == b"nclx":
            struct.pack_into(">HH", copy, box.start + 4, coding.primaries, coding.transfer)
    return bytes(copy)


def with_plays(data: bytes, plays: int) -> bytes:
    """Return an animation written by Pillow, set to play ``plays`` times."""
    copy = bytearray(data)
    edits = [box for box in walk(data) if box.kind == b"elst"]
    (segment,) = struct.unpack_from(">Q", data, edits[0].start + 8)
    for box in edits:
        copy[box.start + 3] = plays > 1
    for box in walk(data):
        if box.kind in (b"tkhd", b"mvhd"):
            struct.pack_into(">Q", copy, box.start + (28 if box.kind == b"tkhd" else 24), segment * plays)
    return bytes(copy)


def with_constant_times(data: bytes) -> bytes:
    """Return an animation whose creation and modification times are 0.

    libavif writes the current time, so the same picture would give different bytes each time
    (ISO/IEC 14496-12, 8.2.2, 8.3.2 and 8.4.2).
    """
    copy = bytearray(data)
    for box in walk(data):
        if box.kind in (b"mvhd", b"tkhd", b"mdhd"):
            times = 16 if data[box.start] else 8
            copy[box.start + 4 : box.start + 4 + times] = bytes(times)
    return bytes(copy)
