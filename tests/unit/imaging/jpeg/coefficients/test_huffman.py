from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.drawn import jpegs, pictures
from zenoimg.imaging.formats.jpeg.coefficients.huffman import (
    AC_SYMBOLS,
    DC_SYMBOLS,
    UnusableTablesError,
    completed,
    keeps_order,
    regrown,
    tables_of,
)
from zenoimg.imaging.formats.jpeg.coefficients.worker.messages import (
    TABLES_BYTES,
    CodingTables,
    HuffmanTable,
    pack_tables,
    unpack_tables,
)
from zenoimg.imaging.formats.jpeg.stream import JpegStream, read_stream

STANDARD = {key: HuffmanTable(*table) for key, table in jpegs.standard_tables().items()}
COLOUR = [(2, 2), (1, 1), (1, 1)]
SIZE = (60, 40)


def space(table: HuffmanTable) -> int:
    """Return the share of the 16-bit code space that a table's codes take."""
    return sum(count << (16 - bits) for bits, count in enumerate(table.counts, 1))


def check(table: HuffmanTable, symbols: frozenset[int]) -> None:
    assert len(table.counts) == 16
    assert sum(table.counts) == len(table.symbols) == len(set(table.symbols))
    assert symbols <= set(table.symbols)
    assert space(table) < 1 << 16, "the code of all ones is not allowed"


def lengths(table: HuffmanTable) -> dict[int, int]:
    bits = [length for length, count in enumerate(table.counts, 1) for _ in range(count)]
    return dict(zip(table.symbols, bits, strict=True))


def stream_of(**options: object) -> JpegStream:
    return read_stream(jpegs.jpeg_of(jpegs.drawn_planes(SIZE, COLOUR), SIZE, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize(("key", "symbols"), [((0, 0), DC_SYMBOLS), ((0, 1), DC_SYMBOLS), ((1, 0), AC_SYMBOLS)])
def test_the_standard_tables_have_exactly_these_symbols(key: tuple[int, int], symbols: frozenset[int]) -> None:
    assert set(STANDARD[key].symbols) == symbols
    assert completed(STANDARD[key], symbols) == STANDARD[key]


def test_missing_symbols_get_16_bit_codes_after_the_others() -> None:
    short = HuffmanTable(bytes([0, 2, 1] + [0] * 13), b"\0\1\2")
    whole = completed(short, DC_SYMBOLS)
    check(whole, DC_SYMBOLS)
    assert whole.symbols[:3] == short.symbols
    assert whole.counts[:15] == short.counts[:15]
    assert set(list(lengths(whole).values())[3:]) == {16}


def test_a_full_table_gets_new_codes_of_about_the_old_lengths() -> None:
    full = HuffmanTable(bytes([1] * 15 + [1]), bytes(range(1, 17)))  # only the code of all ones is left
    assert space(full) == (1 << 16) - 1
    whole = completed(full, AC_SYMBOLS)
    check(whole, AC_SYMBOLS)
    before, after = lengths(full), lengths(whole)
    assert all(after[symbol] <= before[symbol] + 1 for symbol in full.symbols[:8])


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=100), st.integers(0, 160))
def test_rebuilt_codes_are_complete_and_prefix_free(weights: list[int], lacking: int) -> None:
    symbols = sorted(AC_SYMBOLS)
    lacking = min(lacking, len(symbols) - len(weights))
    table = regrown(HuffmanTable(bytes(16), b""), bytes(symbols[: len(weights)]))
    check(table, frozenset(symbols[: len(weights)]))
    again = regrown(table, bytes(symbols[len(weights) : len(weights) + lacking]))
    check(again, frozenset(symbols[: len(weights) + lacking]))


def test_the_sources_tables_are_used_in_the_sources_slots() -> None:
    tables = tables_of(stream_of())
    assert tables.selectors == ((0, 0), (1, 1), (1, 1))
    assert tables.dc == {0: STANDARD[0, 0], 1: STANDARD[0, 1]}
    assert tables.ac == {0: STANDARD[1, 0], 1: STANDARD[1, 1]}


def test_tables_optimised_for_one_picture_are_completed() -> None:
    tables = tables_of(stream_of(own_tables=True))
    for kind, symbols in ((tables.dc, DC_SYMBOLS), (tables.ac, AC_SYMBOLS)):
        assert kind.keys() == {0, 1}
        for table in kind.values():
            check(table, symbols)


def test_a_single_scan_of_known_symbols_keeps_its_order() -> None:
    assert keeps_order(stream_of(restart=3))
    assert not keeps_order(stream_of(separate=True))


def test_tables_for_more_than_8_bits_are_not_used() -> None:
    data = pictures.jpeg(pictures.photo(SIZE))
    at = data.rindex(b"\xff\xc4")
    changed = bytearray(data)
    changed[at + 5 + 16 + 100] = 0x0B  # a size of 11 bits
    with pytest.raises(UnusableTablesError):
        tables_of(read_stream(bytes(changed)))


@pytest.mark.parametrize("cut", [b"\xff\xc4\0\x05\0\1\1", b"\xff\xc4\0\x03\x42"])
def test_damaged_tables_are_reported(cut: bytes) -> None:
    data = pictures.jpeg(pictures.photo(SIZE))
    at = data.index(b"\xff\xda")
    with pytest.raises(UnusableTablesError):
        tables_of(read_stream(data[:at] + cut + data[at:]))


def test_tables_reach_the_helper_unchanged() -> None:
    tables = CodingTables({0: STANDARD[0, 0], 3: STANDARD[0, 1]}, {2: STANDARD[1, 0]}, ((0, 2), (3, 2), (3, 2), (0, 2)))
    packed = pack_tables(tables)
    assert len(packed) == TABLES_BYTES
    assert unpack_tables(packed) == tables
