"""Read the bits of AV1 headers, most significant bit first (AV1 Bitstream Specification, 4.10)."""

from __future__ import annotations

_MOST_BYTES = 256
"""Headers are shorter than this; bytes beyond it are not read."""


class Bits:
    """A reader of consecutive bit fields of any width. Raises ``ValueError`` past the end."""

    def __init__(self, content: bytes) -> None:
        content = content[:_MOST_BYTES]
        self._length = 8 * len(content)
        self._number = int.from_bytes(content, "big")
        self._at = 0

    def take(self, count: int) -> int:
        """Return an unsigned integer of ``count`` bits: f(n) in the specification."""
        end = self._at + count
        if end > self._length:
            raise ValueError("the AV1 header is truncated")
        self._at = end
        return self._number >> self._length - end & (1 << count) - 1

    def flag(self) -> bool:
        """Return the next bit."""
        return bool(self.take(1))

    def below(self, limit: int) -> int:
        """Return an integer below ``limit``: ns(n) in the specification."""
        width = limit.bit_length()
        short = (1 << width) - limit
        value = self.take(width - 1)
        return value if value < short else (value << 1) - short + self.take(1)

    def skip_uvlc(self) -> None:
        """Skip a variable-length integer: uvlc() in the specification."""
        zeroes = 0
        while not self.take(1):
            zeroes += 1
        if zeroes < 32:
            self.take(zeroes)
