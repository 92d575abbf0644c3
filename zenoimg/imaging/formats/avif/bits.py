"""Bits of AV1 headers, the first one of a byte the highest (AV1 Bitstream Specification, 4.10)."""

from __future__ import annotations

_MOST_BYTES = 256
"""Headers are shorter; whatever follows is no part of them."""


class Bits:
    """Reads numbers of any count of bits one after another; raises ``ValueError`` at the end."""

    def __init__(self, content: bytes) -> None:
        content = content[:_MOST_BYTES]
        self._length = 8 * len(content)
        self._number = int.from_bytes(content, "big")
        self._at = 0

    def take(self, count: int) -> int:
        """Return an unsigned number of ``count`` bits, f(n) of the specification."""
        end = self._at + count
        if end > self._length:
            raise ValueError("the AV1 header is truncated")
        self._at = end
        return self._number >> self._length - end & (1 << count) - 1

    def flag(self) -> bool:
        """Return one bit."""
        return bool(self.take(1))

    def below(self, limit: int) -> int:
        """Return a number below ``limit``, ns(n) of the specification."""
        width = limit.bit_length()
        short = (1 << width) - limit
        value = self.take(width - 1)
        return value if value < short else (value << 1) - short + self.take(1)

    def skip_uvlc(self) -> None:
        """Skip a number of variable length, uvlc() of the specification."""
        zeroes = 0
        while not self.take(1):
            zeroes += 1
        if zeroes < 32:
            self.take(zeroes)
