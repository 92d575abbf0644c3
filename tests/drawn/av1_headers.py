"""Write headers of AV1 frames bit by bit, in the order of the syntax tables (AV1 Bitstream Specification, 5.5, 5.9)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Frame:
    """The fields that decide what precedes the quantizer, named as in the specification."""

    base_q_idx: int = 120
    width: int = 200
    height: int = 120
    reduced: bool = False
    timing: bool = False
    equal_interval: bool = False
    ticks_zeroes: int = 0
    decoder_model: bool = False
    display_delay: bool = False
    operating_points: tuple[int, ...] = (0,)
    frame_ids: bool = False
    large_superblocks: bool = False
    order_hint_bits: int = 7
    choose_screen_content: bool = True
    screen_content: bool = False
    choose_integer_mv: bool = True
    superres: bool = False
    coded_denominator: int | None = None
    frame_type: int = 0
    shown: bool = True
    resilient: bool = False
    disable_cdf_update: bool = False
    own_size: bool = False
    buffer_removal: bool = False
    refresh: int = 0xFF
    render_size: bool = False
    tiles: tuple[int, ...] | None = None


class _Bits:
    def __init__(self) -> None:
        self.text = ""

    def put(self, value: int, count: int = 1) -> None:
        self.text += f"{int(value):0{count}b}" if count else ""

    def put_below(self, value: int, limit: int) -> None:
        """Write ns(n) (4.10.7)."""
        width = limit.bit_length()
        short = (1 << width) - limit
        if value < short:
            self.put(value, width - 1)
        else:
            self.put(value + short, width)

    def unit(self, kind: int) -> bytes:
        """Return an OBU with these bits, a trailing one and padding (5.3)."""
        text = self.text + "1"
        text += "0" * (-len(text) % 8)
        payload = int(text, 2).to_bytes(len(text) // 8, "big")
        return bytes((kind << 3 | 2, len(payload))) + payload


def written(frame: Frame) -> bytes:
    """Return a temporal delimiter, the sequence header, and a frame header that ends after the quantizer."""
    return bytes((2 << 3 | 2, 0)) + _sequence(frame).unit(1) + _header(frame).unit(3)


def _sequence(frame: Frame) -> _Bits:
    bits = _Bits()
    bits.put(0, 3)
    bits.put(frame.reduced)
    bits.put(frame.reduced)
    if frame.reduced:
        bits.put(8, 5)
    else:
        _timing(bits, frame)
    bits.put(15, 4)
    bits.put(14, 4)
    bits.put(frame.width - 1, 16)
    bits.put(frame.height - 1, 15)
    if not frame.reduced:
        bits.put(frame.frame_ids)
        if frame.frame_ids:
            bits.put(5, 4)
            bits.put(2, 3)
    bits.put(frame.large_superblocks)
    bits.put(1, 2)
    if not frame.reduced:
        bits.put(0b1010, 4)
        bits.put(bool(frame.order_hint_bits))
        if frame.order_hint_bits:
            bits.put(1, 2)
        bits.put(frame.choose_screen_content)
        if not frame.choose_screen_content:
            bits.put(frame.screen_content)
        if frame.choose_screen_content or frame.screen_content:
            bits.put(frame.choose_integer_mv)
            if not frame.choose_integer_mv:
                bits.put(1)
        if frame.order_hint_bits:
            bits.put(frame.order_hint_bits - 1, 3)
    bits.put(frame.superres)
    bits.put(0b101, 3)
    return bits


def _timing(bits: _Bits, frame: Frame) -> None:
    bits.put(frame.timing)
    if frame.timing:
        bits.put(1001, 32)
        bits.put(60_000, 32)
        bits.put(frame.equal_interval)
        if frame.equal_interval:
            zeroes = frame.ticks_zeroes
            bits.put(1, zeroes + 1)
            if zeroes < 32:
                bits.put(0, zeroes)
        bits.put(frame.decoder_model)
        if frame.decoder_model:
            bits.put(9, 5)
            bits.put(77, 32)
            bits.put(19, 5)
            bits.put(24, 5)
    bits.put(frame.display_delay)
    bits.put(len(frame.operating_points) - 1, 5)
    for number, layers in enumerate(frame.operating_points):
        bits.put(layers, 12)
        level = 9 if number % 2 else 4
        bits.put(level, 5)
        if level > 7:
            bits.put(1)
        if frame.timing and frame.decoder_model:
            bits.put(1)
            bits.put(3, 10)
            bits.put(4, 10)
            bits.put(1)
        if frame.display_delay:
            bits.put(1)
            bits.put(7, 4)


def _header(frame: Frame) -> _Bits:
    bits = _Bits()
    has_model = frame.timing and frame.decoder_model and not frame.reduced
    key_shown = frame.reduced or (frame.frame_type == 0 and frame.shown)
    resilient = key_shown or frame.resilient
    if not frame.reduced:
        bits.put(0)
        bits.put(frame.frame_type, 2)
        bits.put(frame.shown)
        if frame.shown and has_model and not frame.equal_interval:
            bits.put(1, 25)
        if not frame.shown:
            bits.put(1)
        if not key_shown:
            bits.put(frame.resilient)
    bits.put(frame.disable_cdf_update)
    screen = frame.screen_content
    if frame.reduced or frame.choose_screen_content:
        bits.put(screen)
    if screen and (frame.reduced or frame.choose_integer_mv):
        bits.put(0)
    order_bits = 0 if frame.reduced else frame.order_hint_bits
    if not frame.reduced:
        if frame.frame_ids:
            bits.put(1, 10)
        bits.put(frame.own_size)
        bits.put(0, order_bits)
    if has_model:
        bits.put(frame.buffer_removal)
        if frame.buffer_removal:
            for layers in frame.operating_points:
                if not layers or (layers & 1 and layers >> 8 & 1):
                    bits.put(5, 20)
    if not key_shown:
        bits.put(frame.refresh, 8)
        if frame.refresh != 0xFF and resilient and order_bits:
            for _ in range(8):
                bits.put(1, order_bits)
    narrow = _size(bits, frame)
    bits.put(frame.render_size)
    if frame.render_size:
        bits.put(63, 16)
        bits.put(63, 16)
    if screen and narrow == frame.width:
        bits.put(0)
    if not frame.reduced and not frame.disable_cdf_update:
        bits.put(0)
    _tiles(bits, frame, narrow)
    bits.put(frame.base_q_idx, 8)
    return bits


def _size(bits: _Bits, frame: Frame) -> int:
    if frame.own_size and not frame.reduced:
        bits.put(frame.width - 1, 16)
        bits.put(frame.height - 1, 15)
    if not frame.superres:
        return frame.width
    bits.put(frame.coded_denominator is not None)
    if frame.coded_denominator is None:
        return frame.width
    bits.put(frame.coded_denominator, 3)
    denominator = frame.coded_denominator + 9
    return (frame.width * 8 + denominator // 2) // denominator


def _tiles(bits: _Bits, frame: Frame, width: int) -> None:
    """Write tile_info (5.9.15): one tile of the picture, or columns of these widths in superblocks, in one row."""
    side = 128 if frame.large_superblocks else 64
    across, down = -(-width // side), -(-frame.height // side)
    if frame.tiles is None:
        bits.put(1)
        for superblocks in (across, down):
            if superblocks > 1:
                bits.put(0)
        return
    bits.put(0)
    at = columns = 0
    for wanted in [*frame.tiles, across]:
        length = min(wanted, across - at)
        if length:
            bits.put_below(length - 1, min(across - at, 4096 // side))
            at, columns = at + length, columns + 1
    at = 0
    # Without mandatory tiles, the height of a row is at most the area of the picture divided by its widest column.
    bits.put_below(down - 1, down)
    if columns > 1:
        bits.put(0, (columns - 1).bit_length())
        bits.put(3, 2)
