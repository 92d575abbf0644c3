"""JPEGs from their coefficients and back, for what Pillow does not write: by ITU-T T.81 alone, without libjpeg.

Sequential Huffman coding of 8-bit samples, any sampling factors, one scan or one for each component, restarts.
"""

from __future__ import annotations

import random
import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from tests.drawn.pictures import Segment, segment_bytes

Block = list[int]
"""64 quantized coefficients in zigzag order."""

Factors = Sequence[tuple[int, int]]
ADOBE = b"Adobe\0\x64\0\0\0\0"


@dataclass
class Plane:
    """The blocks of one component, whole MCUs of them, row by row."""

    across: int
    down: int
    rows: list[list[Block]] = field(default_factory=list)


def standard_tables() -> dict[tuple[int, int], tuple[bytes, bytes]]:
    """Return the tables of ITU-T T.81, annex K, by class and slot, as an encoder that uses no others writes them."""
    encoded = BytesIO()
    Image.new("RGB", (16, 16)).save(encoded, "JPEG")
    tables: dict[tuple[int, int], tuple[bytes, bytes]] = {}
    for marker, payload in segments_of(encoded.getvalue()):
        if marker == 0xC4:
            tables |= _tables_in(payload)
    return tables


def drawn_planes(size: tuple[int, int], factors: Factors, seed: int = 1) -> list[Plane]:
    """Draw coefficients that compress like a photo's: brightness that wanders, a few small other coefficients."""
    dice = random.Random(seed)
    columns, lines = _mcus(size, factors)
    planes = []
    for across, down in factors:
        plane = Plane(across, down)
        for _ in range(lines * down):
            level = dice.randint(-30, 30)
            row = []
            for _ in range(columns * across):
                level = max(-60, min(60, level + dice.randint(-6, 6)))
                block = [level] + [0] * 63
                for _ in range(dice.randint(0, 8)):
                    block[dice.randint(1, 20)] = dice.randint(-4, 4)
                if dice.random() < 0.02:
                    block[dice.randint(40, 63)] = dice.randint(-2, 2)
                row.append(block)
            plane.rows.append(row)
        planes.append(plane)
    return planes


def jpeg_of(
    planes: Sequence[Plane],
    size: tuple[int, int],
    *,
    segments: Sequence[Segment] = (),
    identifiers: bytes = b"\1\2\3\4",
    separate: bool = False,
    restart: int = 0,
    own_tables: bool = False,
    steps: Sequence[int] = (8, 12),
) -> bytes:
    """Encode planes. ``separate`` scans have one component each, ``own_tables`` no symbol that is not used.

    ``steps`` are the quantization steps of the first component and of the others.
    """
    factors = [(plane.across, plane.down) for plane in planes]
    head = [segment_bytes(segment) for segment in segments]
    head += [segment_bytes((0xDB, bytes([slot]) + bytes([step] * 64))) for slot, step in enumerate(steps)]
    parts = b"".join(
        bytes([identifiers[index], across << 4 | down, min(index, 1)]) for index, (across, down) in enumerate(factors)
    )
    head.append(segment_bytes((0xC0, struct.pack(">BHHB", 8, size[1], size[0], len(planes)) + parts)))
    if restart:
        head.append(segment_bytes((0xDD, struct.pack(">H", restart))))
    groups = [[index] for index in range(len(planes))] if separate else [list(range(len(planes)))]
    tables = standard_tables()
    if not own_tables:
        head += [
            segment_bytes((0xC4, bytes([kind << 4 | slot]) + b"".join(tables[kind, slot]))) for kind, slot in tables
        ]
    for group in groups:
        symbols = list(_symbols(planes, size, group, restart))
        if own_tables:
            used = {(kind, min(index, 1)): Counter[int]() for index in group for kind in (0, 1)}
            for kind, index, symbol, _, _ in symbols:
                used[kind, min(index, 1)][symbol] += kind >= 0
            tables = {key: _flat_table(list(counts)) for key, counts in used.items() if key[0] >= 0}
            head += [segment_bytes((0xC4, bytes([key[0] << 4 | key[1]]) + b"".join(tables[key]))) for key in tables]
        chosen = b"".join(bytes([identifiers[index], min(index, 1) * 0x11]) for index in group)
        head.append(segment_bytes((0xDA, bytes([len(group)]) + chosen + b"\0\x3f\0")))
        head.append(_entropy_coded(symbols, tables))
    return b"".join((b"\xff\xd8", *head, b"\xff\xd9"))


def planes_of(data: bytes) -> list[Plane]:
    """Read the coefficients of a sequential JPEG."""
    tables: dict[tuple[int, int], tuple[bytes, bytes]] = {}
    restart = 0
    planes: list[Plane] = []
    identifiers: list[int] = []
    size = (0, 0)
    for marker, payload in segments_of(data):
        if marker == 0xC4:
            tables |= _tables_in(payload)
        elif marker == 0xDD:
            (restart,) = struct.unpack(">H", payload)
        elif marker in (0xC0, 0xC1):
            _, height, width, count = struct.unpack_from(">BHHB", payload)
            size = width, height
            parts = [payload[6 + 3 * index : 9 + 3 * index] for index in range(count)]
            identifiers = [part[0] for part in parts]
            planes = [Plane(part[1] >> 4, part[1] & 15) for part in parts]
            columns, lines = _mcus(size, [(plane.across, plane.down) for plane in planes])
            for plane in planes:
                plane.rows = [[[0] * 64 for _ in range(columns * plane.across)] for _ in range(lines * plane.down)]
        elif marker == 0xDA:
            chosen = [(identifiers.index(payload[1 + 2 * k]), payload[2 + 2 * k]) for k in range(payload[0])]
            scan = payload[4 + 2 * payload[0] :]
            _decode_scan(planes, size, chosen, tables, restart, scan)
    return planes


def segments_of(data: bytes) -> Iterator[Segment]:
    """Yield all segments; the entropy-coded data of a scan are behind its header in the payload."""
    at = 2
    while data[at + 1] != 0xD9:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        end = at + 2 + length
        if marker == 0xDA:
            while not (data[end] == 0xFF and data[end + 1] != 0 and not 0xD0 <= data[end + 1] <= 0xD7):
                end += 1
        yield marker, data[at + 4 : end]
        at = end


def progressive(data: bytes) -> bytes:
    """Return a picture as a progressive JPEG of the same sampling, as far as Pillow writes it."""
    encoded = BytesIO()
    JpegImageFile(BytesIO(data)).save(encoded, "JPEG", progressive=True, quality="keep")
    return encoded.getvalue()


def _mcus(size: tuple[int, int], factors: Factors) -> tuple[int, int]:
    across, down = max(pair[0] for pair in factors), max(pair[1] for pair in factors)
    return -(-size[0] // (8 * across)), -(-size[1] // (8 * down))


def _places(
    planes: Sequence[Plane], size: tuple[int, int], group: Sequence[int]
) -> Iterator[list[tuple[int, int, int]]]:
    """Yield the blocks of each MCU of a scan: component, row, column (A.2)."""
    factors = [(plane.across, plane.down) for plane in planes]
    largest = max(pair[0] for pair in factors), max(pair[1] for pair in factors)
    if len(group) == 1:
        (index,) = group
        width = -(-size[0] * factors[index][0] // (8 * largest[0]))
        height = -(-size[1] * factors[index][1] // (8 * largest[1]))
        yield from ([(index, row, column)] for row in range(height) for column in range(width))
        return
    columns, lines = _mcus(size, factors)
    for line in range(lines):
        for mcu in range(columns):
            yield [
                (index, line * factors[index][1] + row, mcu * factors[index][0] + column)
                for index in group
                for row in range(factors[index][1])
                for column in range(factors[index][0])
            ]


def _symbols(
    planes: Sequence[Plane], size: tuple[int, int], group: Sequence[int], restart: int
) -> Iterator[tuple[int, int, int, int, int]]:
    """Yield class of table, component, symbol, further bits, how many; class -1 is a restart marker."""
    before = dict.fromkeys(group, 0)
    for number, mcu in enumerate(_places(planes, size, group)):
        if restart and number and number % restart == 0:
            before = dict.fromkeys(group, 0)
            yield -1, group[0], number // restart - 1, 0, 0
        for index, row, column in mcu:
            block = planes[index].rows[row][column]
            difference, before[index] = block[0] - before[index], block[0]
            yield 0, index, *_sized(difference, 0)
            run = 0
            last = max((k for k in range(1, 64) if block[k]), default=0)
            for value in block[1 : last + 1]:
                if value == 0:
                    run += 1
                    continue
                while run > 15:
                    yield 1, index, 0xF0, 0, 0
                    run -= 16
                yield 1, index, *_sized(value, run)
                run = 0
            if last < 63:
                yield 1, index, 0, 0, 0


def _sized(value: int, run: int) -> tuple[int, int, int]:
    size = abs(value).bit_length()
    return run << 4 | size, value if value >= 0 else value + (1 << size) - 1, size


def _flat_table(symbols: list[int]) -> tuple[bytes, bytes]:
    """A table of codes as equal as they can be, the code of ones left out."""
    bits = max(1, len(symbols).bit_length())
    return bytes([len(symbols) if length == bits else 0 for length in range(1, 17)]), bytes(symbols)


def _codes(table: tuple[bytes, bytes]) -> Iterator[tuple[int, int, int]]:
    code, at = 0, 0
    for length, count in enumerate(table[0], 1):
        for symbol in table[1][at : at + count]:
            yield symbol, code, length
            code += 1
        at += count
        code <<= 1


def _entropy_coded(
    symbols: list[tuple[int, int, int, int, int]], tables: dict[tuple[int, int], tuple[bytes, bytes]]
) -> bytes:
    codes = {key: {symbol: (code, length) for symbol, code, length in _codes(table)} for key, table in tables.items()}
    parts: list[bytes] = []
    bits: list[str] = []

    def flush() -> None:
        text = "".join(bits)
        text += "1" * (-len(text) % 8)
        parts.append(int(text or "0", 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\0"))
        bits.clear()

    for kind, index, symbol, further, count in symbols:
        if kind < 0:
            flush()
            parts.append(bytes([0xFF, 0xD0 + symbol % 8]))
            continue
        code, length = codes[kind, min(index, 1)][symbol]
        bits.append(f"{code:0{length}b}" + (f"{further:0{count}b}" if count else ""))
    flush()
    return b"".join(parts)


def _tables_in(payload: bytes) -> dict[tuple[int, int], tuple[bytes, bytes]]:
    tables, at = {}, 0
    while at < len(payload):
        counts = payload[at + 1 : at + 17]
        tables[payload[at] >> 4, payload[at] & 15] = counts, payload[at + 17 : at + 17 + sum(counts)]
        at += 17 + sum(counts)
    return tables


def _decode_scan(
    planes: list[Plane],
    size: tuple[int, int],
    chosen: list[tuple[int, int]],
    tables: dict[tuple[int, int], tuple[bytes, bytes]],
    restart: int,
    scan: bytes,
) -> None:
    slots = dict(chosen)
    read = {key: {(length, code): symbol for symbol, code, length in _codes(table)} for key, table in tables.items()}
    intervals = _intervals(scan)
    bits = next(intervals)
    before = dict.fromkeys(slots, 0)
    for number, mcu in enumerate(_places(planes, size, list(slots))):
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
