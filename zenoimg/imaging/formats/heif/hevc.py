"""Read frame size and coding of HEVC data from their sequence parameter set (ITU-T H.265, 7.3.2.2)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from zenoimg.imaging.marking.placement import Size

_SPS = 33
"""The NAL unit type of a sequence parameter set (H.265, table 7-1)."""
_MOST_SETS = 64
_LAYER_PROFILE_BITS, _LAYER_LEVEL_BITS = 88, 8


@dataclass(frozen=True)
class Hevc:
    """Fields of hvcC (ISO/IEC 14496-15, 8.3.3.1): largest size, chroma sampling in Pillow's notation, sample bits."""

    size: Size
    sampling: str
    depth: int


_SAMPLINGS = ("4:0:0", "4:2:0", "4:2:2", "4:4:4")


def read_configuration(content: bytes) -> Hevc:
    """Parse the decoder configuration of an item.

    Raises ``ValueError`` or ``IndexError`` when it is damaged or has no sequence parameter set.
    """
    sampling, depth = _SAMPLINGS[content[16] & 3], 8 + max(content[17] & 7, content[18] & 7)
    sizes = [size_of(unit) for unit in _units(content, _SPS)]
    if not sizes:
        raise ValueError("hvcC has no sequence parameter set")
    return Hevc((max(width for width, _ in sizes), max(height for _, height in sizes)), sampling, depth)


def _units(content: bytes, kind: int) -> list[bytes]:
    at, units = 23, []
    for _ in range(min(content[22], _MOST_SETS)):
        found, count = struct.unpack_from(">BH", content, at)
        at += 3
        for _ in range(min(count, _MOST_SETS)):
            (length,) = struct.unpack_from(">H", content, at)
            if found & 0x3F == kind:
                units.append(content[at + 2 : at + 2 + length])
            at += 2 + length
    return units


def size_of(unit: bytes) -> Size:
    """Return the coded width and height in a sequence parameter set, given as a NAL unit with its header."""
    bits = _Bits(unit[2:64].replace(b"\0\0\3", b"\0\0"))
    bits.number(4)
    layers = bits.number(3)
    bits.number(1)
    bits.number(_LAYER_PROFILE_BITS + _LAYER_LEVEL_BITS)
    present = [(bits.number(1), bits.number(1)) for _ in range(layers)]
    if layers:
        bits.number(2 * (8 - layers))
    for profile, level in present:
        bits.number(_LAYER_PROFILE_BITS * profile + _LAYER_LEVEL_BITS * level)
    bits.golomb()
    if bits.golomb() == 3:
        bits.number(1)
    return bits.golomb(), bits.golomb()


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "big"), 8 * len(data)

    def number(self, count: int) -> int:
        if count > self._left:
            raise ValueError("the sequence parameter set is truncated")
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)

    def golomb(self) -> int:
        """Return an unsigned Exp-Golomb number (H.265, 9.2)."""
        zeros = 0
        while not self.number(1):
            zeros += 1
        return (1 << zeros) - 1 + self.number(zeros)
