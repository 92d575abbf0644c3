"""Read how many times brighter than SDR white Apple's HDR is (Apple, "Applying Apple HDR effect to your photos")."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence

from zenoimg.imaging.formats.jpeg.gain_map.metadata import APPLE_NS
from zenoimg.imaging.metadata.tiff_block import DamagedExif, Entry, TiffBlock
from zenoimg.imaging.metadata.xmp import Name

_EXIF_IFD, _MAKER_NOTES = 0x8769, 0x927C
_HEADER, _DIRECTORY = b"Apple iOS\0", 14
_HDR_HEADROOM, _HDR_GAIN = 0x21, 0x30
_SRATIONAL = 10
_LARGEST = 64.0


def headroom_of(values: Mapping[Name, Sequence[str]], exif: bytes) -> float | None:
    """Return the headroom (a factor) from the map's XMP, or else from the maker notes; ``None`` if neither has it."""
    for text in values.get((APPLE_NS, "HDRGainMapHeadroom"), []):
        try:
            return _checked(float(text))
        except ValueError:
            return None
    try:
        notes = _maker_notes(exif)
    except (DamagedExif, struct.error, ZeroDivisionError):
        return None
    if _HDR_HEADROOM not in notes or _HDR_GAIN not in notes:
        return None
    return _checked(2.0 ** max(0.0, _stops(notes[_HDR_HEADROOM], notes[_HDR_GAIN])))


def _stops(headroom: float, gain: float) -> float:
    """Return the headroom in stops, by Apple's formula for the two numbers in its maker notes."""
    if headroom < 1:
        return -20 * gain + 1.8 if gain <= 0.01 else -0.101 * gain + 1.601
    return -70 * gain + 3.0 if gain <= 0.01 else -0.303 * gain + 2.303


def _maker_notes(exif: bytes) -> dict[int, float]:
    """Return the rational numbers in Apple's maker notes by tag; offsets are relative to the start of the notes."""
    block = TiffBlock(exif)
    inside = block.find(block.first, _EXIF_IFD)
    entry = block.find(block.number(inside), _MAKER_NOTES) if inside else None
    content = block.value(entry) if entry else b""
    if not content.startswith(_HEADER):
        return {}
    notes = TiffBlock(content, "<" if content[12:14] == b"II" else ">")
    return {each.tag: _rational(notes, each) for each in notes.entries(_DIRECTORY) if each.kind == _SRATIONAL}


def _rational(notes: TiffBlock, entry: Entry) -> float:
    above, below = notes.unpack("ii", notes.value_at(entry))
    return above / below if below else 0.0


def _checked(headroom: float) -> float | None:
    return headroom if math.isfinite(headroom) and 0 < headroom <= _LARGEST else None
