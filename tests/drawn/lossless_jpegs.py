"""Writes lossless JPEGs (ITU-T T.81, annex H), which Pillow only reads."""

from __future__ import annotations

import struct

from PIL import Image

_CATEGORIES = 17
_CODE_BITS = 5


def lossless_jpeg(picture: Image.Image) -> bytes:
    """Encode a grey picture: each sample predicted by its left neighbour, the first of a row by the one above."""
    width, height = picture.size
    samples = picture.tobytes()
    bits = ""
    for at, sample in enumerate(samples):
        x, y = at % width, at // width
        predicted = samples[at - 1] if x else samples[at - width] if y else 128
        bits += _coded(sample - predicted)
    bits += "1" * (-len(bits) % 8)
    scan = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    counts = bytes(_CATEGORIES if length == _CODE_BITS else 0 for length in range(1, 17))
    frame = _segment(0xC3, struct.pack(">BHHB", 8, height, width, 1) + bytes((1, 0x11, 0)))
    tables = _segment(0xC4, b"\0" + counts + bytes(range(_CATEGORIES)))
    return b"\xff\xd8" + frame + tables + _segment(0xDA, bytes((1, 1, 0, 1, 0, 0))) + scan + b"\xff\xd9"


def _coded(difference: int) -> str:
    category = abs(difference).bit_length()
    code = f"{category:0{_CODE_BITS}b}"
    if not category:
        return code
    return code + f"{difference if difference > 0 else difference + (1 << category) - 1:0{category}b}"


def _segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload
