"""Find pictures inside other bytes by their content, not by the name of the field that holds them.

A JPEG counts as a picture if its header can be read up to the first scan, a PNG up to its first IDAT, and if it has at
least 16 pixels in one direction and 8 in the other. WebP and GIF are recognized by their signatures. JPEG and PNG in
base64 and in hexadecimal digits count as well. The three bytes FF D8 FF alone occur by chance in maker notes, colour
profiles and PNG data, and do not count. No decoder is run.
"""

from __future__ import annotations

import re
import struct
from base64 import b64decode, b64encode
from collections.abc import Iterator

Span = tuple[int, int]

MIN_LONG_SIDE, MIN_SHORT_SIDE = 16, 8
_JPEG, _PNG, _RIFF, _GIF = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", b"GIF8"
_SIGNATURES = (_JPEG, _PNG, b"WEBPVP8", _GIF)
"""Signatures to search for; that of WebP follows its first eight bytes."""

_HEADER_MARKER = re.compile(rb"\xff+([^\x00\xff])")
_SCAN_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")
_SOI, _EOI, _SOS, _TEM = 0xD8, 0xD9, 0xDA, 0x01
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_BETWEEN_SCANS = {0xC4, 0xCC, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF, 0xFE, *range(0xE0, 0xF0)}
_SHORTEST = 32
"""Minimum size of a picture in bytes."""

_MAX_JUNK = 4096
"""Maximum number of bytes between two segments of a header, which readers skip."""

_MAX_STEPS = 40_000
"""Maximum number of segments and chunks read in one search. Beyond it, the rest counts as a picture: a flood of
signatures is not metadata."""

_USUAL_HEADER, _LONGEST_HEADER = 8_000, 2_000_000
"""Number of base64 or hexadecimal characters that are decoded to see whether a picture begins there."""

_SPACE = b" \t\r\n\0"
"""Removed before searching for base64 and hexadecimal digits; includes zeros, since texts may be UTF-16."""

_BASE64_RUN = re.compile(rb"[A-Za-z0-9+/]*")
_HEX_RUN = re.compile(rb"[0-9A-Fa-f]*")
_ANYTHING = re.compile(rb".*", re.DOTALL)
_HEX_SIGNATURES = (_JPEG.hex().encode(), _PNG.hex().encode())
_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def pictures_in(data: bytes) -> list[Span]:
    """Return the spans of all pictures in ``data``, in order, including those written as text."""
    return sorted([*_binary(data), *_as_text(data)])


def holds_picture(data: bytes) -> bool:
    """Return whether ``data`` holds a picture, in binary or written as text."""
    return len(data) >= _SHORTEST and (any(_binary(data)) or holds_encoded_picture(data))


def holds_encoded_picture(text: bytes) -> bool:
    """Return whether a text holds a JPEG or PNG in base64 or hexadecimal digits."""
    return may_hold_text(text) and any(_encoded(text.translate(_URL_SAFE, _SPACE)))


def may_hold_text(data: bytes) -> bool:
    """Return quickly whether a text may hold a picture in base64 or hexadecimal digits; no false negatives."""
    if len(data) < _SHORTEST:
        return False
    text = data.translate(_URL_SAFE, _SPACE)
    if any(mark in text for *_, mark in _MARKS):
        return True
    lowered = text.lower()
    return any(signature in lowered for signature in _HEX_SIGNATURES)


def _binary(data: bytes) -> Iterator[Span]:
    at, steps = 0, _Steps(data)
    found = {signature: data.find(signature) for signature in _SIGNATURES}
    while places := [place for place in found.values() if place >= 0]:
        start = min(places)
        if data.startswith(_JPEG, start):
            end = _jpeg_end(data, start, steps)
        elif data.startswith(_PNG, start):
            end = _png_end(data, start, steps)
        else:
            start, end = _other(data, start)
        if steps.left <= 0:
            yield start, len(data)
            return
        if end:
            yield start, end
        at = max(end, min(places) + 1)
        for signature, place in found.items():
            if 0 <= place < at:
                found[signature] = data.find(signature, at)


class _Steps:
    """Counts down what a search may still read; nothing is ``left`` once it has read too much.

    ``ran_out`` is set if the data ended before a header did.
    """

    def __init__(self, data: bytes) -> None:
        self.left = _MAX_STEPS
        self.ran_out = False
        self._bytes_left = 4 * len(data) + 4 * _LONGEST_HEADER

    def read(self, count: int) -> None:
        """Count decoded bytes of a text."""
        self._bytes_left -= count
        if self._bytes_left < 0:
            self.left = 0


def _jpeg_end(data: bytes, start: int, steps: _Steps) -> int:
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


def _scans_end(data: bytes, at: int, steps: _Steps) -> int:
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


def _png_end(data: bytes, start: int, steps: _Steps) -> int:
    """Return the offset after a PNG, or 0 if no picture begins here."""
    at, large_enough, has_pixels = start + len(_PNG), False, False
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


def _other(data: bytes, at: int) -> Span:
    """Return the span of a WebP or GIF; it ends at 0 if no picture begins here."""
    if data.startswith(b"WEBPVP8", at):
        start = at - 8
        if start < 0 or not data.startswith(_RIFF, start):
            return at, 0
        return start, min(len(data), at + int(struct.unpack_from("<I", data, start + 4)[0]))
    is_gif = data.startswith(_GIF, at) and at + 10 <= len(data)
    if not is_gif or not _is_large(*struct.unpack_from("<HH", data, at + 6)):
        return at, 0
    return at, len(data)


def _is_large(width: int, height: int) -> bool:
    return max(width, height) >= MIN_LONG_SIDE and min(width, height) >= MIN_SHORT_SIDE


def _base64_marks() -> Iterator[tuple[bytes, int, int, bytes]]:
    """Yield the base64 form of a picture's first bytes, at each of its three alignments.

    Each comes with those bytes, the number of bytes that precede them, and the number of characters that precede the
    form.
    """
    for signature in (_JPEG, _PNG):
        for before in range(3):
            text = b64encode(bytes(before) + signature)
            skipped = -(-8 * before // 6)
            yield signature, before, skipped, text[skipped : 8 * (before + len(signature)) // 6]


_MARKS = tuple(_base64_marks())


def _as_text(data: bytes) -> Iterator[Span]:
    """Yield the spans of pictures in base64 and in hexadecimal digits."""
    if not may_hold_text(data):
        return
    text = data.translate(_URL_SAFE, _SPACE)
    found = [(start, _end_of_run(pattern, text, start)) for start, pattern in _encoded(text)]
    if found:
        places = [at for at, byte in enumerate(data) if byte not in _SPACE]
        for start, end in found:
            yield places[start], places[end - 1] + 1


def _encoded(text: bytes) -> Iterator[tuple[int, re.Pattern[bytes]]]:
    """Yield the offsets of pictures in base64 and hexadecimal digits, with the characters of the encoding."""
    steps = _Steps(text)
    for signature, before, skipped, mark in _MARKS:
        at = text.find(mark)
        while at >= 0:
            end = at + 1
            # The bytes before the signature do not matter, so any characters will do.
            for run in _runs(_BASE64_RUN, text, at, steps):
                encoded = b"A" * skipped + run
                picture = signature + b64decode(encoded[: len(encoded) // 4 * 4])[before + len(signature) :]
                if _begins_picture(picture, steps):
                    yield at, _BASE64_RUN
                    end = _end_of_run(_BASE64_RUN, text, at)
                    break
            if steps.left <= 0:
                yield at, _ANYTHING
                return
            at = text.find(mark, end)
    lowered = text.lower()
    for digits in _HEX_SIGNATURES:
        at = lowered.find(digits)
        while at >= 0:
            end = at + 1
            for run in _runs(_HEX_RUN, text, at, steps):
                if _begins_picture(bytes.fromhex(run[: len(run) // 2 * 2].decode("ascii")), steps):
                    yield at, _HEX_RUN
                    end = _end_of_run(_HEX_RUN, text, at)
                    break
            if steps.left <= 0:
                yield at, _ANYTHING
                return
            at = lowered.find(digits, end)


def _begins_picture(data: bytes, steps: _Steps) -> bool:
    """Return whether a picture begins at the first byte."""
    if data.startswith(_JPEG):
        return _jpeg_end(data, 0, steps) > 0
    return _png_end(data, 0, steps) > 0


def _runs(pattern: re.Pattern[bytes], text: bytes, at: int, steps: _Steps) -> Iterator[bytes]:
    """Yield the encoded characters from ``at`` on: as many as most headers need, then as many as any header needs."""
    for length in (_USUAL_HEADER, _LONGEST_HEADER):
        match = pattern.match(text, at, at + length)
        found = match.group() if match else b""
        steps.read(len(found))
        steps.ran_out = False
        yield found
        if len(found) < length or not steps.ran_out:
            return


def _end_of_run(pattern: re.Pattern[bytes], text: bytes, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at
