"""Read the coefficients of sequential JPEGs by ITU-T T.81 alone, sharing no code with what is tested."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tests.drawn.jpegs import Plane, Table, blocks_by_mcu, codes_of, mcus_of, tables_in
from tests.drawn.pictures import Segment


def planes_of(data: bytes) -> list[Plane]:
    """Read the coefficients of a sequential JPEG."""
    tables: dict[tuple[int, int], Table] = {}
    restart = 0
    planes: list[Plane] = []
    identifiers: list[int] = []
    size = (0, 0)
    for marker, payload in segments_of(data):
        if marker == 0xC4:
            tables |= tables_in(payload)
        elif marker == 0xDD:
            (restart,) = struct.unpack(">H", payload)
        elif marker in (0xC0, 0xC1):
            _, height, width, count = struct.unpack_from(">BHHB", payload)
            size = width, height
            parts = [payload[6 + 3 * index : 9 + 3 * index] for index in range(count)]
            identifiers = [part[0] for part in parts]
            planes = [Plane(part[1] >> 4, part[1] & 15) for part in parts]
            columns, lines = mcus_of(size, [(plane.across, plane.down) for plane in planes])
            for plane in planes:
                plane.rows = [[[0] * 64 for _ in range(columns * plane.across)] for _ in range(lines * plane.down)]
        elif marker == 0xDA:
            chosen = [(identifiers.index(payload[1 + 2 * k]), payload[2 + 2 * k]) for k in range(payload[0])]
            scan = payload[4 + 2 * payload[0] :]
            _decode_scan(planes, size, chosen, tables, restart, scan)
    return planes


def segments_of(data: bytes) -> Iterator[Segment]:
    """Yield all segments; the entropy-coded data of a scan follows its header in the payload."""
    at = 2
    while data[at + 1] != 0xD9:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        end = at + 2 + length
        if marker == 0xDA:
            while not (data[end] == 0xFF and data[end + 1] != 0 and not 0xD0 <= data[end + 1] <= 0xD7):
                end += 1
        yield marker, data[at + 4 : end]
        at = end


def _decode_scan(
    planes: list[Plane],
    size: tuple[int, int],
    chosen: list[tuple[int, int]],
    tables: dict[tuple[int, int], Table],
    restart: int,
    scan: bytes,
) -> None:
    slots = dict(chosen)
    read = {key: {(length, code): symbol for symbol, code, length in codes_of(table)} for key, table in tables.items()}
    intervals = _intervals(scan)
    bits = next(intervals)
    before = dict.fromkeys(slots, 0)
    for number, mcu in enumerate(blocks_by_mcu(planes, size, list(slots))):
        if restart and number and number % restart == 0:
            bits, before = next(intervals), dict.fromkeys(slots, 0)
        for index, row, column in mcu:
            block = planes[index].rows[row][column]
            before[index] += bits.value(bits.symbol(read[0, slots[index] >> 4]))
            block[0] = before[index]
            at = 1
            while at < 64:
                symbol = bits.symbol(read[1, slots[index] & 15])
                if symbol == 0:
                    break
                at += symbol >> 4
                block[at] = bits.value(symbol & 15)
                at += 1


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._text = f"{int.from_bytes(b'1' + data, 'big'):b}"[6:]
        self._at = 0

    def symbol(self, codes: dict[tuple[int, int], int]) -> int:
        code = 0
        for length in range(1, 17):
            code = code << 1 | (self._text[self._at] == "1")
            self._at += 1
            if (length, code) in codes:
                return codes[length, code]
        raise ValueError("no such code")

    def value(self, size: int) -> int:
        if size == 0:
            return 0
        bits = int(self._text[self._at : self._at + size], 2)
        self._at += size
        return bits if bits >> (size - 1) else bits - (1 << size) + 1


def _intervals(scan: bytes) -> Iterator[_Bits]:
    start = at = 0
    while True:
        at = scan.find(b"\xff", at)
        if at < 0:
            yield _Bits(scan[start:].replace(b"\xff\0", b"\xff"))
            return
        if 0xD0 <= scan[at + 1] <= 0xD7:
            yield _Bits(scan[start:at].replace(b"\xff\0", b"\xff"))
            start = at + 2
        at += 2
