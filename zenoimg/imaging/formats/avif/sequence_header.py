"""The size of a coded picture from AV1's sequence header (AV1 Bitstream Specification, 5.5.1)."""

from __future__ import annotations

_SEQUENCE_HEADER = 1
_MOST_OBUS = 8


def coded_size(content: bytes) -> tuple[int, int] | None:
    """Return the maximum width and height in the sequence header; ``None`` without such a header."""
    at = 0
    for _ in range(_MOST_OBUS):
        if at >= len(content):
            return None
        head = content[at]
        at += 2 if head & 4 else 1
        length = len(content) - at
        if head & 2:
            length, at = _leb128(content, at)
        if head >> 3 & 15 == _SEQUENCE_HEADER:
            return _size(_Bits(content[at : at + length]))
        at += length
    return None


def _size(bits: _Bits) -> tuple[int, int]:
    bits.take(3)
    bits.take(1)
    if bits.take(1):
        bits.take(5)
    else:
        _skip_operating_points(bits)
    width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
    return bits.take(width_bits) + 1, bits.take(height_bits) + 1


def _skip_operating_points(bits: _Bits) -> None:
    delay_bits = 0
    if bits.take(1):
        bits.take(64)
        if bits.take(1):
            bits.skip_uvlc()
        if bits.take(1):
            delay_bits = bits.take(5) + 1
            bits.take(42)
    has_display_delay = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
        if delay_bits and bits.take(1):
            bits.take(2 * delay_bits + 1)
        if has_display_delay and bits.take(1):
            bits.take(4)


def _leb128(content: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index, byte in enumerate(content[at : at + 8]):
        value |= (byte & 0x7F) << 7 * index
        if not byte & 0x80:
            return value, at + index + 1
    raise ValueError("a length of the AV1 data does not end")


class _Bits:
    def __init__(self, content: bytes) -> None:
        self._content = content[:256]
        self._at = 0

    def take(self, count: int) -> int:
        end = self._at + count
        if end > 8 * len(self._content):
            raise ValueError("the AV1 sequence header is truncated")
        value = int.from_bytes(self._content, "big") >> 8 * len(self._content) - end & (1 << count) - 1
        self._at = end
        return value

    def skip_uvlc(self) -> None:
        zeroes = 0
        while not self.take(1):
            zeroes += 1
        self.take(min(zeroes, 32))
