"""Read the fields of AV1's sequence header that frame headers depend on (AV1 Bitstream Specification, 5.5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zenoimg.imaging.formats.avif.bits import Bits

SEQUENCE_HEADER = 1
_MOST_OBUS = 8
_SELECT = 2


@dataclass(frozen=True)
class Operating:
    """An operating point: its layers as a bit mask, and whether it has a decoder model."""

    layers: int
    has_model: bool


@dataclass(frozen=True)
class Timing:
    """The timing fields of a sequence header; lengths are in bits, 0 without a decoder model."""

    removal_bits: int = 0
    presentation_bits: int = 0
    is_equal: bool = False
    points: tuple[Operating, ...] = ()


@dataclass(frozen=True)
class Sequence:
    """A sequence header. ``screen_content`` and ``integer_motion`` are 0, 1, or 2 when each frame has its own flag."""

    is_reduced: bool
    timing: Timing
    size_bits: tuple[int, int]
    size: tuple[int, int]
    frame_id_bits: int
    large_superblocks: bool
    screen_content: int
    integer_motion: int
    order_bits: int
    superres: bool


def obus(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the type and payload of the first open bitstream units (OBUs) of coded data (5.3)."""
    at = 0
    for _ in range(_MOST_OBUS):
        if at >= len(content):
            return
        head = content[at]
        at += 2 if head & 4 else 1
        length = len(content) - at
        if head & 2:
            length, at = _leb128(content, at)
        yield head >> 3 & 15, content[at : at + length]
        at += length


def coded_size(content: bytes) -> tuple[int, int] | None:
    """Return the maximum width and height from the sequence header; ``None`` without one."""
    for kind, payload in obus(content):
        if kind == SEQUENCE_HEADER:
            bits = Bits(payload)
            bits.take(3 + 1)
            _timing(bits, is_reduced=bits.flag())
            return _size(bits)[1]
    return None


def read_sequence(payload: bytes) -> Sequence:
    """Parse a sequence header. Raises ``ValueError`` when it is truncated."""
    bits = Bits(payload)
    bits.take(3 + 1)
    is_reduced = bits.flag()
    timing = _timing(bits, is_reduced=is_reduced)
    size_bits, size = _size(bits)
    frame_id_bits = 0
    if not is_reduced and bits.flag():
        frame_id_bits = bits.take(4) + bits.take(3) + 3
    large_superblocks = bits.flag()
    bits.take(2)
    screen_content = integer_motion = _SELECT
    order_bits = 0
    if not is_reduced:
        screen_content, integer_motion, order_bits = _tools(bits)
    superres = bits.flag()
    return Sequence(
        is_reduced,
        timing,
        size_bits,
        size,
        frame_id_bits,
        large_superblocks,
        screen_content,
        integer_motion,
        order_bits,
        superres,
    )


def _timing(bits: Bits, *, is_reduced: bool) -> Timing:
    if is_reduced:
        bits.take(5)
        return Timing()
    delay_bits = removal_bits = presentation_bits = 0
    is_equal = False
    if bits.flag():
        bits.take(64)
        is_equal = bits.flag()
        if is_equal:
            bits.skip_uvlc()
        if bits.flag():
            delay_bits = bits.take(5) + 1
            bits.take(32)
            removal_bits, presentation_bits = bits.take(5) + 1, bits.take(5) + 1
    has_display_delay = bits.flag()
    points = []
    for _ in range(bits.take(5) + 1):
        layers = bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
        has_model = bool(delay_bits) and bits.flag()
        if has_model:
            bits.take(2 * delay_bits + 1)
        if has_display_delay and bits.flag():
            bits.take(4)
        points.append(Operating(layers, has_model))
    return Timing(removal_bits, presentation_bits, is_equal, tuple(points))


def _size(bits: Bits) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the lengths in bits of width and height, and their maximum values."""
    width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
    return (width_bits, height_bits), (bits.take(width_bits) + 1, bits.take(height_bits) + 1)


def _tools(bits: Bits) -> tuple[int, int, int]:
    """Return the screen-content and integer-motion-vector flags, and the number of order-hint bits."""
    bits.take(4)
    has_order = bits.flag()
    if has_order:
        bits.take(2)
    screen_content = _SELECT if bits.flag() else bits.take(1)
    integer_motion = _SELECT
    if screen_content and not bits.flag():
        integer_motion = bits.take(1)
    return screen_content, integer_motion, bits.take(3) + 1 if has_order else 0


def _leb128(content: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index, byte in enumerate(content[at : at + 8]):
        value |= (byte & 0x7F) << 7 * index
        if not byte & 0x80:
            return value, at + index + 1
    raise ValueError("a length field of the AV1 data is not terminated")
