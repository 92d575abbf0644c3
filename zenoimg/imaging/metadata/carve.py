"""Find pictures inside other bytes by their content, not by the name of the field that holds them.

A JPEG counts as a picture if its header can be read up to the first scan, a PNG up to its first IDAT, and if it has at
least 16 pixels in one direction and 8 in the other. WebP, GIF, JPEG 2000, TIFF with strips or tiles, and files of ISO
boxes (AVIF, HEIF, JPEG XL, videos) are recognised by how they begin. All of them count in base64 and in hexadecimal
digits as well. The three bytes FF D8 FF alone occur by chance in maker notes, colour profiles and PNG data, and do not
count. No decoder is run.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator

from zenoimg.imaging.metadata.picture_ends import (
    BOXES,
    FORMATS,
    LONGEST_HEADER,
    USUAL_HEADER,
    Span,
    Steps,
    picture_end,
)

_SHORTEST = 32
"""Minimum size of a picture in bytes."""

_SPACE = b" \t\r\n\0"
"""Removed before searching for base64 and hexadecimal digits; includes zeros, since texts may be UTF-16."""

_BASE64_RUN = re.compile(rb"[A-Za-z0-9+/]*")
_HEX_RUN = re.compile(rb"[0-9A-Fa-f]*")
_ANYTHING = re.compile(rb".*", re.DOTALL)
_HEX_SIGNATURES = {signature: signature.hex().encode() for signature in FORMATS}
_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def pictures_in(data: bytes) -> list[Span]:
    """Return the spans of all pictures in ``data``, in order, including those written as text."""
    return sorted([*_binary(data), *_as_text(data)])


def holds_picture(data: bytes) -> bool:
    """Return whether ``data`` holds a picture, in binary or written as text."""
    return len(data) >= _SHORTEST and (any(_binary(data)) or holds_encoded_picture(data))


def holds_encoded_picture(text: bytes) -> bool:
    """Return whether a text holds a picture in base64 or hexadecimal digits."""
    return may_hold_text(text) and any(_encoded(text.translate(_URL_SAFE, _SPACE)))


def may_hold_text(data: bytes) -> bool:
    """Return quickly whether a text may hold a picture in base64 or hexadecimal digits; no false negatives."""
    if len(data) < _SHORTEST:
        return False
    text = data.translate(_URL_SAFE, _SPACE)
    if any(mark in text for *_, mark in _MARKS):
        return True
    lowered = text.lower()
    return any(digits in lowered for digits in _HEX_SIGNATURES.values())


def _binary(data: bytes) -> Iterator[Span]:
    at, steps = 0, Steps(data)
    found = {signature: data.find(signature) for signature in FORMATS}
    while places := {place: signature for signature, place in found.items() if place >= 0}:
        start = min(places)
        span = picture_end(data, start, places[start], steps)
        if steps.left <= 0:
            yield start, len(data)
            return
        if span:
            yield span
        at = max(span[1] if span else 0, start + 1)
        for signature, place in found.items():
            if 0 <= place < at:
                found[signature] = data.find(signature, at)


def _base64_marks() -> Iterator[tuple[bytes, int, int, bytes]]:
    """Yield the base64 form of each signature, at each of its three alignments.

    Each comes with the signature, the number of bytes that precede it, and the number of characters that precede the
    form.
    """
    for signature in FORMATS:
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
    steps = Steps(text)
    for signature, before, skipped, mark in _MARKS:
        at = text.find(mark)
        while at >= 0:
            end = at + 1
            # The bytes before the signature do not matter, so any characters will do.
            for run in _runs(_BASE64_RUN, text, at, steps):
                encoded = b"A" * skipped + run
                picture = signature + b64decode(encoded[: len(encoded) // 4 * 4])[before + len(signature) :]
                if _begins_picture(picture, signature, steps):
                    yield at, _BASE64_RUN
                    end = _end_of_run(_BASE64_RUN, text, at)
                    break
            if steps.left <= 0:
                yield at, _ANYTHING
                return
            at = text.find(mark, end)
    lowered = text.lower()
    for signature, digits in _HEX_SIGNATURES.items():
        at = lowered.find(digits)
        while at >= 0:
            end = at + 1
            for run in _runs(_HEX_RUN, text, at, steps):
                picture = bytes.fromhex(run[: len(run) // 2 * 2].decode("ascii"))
                if _begins_picture(picture, signature, steps):
                    yield at, _HEX_RUN
                    end = _end_of_run(_HEX_RUN, text, at)
                    break
            if steps.left <= 0:
                yield at, _ANYTHING
                return
            at = lowered.find(digits, end)


def _begins_picture(data: bytes, signature: bytes, steps: Steps) -> bool:
    """Return whether a picture begins with this signature at the first byte."""
    if signature == BOXES:  # the length of its first box precedes it
        return picture_end(b"\0\0\0\x14" + data, 4, signature, steps) is not None
    return picture_end(data, 0, signature, steps) is not None


def _runs(pattern: re.Pattern[bytes], text: bytes, at: int, steps: Steps) -> Iterator[bytes]:
    """Yield the encoded characters from ``at`` on: as many as most headers need, then as many as any header needs."""
    for length in (USUAL_HEADER, LONGEST_HEADER):
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
