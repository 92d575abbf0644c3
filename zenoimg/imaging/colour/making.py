"""Make ICC profiles for colours that a source declares by code points and its copy can declare only by a profile."""

from __future__ import annotations

import struct
from functools import cache

from zenoimg.imaging.colour.curves import LINEAR, SMPTE_240M, SRGB, Parametric
from zenoimg.imaging.colour.primaries import PRIMARIES, to_xyz

_NAMES = {9: "BT.2020", 11: "DCI-P3", 12: "Display P3"}
_BT_709 = 1
_CURVES = {4: Parametric(2.2), 5: Parametric(2.8), 7: SMPTE_240M, 8: LINEAR}
"""By TransferCharacteristics of ITU-T H.273. Viewers show BT.709, 601 and 2020 as sRGB."""

_D50 = (0.9642, 1.0, 0.8249)
_HEADER_BYTES = 128


@cache
def profile_of(primaries: int, transfer: int) -> bytes:
    """Return an RGB ICC profile (version 4.3) for these code points of ITU-T H.273.

    Empty if they mean sRGB, which needs none, or are unknown.
    """
    curve = _CURVES.get(transfer, SRGB)
    if primaries not in PRIMARIES or (primaries == _BT_709 and curve is SRGB):
        return b""
    name = _NAMES.get(primaries, f"H.273 {primaries}") + ("" if curve is SRGB else f", transfer {transfer}")
    rows = to_xyz(PRIMARIES[primaries])
    shape = _curve(curve)
    tags = {b"desc": _text(name), b"cprt": _text("No copyright"), b"wtpt": _xyz(_D50)}
    for letter, column in zip(b"rgb", zip(*rows, strict=True), strict=True):
        tags[bytes((letter,)) + b"XYZ"] = _xyz(column)
        tags[bytes((letter,)) + b"TRC"] = shape
    return _assembled(tags)


def _assembled(tags: dict[bytes, bytes]) -> bytes:
    at, table, content, places = _HEADER_BYTES + 4 + 12 * len(tags), b"", b"", dict[bytes, int]()
    for name, data in tags.items():
        if data not in places:
            places[data] = at + len(content)
            content += data + bytes(-len(data) % 4)
        table += struct.pack(">4sII", name, places[data], len(data))
    header = struct.pack(">I4xI4s4s4s12x4s", at + len(content), 0x04300000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    header = header.ljust(68, b"\0") + _xyz(_D50)[8:]
    return header.ljust(_HEADER_BYTES, b"\0") + struct.pack(">I", len(tags)) + table + content


def _xyz(values: tuple[float, ...]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(65536 * value) for value in values))


def _curve(curve: Parametric) -> bytes:
    """Return a ``para`` of function type 3 (ICC.1:2022, 10.18)."""
    numbers = (curve.g, curve.a, curve.b, curve.c, curve.d)
    return b"para\0\0\0\0\0\3\0\0" + struct.pack(">5i", *(round(65536 * number) for number in numbers))


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(encoded), 28) + encoded
