"""Recognise a picture by its header, and find where it ends. No decoder is run."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping

from zenoimg.imaging.metadata.tiff_block import STRIPS, TILES

Span = tuple[int, int]

MIN_LONG_SIDE, MIN_SHORT_SIDE = 16, 8
JPEG, PNG, BOXES = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"ftyp"

_HEADER_MARKER = re.compile(rb"\xff+([^\x00\xff])")
_SCAN_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")
_SOI, _EOI, _SOS, _TEM = 0xD8, 0xD9, 0xDA, 0x01
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_BETWEEN_SCANS = {0xC4, 0xCC, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF, 0xFE, *range(0xE0, 0xF0)}
#: Of still and moving pictures: AVIF, HEIF, JPEG 2000, JPEG XL, MP4 and QuickTime.
_BRANDS = frozenset(
    struct.unpack(
        "4s" * 28,
        b"avifavisheicheixheimheishevchevxmif1mif2msf1miafjp2 jpx jpm jxl "
        b"isomiso2iso4iso5iso6mp41mp42avc1qt  M4V 3gp43gp5",
    )
)
_WIDTH, _HEIGHT = 256, 257
_TIFF_TAGS = {_WIDTH, _HEIGHT, *STRIPS, *TILES}
_MAX_STRIPS = 4096
_NUMBERS_PER_STEP = 16
"""Offsets and lengths of strips that are read for one step of a search."""

_MAX_JUNK = 4096
"""Maximum number of bytes between two segments of a header, which readers skip."""

MAX_STEPS = 40_000
"""Maximum number of segments and chunks read in one search. Beyond it, the rest counts as a picture: a flood of
signatures is not metadata."""

USUAL_HEADER, LONGEST_HEADER = 8_000, 2_000_000
"""Number of base64 or hexadecimal characters that are decoded to see whether a picture begins there."""


class Steps:
    """Counts down what a search may still read; nothing is ``left`` once it has read too much.

    ``ran_out`` is set if the data ended before a header did.
    """

    def __init__(self, data: bytes) -> None:
        self.left = MAX_STEPS
        self.ran_out = False
        self._bytes_left = 4 * len(data) + 4 * LONGEST_HEADER

    def read(self, count: int) -> None:
        """Count decoded bytes of a text."""
        self._bytes_left -= count
        if self._bytes_left < 0:
            self.left = 0


def _jpeg_end(data: bytes, start: int, steps: Steps) -> int:
    """Return the offset after a JPEG, or 0 if no picture begins here."""
    at, has_frame = start + 2, False
    while True:
        steps.left -= 1
        match = _HEADER_MARKER.search(data, at, at + _MAX_JUNK)
        if match is None or steps.left <= 0:
            steps.ran_out = at + _MAX_JUNK > len(data)
            return 0
        marker, at = data[match.end() - 1], match.end()
        if marker == _TEM or 0xD0 <= marker <= 0xD7:
            continue
        if marker < 0xC0 or marker in (_SOI, _EOI):
            return 0
        if at + 9 > len(data):
            steps.ran_out = True
            return 0
        length = int.from_bytes(data[at : at + 2], "big")
        if marker in _FRAMES:
            if length < 11:
                return 0
            height, width, components = struct.unpack_from(">HHB", data, at + 3)
            # With a height of 0, the actual one follows the first scan (DNL).
            if length != 8 + 3 * components or not _is_large(width, height or width):
                return 0
            has_frame = True
        if marker == _SOS:
            return _scans_end(data, at + length, steps) if has_frame and length >= 6 else 0
        at += max(length, 2)


def _scans_end(data: bytes, at: int, steps: Steps) -> int:
    """Return the offset after the scans: after EOI, or before whatever cannot belong to the picture."""
    while match := _SCAN_MARKER.search(data, at):
        steps.left -= 1
        marker, after = data[match.end() - 1], match.end()
        if marker == _EOI:
            return after
        length = int.from_bytes(data[after : after + 2], "big")
        if steps.left <= 0 or (marker not in _BETWEEN_SCANS and marker != _SOS) or length < 2:
            return match.start()
        at = after + length
    return len(data)


def _png_end(data: bytes, start: int, steps: Steps) -> int:
    """Return the offset after a PNG, or 0 if no picture begins here."""
    at, large_enough, has_pixels = start + len(PNG), False, False
    while at + 8 <= len(data):
        steps.left -= 1
        length, name = struct.unpack_from(">I4s", data, at)
        if steps.left <= 0 or not name.isalpha():
            break
        if name == b"IHDR" and at + 16 <= len(data):
            large_enough = _is_large(*struct.unpack_from(">II", data, at + 8))
        has_pixels |= name == b"IDAT"
        at += 12 + length
        if name == b"IEND":
            break
    steps.ran_out = at + 8 > len(data)
    return min(at, len(data)) if large_enough and has_pixels else 0


def _webp_end(data: bytes, start: int, steps: Steps) -> int:
    del steps
    if not data.startswith(b"WEBPVP8", start + 8):
        return 0
    return min(len(data), start + 8 + int(struct.unpack_from("<I", data, start + 4)[0]))


def _gif_end(data: bytes, start: int, steps: Steps) -> int:
    del steps
    if start + 10 > len(data) or data[start + 4 : start + 6] not in (b"7a", b"9a"):
        return 0
    return len(data) if _is_large(*struct.unpack_from("<HH", data, start + 6)) else 0


def _jpeg_2000_end(data: bytes, start: int, steps: Steps) -> int:
    """Return the offset after a JPEG 2000 codestream, which begins with the picture's size (ISO 15444-1, A.5.1)."""
    del steps
    if start + 42 > len(data):
        return 0
    length, _, *numbers, components = struct.unpack_from(">HH8IH", data, start + 4)
    right, bottom, left, top, *_ = numbers
    if length != 38 + 3 * components or not _is_large(right - left, bottom - top):
        return 0
    end = data.find(b"\xff\xd9", start)
    return end + 2 if end >= 0 else len(data)


def _boxes_end(data: bytes, start: int, steps: Steps) -> int:
    """Return the offset after a file of ISO boxes (AVIF, HEIF, JPEG 2000, JPEG XL, video), or 0 if none begins here."""
    if data[start + 8 : start + 12] not in _BRANDS:
        return 0
    at = start
    while at + 8 <= len(data) and data[at + 4 : at + 8].isascii():
        steps.left -= 1
        length = int.from_bytes(data[at : at + 4], "big")
        if length == 1:
            length = int.from_bytes(data[at + 8 : at + 16], "big")
        if steps.left <= 0 or length < 8:
            return len(data) if length == 0 else at
        at += length
    steps.ran_out = at > len(data)
    return min(at, len(data))


def _tiff_end(data: bytes, start: int, steps: Steps) -> int:
    """Return the offset after the first picture of a TIFF, or 0 if none of its strips or tiles begins in ``data``.

    EXIF blocks and many maker notes begin like a TIFF, and have no pixels. It is read in place: a hostile block has
    thousands of such beginnings, of which ``TiffBlock`` would copy the rest each time.
    """
    order = "<" if data.startswith(b"II", start) else ">"
    at = start + int.from_bytes(data[start + 4 : start + 8], "little" if order == "<" else "big")
    if at + 2 > len(data):
        steps.ran_out = True
        return 0
    entries: dict[int, tuple[int, ...]] = {}
    for number in range(struct.unpack_from(f"{order}H", data, at)[0]):
        entry = at + 2 + 12 * number
        steps.left -= 1
        if steps.left <= 0 or entry + 12 > len(data):
            steps.ran_out = True
            break
        tag, kind, count = struct.unpack_from(f"{order}HHI", data, entry)
        if tag in _TIFF_TAGS and tag not in entries and kind in (3, 4) and 0 < count <= _MAX_STRIPS:
            steps.left -= count // _NUMBERS_PER_STEP
            letter, size = ("H", 2) if kind == 3 else ("I", 4)
            place = entry + 8
            if count * size > 4:
                place = start + int(struct.unpack_from(f"{order}I", data, place)[0])
            if place + count * size <= len(data):
                entries[tag] = struct.unpack_from(f"{order}{count}{letter}", data, place)
    width, height = (entries.get(tag, (0,))[0] for tag in (_WIDTH, _HEIGHT))
    for offsets, lengths in (STRIPS, TILES):
        places = entries.get(offsets, ())
        ends = [start + sum(pair) for pair in zip(places, entries.get(lengths, ()), strict=False)]
        if ends and _is_large(width, height):
            steps.ran_out = start + max(places) >= len(data)
            return 0 if steps.ran_out else min(len(data), max(ends))
    return 0


#: Signature → what returns the end of such a picture. That of a file of boxes follows its first four bytes.
FORMATS: Mapping[bytes, Callable[[bytes, int, Steps], int]] = {
    JPEG: _jpeg_end,
    PNG: _png_end,
    b"RIFF": _webp_end,
    b"GIF8": _gif_end,
    b"\xff\x4f\xff\x51": _jpeg_2000_end,
    b"II*\0": _tiff_end,
    b"MM\0*": _tiff_end,
    BOXES: _boxes_end,
}


def picture_end(data: bytes, at: int, signature: bytes, steps: Steps) -> Span | None:
    """Return start and end of the picture whose signature stands at ``at``, ``None`` if it is no picture."""
    steps.left -= 1
    start = at - 4 if signature == BOXES else at
    end = FORMATS[signature](data, start, steps) if start >= 0 else 0
    return (start, end) if end > start else None


def _is_large(width: int, height: int) -> bool:
    return max(width, height) >= MIN_LONG_SIDE and min(width, height) >= MIN_SHORT_SIDE
