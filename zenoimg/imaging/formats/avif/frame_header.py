"""Read the quantizer of the first AV1 frame (AV1 Bitstream Specification, 5.9.2 to 5.9.15)."""

from __future__ import annotations

from zenoimg.imaging.formats.avif.bits import Bits
from zenoimg.imaging.formats.avif.sequence_header import SEQUENCE_HEADER, Sequence, obus, read_sequence

_FRAME_HEADER, _FRAME = 3, 6
_KEY, _INTRA_ONLY = 0, 2
_SELECT = 2
_MOST_TILES = 64
_TILE_WIDTH, _TILE_AREA = 4096, 4096 * 2304


def base_q_idx(content: bytes, configuration: bytes = b"") -> int | None:
    """Return the quantizer index, 0 to 255, of the first frame of coded data.

    ``configuration`` is the content of av1C, whose sequence header applies when the data has none. Return ``None``
    when the first frame is not intra-coded or its headers cannot be read.
    """
    try:
        sequence = next(
            (read_sequence(unit) for kind, unit in obus(configuration[4:]) if kind == SEQUENCE_HEADER), None
        )
        for kind, unit in obus(content):
            if kind == SEQUENCE_HEADER:
                sequence = read_sequence(unit)
            elif kind in (_FRAME_HEADER, _FRAME):
                return _index(Bits(unit), sequence) if sequence else None
    except ValueError:
        pass
    return None


def _index(bits: Bits, sequence: Sequence) -> int | None:
    kind, is_shown = _KEY, True
    if not sequence.is_reduced:
        if bits.flag():
            return None  # show_existing_frame
        kind, is_shown = bits.take(2), bits.flag()
        if kind not in (_KEY, _INTRA_ONLY):
            return None
        _skip_presentation(bits, sequence, is_shown=is_shown)
    is_resilient = kind == _KEY and is_shown
    if not is_resilient:
        is_resilient = bits.flag()
    keeps_statistics = bits.flag()
    has_screen_content = sequence.screen_content
    if has_screen_content == _SELECT:
        has_screen_content = bits.take(1)
    if has_screen_content and sequence.integer_motion == _SELECT:
        bits.take(1)
    bits.take(sequence.frame_id_bits)
    has_own_size = not sequence.is_reduced and bits.flag()
    bits.take(sequence.order_bits)
    _skip_removal(bits, sequence)
    if kind != _KEY or not is_shown:
        refreshed = bits.take(8)
        if refreshed != 0xFF and is_resilient:
            bits.take(8 * sequence.order_bits)
    size, is_scaled = _frame_size(bits, sequence, has_own_size=has_own_size)
    if bits.flag():
        bits.take(32)
    if has_screen_content and not is_scaled:
        bits.take(1)
    if not sequence.is_reduced and not keeps_statistics:
        bits.take(1)
    _skip_tiles(bits, size, large_superblocks=sequence.large_superblocks)
    return bits.take(8)


def _skip_presentation(bits: Bits, sequence: Sequence, *, is_shown: bool) -> None:
    if not is_shown:
        bits.take(1)
    elif sequence.timing.presentation_bits and not sequence.timing.is_equal:
        bits.take(sequence.timing.presentation_bits)


def _skip_removal(bits: Bits, sequence: Sequence) -> None:
    """Skip the buffer removal times of the base layer."""
    timing = sequence.timing
    if not timing.removal_bits or not bits.flag():
        return
    for point in timing.points:
        if point.has_model and (not point.layers or point.layers & 0x101 == 0x101):
            bits.take(timing.removal_bits)


def _frame_size(bits: Bits, sequence: Sequence, *, has_own_size: bool) -> tuple[tuple[int, int], bool]:
    """Return the size of the coded frame, and whether super-resolution changes its width."""
    width, height = sequence.size
    if has_own_size:
        width, height = bits.take(sequence.size_bits[0]) + 1, bits.take(sequence.size_bits[1]) + 1
    if sequence.superres and bits.flag():
        denominator = bits.take(3) + 9
        narrow = (8 * width + denominator // 2) // denominator
        return (narrow, height), narrow != width
    return (width, height), False


def _skip_tiles(bits: Bits, size: tuple[int, int], *, large_superblocks: bool) -> None:
    side = 7 if large_superblocks else 6
    across, down = -(-size[0] // (1 << side)), -(-size[1] // (1 << side))
    widest = _TILE_WIDTH >> side
    fewest = max(_logarithm(widest, across), _logarithm(_TILE_AREA >> 2 * side, across * down))
    if bits.flag():
        columns = _uniform(bits, _logarithm(widest, across), across)
        rows = _uniform(bits, max(fewest - columns, 0), down)
    else:
        count, largest = _explicit(bits, across, widest)
        columns = _logarithm(1, count)
        area = across * down >> fewest + 1 if fewest else across * down
        rows = _logarithm(1, _explicit(bits, down, max(area // largest, 1))[0])
    if columns or rows:
        bits.take(columns + rows + 2)


def _uniform(bits: Bits, fewest: int, superblocks: int) -> int:
    """Return the base-2 logarithm of the number of uniform tiles along a side."""
    logarithm = fewest
    while logarithm < _logarithm(1, min(superblocks, _MOST_TILES)) and bits.flag():
        logarithm += 1
    return logarithm


def _explicit(bits: Bits, superblocks: int, widest: int) -> tuple[int, int]:
    """Return the number of tiles along a side, and the length of the longest in superblocks."""
    at = count = largest = 0
    while at < superblocks:
        length = bits.below(min(superblocks - at, widest)) + 1
        at, count, largest = at + length, count + 1, max(largest, length)
    return count, largest


def _logarithm(unit: int, target: int) -> int:
    """Return how many times a unit must be doubled to reach a target."""
    return max(0, (-(-target // unit) - 1).bit_length())
