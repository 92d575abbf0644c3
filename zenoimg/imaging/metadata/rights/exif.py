"""Read, keep and write copyright and creator in EXIF, without moving any other bytes of the block."""

from __future__ import annotations

import struct

from zenoimg.imaging.metadata.exif import ARTIST, COPYRIGHT, ORIENTATION
from zenoimg.imaging.metadata.tiff_block import DamagedExif, Directory, TiffBlock, tiff_structure

TAGS = {"creator": ARTIST, "copyright": COPYRIGHT}
"""The tag that states each field of ``Rights``."""

_ASCII, _SHORT = 2, 3
_MAX_BYTES = 65_000


def exif_rights(block: bytes) -> dict[str, bytes]:
    """Return the rights in a TIFF structure, by the names of ``Rights``, as far as it can be read."""
    stated = {}
    try:
        tiff = TiffBlock(block)
        for entry in tiff.readable_entries(tiff.first):
            for field, tag in TAGS.items():
                if entry.tag == tag and entry.value_bytes <= _MAX_BYTES:
                    value = tiff.value(entry).rstrip(b"\0")
                    if value.strip(b" \0"):
                        stated[field] = value
    except DamagedExif:
        pass
    return stated


def only_rights(orientation: int, stated: dict[str, bytes]) -> bytes:
    """Return a TIFF structure with only an orientation and rights; ``b""`` if there are neither."""
    entries: Directory = {TAGS[field]: (_ASCII, len(value) + 1, value + b"\0") for field, value in stated.items()}
    if orientation != 1:
        entries[ORIENTATION] = _SHORT, 1, struct.pack(">H", orientation)
    return tiff_structure(entries) if entries else b""


def with_rights(block: bytes, stated: dict[str, bytes]) -> bytes:
    """Return a TIFF structure that states these rights; an empty block gives one with nothing else.

    Its first directory, with the new entries, moves to the end, so that nothing else has to. Raises ``DamagedExif``.
    """
    if not block:
        return only_rights(1, stated)
    tiff = TiffBlock(block)
    first = tiff.first
    end = tiff.next_pointer(first) + 4
    entries = {entry.tag: bytes(tiff.block[entry.at : entry.at + 12]) for entry in tiff.entries(first)}
    following = bytes(tiff.block[end - 4 : end])
    for field in stated:
        entry = tiff.find(first, TAGS[field])
        if entry is not None and entry.value_bytes > 4:
            start = tiff.value_at(entry)
            tiff.zero_spans([(start, start + entry.value_bytes)], [first])
    out = tiff.block
    out[first:end] = bytes(end - first)
    for field, value in stated.items():
        value += b"\0"
        out += bytes(len(out) % 2)
        place = struct.pack(tiff.order + "I", len(out)) if len(value) > 4 else value.ljust(4, b"\0")
        if len(value) > 4:
            out += value
        entries[TAGS[field]] = struct.pack(tiff.order + "HHI", TAGS[field], _ASCII, len(value)) + place
    out += bytes(len(out) % 2)
    tiff.pack("I", 4, len(out))
    out += struct.pack(tiff.order + "H", len(entries))
    for tag in sorted(entries):
        out += entries[tag]
    return bytes(out + following)
