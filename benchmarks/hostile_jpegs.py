"""Hostile JPEGs, each with valid files of as many pixels and as many bytes."""

from __future__ import annotations

import struct

from PIL import Image

from benchmarks.hostile_files import FLOOD, MIDDLE, Cases, saved
from tests.drawn import pictures

_SOS = b"\xff\xda" + struct.pack(">HBBBBBB", 8, 1, 1, 0x01, 1, 63, 0)
"""A scan of the first component's AC coefficients."""

# Two codes: 0 is a run of 2^14 blocks and as many more as 14 bits say, 10 is a run of one.
_TABLE = b"\xff\xc4" + struct.pack(">H", 21) + bytes((0x11, 1, 1, *[0] * 14, 0xE0, 0x00))


def jpeg_cases() -> Cases:
    """Return floods of scans and segments, and meaningless bytes."""
    flat = pictures.jpeg(Image.new("RGB", MIDDLE, (90, 120, 60)), progressive=True)
    small = pictures.jpeg(pictures.photo((64, 48)))
    busy = saved("JPEG", MIDDLE, busy="noise")
    valid = saved("JPEG", MIDDLE)
    same_bytes = saved("JPEG", (2100, 1600), busy="noise")
    padded = small[:2] + (b"\xff\xe5\xff\xff" + bytes(65_533)) * (FLOOD // 65_537) + small[2:]
    scans = _TABLE + (_SOS + _empty_scan()) * 90
    return {
        "90 scans of nothing": (flat[:-2] + scans + b"\xff\xd9", busy),
        "20,000 scans of nothing": (flat[:-2] + _TABLE + (_SOS + _empty_scan()) * 20_000 + b"\xff\xd9", busy),
        "3,900 empty segments": (small[:2] + b"\xff\xe5\0\2" * 3900 + small[2:], padded),
        "a flood of empty segments": (small[:2] + b"\xff\xe5\0\2" * (FLOOD // 4) + small[2:], padded),
        "a flood of comments before the end": (small[:-2] + b"\xff\xfe\0\2" * (FLOOD // 4) + small[-2:], padded),
        "fill bytes": (valid[:2] + b"\xff" * FLOOD + valid[2:], valid, same_bytes),
        "restart markers at the end": (valid[:-2] + b"\xff\xd0" * (FLOOD // 2) + valid[-2:], valid, same_bytes),
        "pictures of nothing behind the first": (small + b"\xff\xd8\xff\xd9" * (FLOOD // 4), padded),
        "pictures of segments behind the first": (small + (small[:2] + b"\xff\xe5\0\2" * 3900) * 64, padded),
        "extended XMP in tiny parts": (small[:2] + _extended_xmp(3900) + small[2:], padded),
        "a profile in empty parts": (
            small[:2] + b"\xff\xe2" + (struct.pack(">H", 16) + b"ICC_PROFILE\0\1\1" + b"\xff\xe2") * 3900 + small[2:],
            padded,
        ),
    }


def _empty_scan() -> bytes:
    """Write a scan in which every block is empty."""
    left = -(-MIDDLE[0] // 8) * -(-MIDDLE[1] // 8)
    bits = ""
    while left >= 1 << 14:
        run = min(left, (1 << 15) - 1)
        bits += "0" + format(run - (1 << 14), "014b")
        left -= run
    bits += "10" * left
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")


def _extended_xmp(parts: int) -> bytes:
    head = b"http://ns.adobe.com/xmp/extension/\0" + b"a" * 32
    return b"".join(
        b"\xff\xe1" + struct.pack(">H", 2 + len(head) + 8 + 1) + head + struct.pack(">II", parts, at) + b"x"
        for at in range(parts)
    )
