"""Write JPEGs from coefficients for what Pillow does not write, by ITU-T T.81 alone, without libjpeg.

Huffman coding of 8-bit samples, any sampling factors, one scan or several, restarts.
"""

from __future__ import annotations

import random
import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image

from tests.drawn.pictures import Segment, jpeg_segments, segment_bytes

Block = list[int]
"""64 quantized coefficients in zigzag order."""

Table = tuple[bytes, bytes]
"""How many codes of each length, and the symbols."""

Factors = Sequence[tuple[int, int]]
ADOBE = b"Adobe\0\x64\0\0\0\0"


@dataclass
class Plane:
    """The blocks of one component, whole MCUs of them, row by row."""

    across: int
    down: int
    rows: list[list[Block]] = field(default_factory=list)


def standard_tables() -> dict[tuple[int, int], Table]:
    """Return the tables of ITU-T T.81, annex K, by class and slot, as an encoder that uses no others writes them."""
    encoded = BytesIO()
    Image.new("RGB", (16, 16)).save(encoded, "JPEG")
    tables: dict[tuple[int, int], Table] = {}
    for marker, payload in jpeg_segments(encoded.getvalue()):
        if marker == 0xC4:
            tables |= tables_in(payload)
    return tables


def tables_in(payload: bytes) -> dict[tuple[int, int], Table]:
    """Return the tables that a DHT segment defines, by class and slot."""
    tables, at = {}, 0
    while at < len(payload):
        counts = payload[at + 1 : at + 17]
        tables[payload[at] >> 4, payload[at] & 15] = counts, payload[at + 17 : at + 17 + sum(counts)]
        at += 17 + sum(counts)
    return tables


def drawn_planes(size: tuple[int, int], factors: Factors, seed: int = 1) -> list[Plane]:
    """Draw coefficients that compress like a photo's: varying brightness, and a few other small coefficients."""
    dice = random.Random(seed)
    columns, lines = mcus_of(size, factors)
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
    progressive: bool = False,
    steps: Sequence[int] = (8, 12),
) -> bytes:
    """Encode planes. ``separate`` scans have one component each, ``own_tables`` no symbol that is not used.

    A ``progressive`` file has a scan of all first coefficients, and one of all others for each component.

    ``steps`` are the quantization steps of the first component and of the others.
    """
    factors = [(plane.across, plane.down) for plane in planes]
    head = [segment_bytes(segment) for segment in segments]
    head += [segment_bytes((0xDB, bytes([slot]) + bytes([step] * 64))) for slot, step in enumerate(steps)]
    parts = b"".join(
        bytes([identifiers[index], across << 4 | down, min(index, 1)]) for index, (across, down) in enumerate(factors)
    )
    head.append(
        segment_bytes((0xC2 if progressive else 0xC0, struct.pack(">BHHB", 8, size[1], size[0], len(planes)) + parts))
    )
    if restart:
        head.append(segment_bytes((0xDD, struct.pack(">H", restart))))
    together, alone = [list(range(len(planes)))], [[index] for index in range(len(planes))]
    scans = [((0, 63), group) for group in (alone if separate else together)]
    if progressive:
        scans = [((0, 0), together[0]), *(((1, 63), group) for group in alone)]
    tables = standard_tables()
    if not own_tables:
        head += [
            segment_bytes((0xC4, bytes([kind << 4 | slot]) + b"".join(tables[kind, slot]))) for kind, slot in tables
        ]
    for (first, last), group in scans:
        kinds = {-1} | ({0} if first == 0 else set()) | ({1} if last else set())
        symbols = [symbol for symbol in _symbols(planes, size, group, restart) if symbol[0] in kinds]
        if own_tables:
            used = {(kind, min(index, 1)): Counter[int]() for index in group for kind in kinds - {-1}}
            for kind, index, symbol, _, _ in symbols:
                if kind >= 0:
                    used[kind, min(index, 1)][symbol] += 1
            tables = {key: _flat_table(list(counts)) for key, counts in used.items()}
            head += [_table_segment(key, table) for key, table in tables.items()]
        chosen = b"".join(bytes([identifiers[index], min(index, 1) * 0x11]) for index in group)
        head.append(segment_bytes((0xDA, bytes([len(group)]) + chosen + bytes([first, last, 0]))))
        head.append(_entropy_coded(symbols, tables))
    return b"".join((b"\xff\xd8", *head, b"\xff\xd9"))


def _table_segment(key: tuple[int, int], table: Table) -> bytes:
    return segment_bytes((0xC4, bytes([key[0] << 4 | key[1]]) + b"".join(table)))


def mcus_of(size: tuple[int, int], factors: Factors) -> tuple[int, int]:
    """Return how many MCUs there are across and down."""
    across, down = max(pair[0] for pair in factors), max(pair[1] for pair in factors)
    return -(-size[0] // (8 * across)), -(-size[1] // (8 * down))


def blocks_by_mcu(
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
    columns, lines = mcus_of(size, factors)
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
    """Yield table class, component, symbol, additional bits and their number; class -1 is a restart marker."""
    before = dict.fromkeys(group, 0)
    for number, mcu in enumerate(blocks_by_mcu(planes, size, group)):
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


def _flat_table(symbols: list[int]) -> Table:
    """Return a table of codes of nearly equal length, without the code of all ones."""
    bits = max(1, len(symbols).bit_length())
    return bytes([len(symbols) if length == bits else 0 for length in range(1, 17)]), bytes(symbols)


def codes_of(table: Table) -> Iterator[tuple[int, int, int]]:
    """Yield each symbol with its code and the code's length."""
    code, at = 0, 0
    for length, count in enumerate(table[0], 1):
        for symbol in table[1][at : at + count]:
            yield symbol, code, length
            code += 1
        at += count
        code <<= 1


def _entropy_coded(symbols: list[tuple[int, int, int, int, int]], tables: dict[tuple[int, int], Table]) -> bytes:
    codes = {key: {symbol: (code, length) for symbol, code, length in codes_of(table)} for key, table in tables.items()}
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
