"""Huffman tables for a file's own coefficients and a few new ones.

A table optimized for one picture lacks the symbols that do not occur in it. libjpeg writes such symbols
incorrectly, without an error, so every table is completed before it is used.
"""

from __future__ import annotations

import heapq
from functools import lru_cache

from zenoimg.imaging.formats.jpeg.coefficients.worker.messages import SLOTS, CodingTables, HuffmanTable
from zenoimg.imaging.formats.jpeg.stream import DHT, DRI, SOS, JpegStream

DC_SYMBOLS = frozenset(range(12))
"""Symbols for 8-bit samples (ITU-T T.81, F.1.2.1 and F.1.2.2): sizes of differences; runs and sizes."""
AC_SYMBOLS = frozenset({0x00, 0xF0} | {run << 4 | size for run in range(16) for size in range(1, 11)})

_DC, _AC = 0, 1
_LONGEST = 16
_LARGEST_SIZE = 10


class UnusableTablesError(Exception):
    """Tables that are damaged, or for coefficients that 8-bit samples do not have."""


def keeps_order(stream: JpegStream) -> bool:
    """Return whether a sequential picture of one scan is written with exactly the differences in its source.

    Their symbols are known, since the tables have no others.
    """
    markers = [segment.marker for segment in stream.segments]
    defined = [_defined(segment.payload) for segment in stream.segments if segment.marker == DHT]
    return (
        markers.count(SOS) == 1
        and DRI not in markers[markers.index(SOS) :]
        and all(
            DC_SYMBOLS.issuperset(table.symbols)
            for tables in defined
            for (kind, _), table in tables.items()
            if kind == _DC
        )
    )


def tables_of(stream: JpegStream) -> CodingTables:
    """Return complete tables for a sequential picture of one scan: the source's own, plus the symbols they lack.

    Raises ``UnusableTablesError``.
    """
    used = _tables_by_component(stream)
    selectors = tuple((dc_slot, ac_slot) for dc_slot, ac_slot, _, _ in used)
    dc = {dc_slot: table for dc_slot, _, table, _ in used}
    ac = {ac_slot: table for _, ac_slot, _, table in used}
    if any(symbol & 15 > _LARGEST_SIZE for table in ac.values() for symbol in table.symbols):
        raise UnusableTablesError
    return CodingTables(
        {slot: completed(table, DC_SYMBOLS) for slot, table in dc.items()},
        {slot: completed(table, AC_SYMBOLS) for slot, table in ac.items()},
        selectors,
    )


@lru_cache(maxsize=64)
def completed(table: HuffmanTable, symbols: frozenset[int]) -> HuffmanTable:
    """Return a table with a code for each of ``symbols``; the same table if it has them all.

    Missing symbols get 16-bit codes after the existing ones while there is room; otherwise all get new codes.
    """
    missing = bytes(sorted(symbols - set(table.symbols)))
    if not missing:
        return table
    # In units of the longest codes; the all-ones code must not be used (ITU-T T.81, C).
    taken = sum(count << (_LONGEST - bits) for bits, count in enumerate(table.counts, 1))
    if taken + len(missing) < 1 << _LONGEST and table.counts[-1] + len(missing) < 256:
        counts = table.counts[:-1] + bytes([table.counts[-1] + len(missing)])
        return HuffmanTable(counts, table.symbols + missing)
    return regrown(table, missing)


def regrown(table: HuffmanTable, missing: bytes) -> HuffmanTable:
    """Return a table with new codes for its symbols, about as long as the old ones, and long codes for ``missing``."""
    lengths = [bits for bits, count in enumerate(table.counts, 1) for _ in range(count)]
    symbols = table.symbols + missing
    weights = [1 << (_LONGEST + 1 - bits) for bits in lengths] + [1] * len(missing)
    least = 1
    # The last weight stands for the all-ones code: being the smallest, it gets the longest and last code.
    while max(depths := _depths([max(least, weight) for weight in weights] + [0])) > _LONGEST:
        least *= 2
    order = sorted(range(len(symbols)), key=lambda index: (depths[index], index))
    counts = [0] * _LONGEST
    for index in order:
        counts[depths[index] - 1] += 1
    return HuffmanTable(bytes(counts), bytes(symbols[index] for index in order))


def _depths(weights: list[int]) -> list[int]:
    """Return the Huffman code lengths for weights, by index."""
    heap = [(weight, index, [index]) for index, weight in enumerate(weights)]
    heapq.heapify(heap)
    depths = [0] * len(weights)
    while len(heap) > 1:
        one, other = heapq.heappop(heap), heapq.heappop(heap)
        leaves = one[2] + other[2]
        for leaf in leaves:
            depths[leaf] += 1
        heapq.heappush(heap, (one[0] + other[0], max(one[1], other[1]), leaves))
    return depths


def _tables_by_component(stream: JpegStream) -> list[tuple[int, int, HuffmanTable, HuffmanTable]]:
    """Return the slots of each component's tables, and their content at the scan."""
    held: dict[tuple[int, int], HuffmanTable] = {}
    used: dict[int, tuple[int, int, HuffmanTable, HuffmanTable]] = {}
    for segment in stream.segments:
        if segment.marker == DHT:
            held |= _defined(segment.payload)
        elif segment.marker == SOS:
            count = segment.payload[0]
            for identifier, slots in zip(segment.payload[1 : 2 * count : 2], segment.payload[2::2], strict=False):
                dc, ac = slots >> 4, slots & 15
                if (_DC, dc) not in held or (_AC, ac) not in held:
                    raise UnusableTablesError
                used[identifier] = dc, ac, held[_DC, dc], held[_AC, ac]
    try:
        return [used[component.identifier] for component in stream.components]
    except KeyError:
        raise UnusableTablesError from None


def _defined(payload: bytes) -> dict[tuple[int, int], HuffmanTable]:
    tables = {}
    at = 0
    while at < len(payload):
        counts = payload[at + 1 : at + 1 + _LONGEST]
        symbols = payload[at + 1 + _LONGEST : at + 1 + _LONGEST + sum(counts)]
        kind, slot = payload[at] >> 4, payload[at] & 15
        if len(counts) < _LONGEST or len(symbols) < sum(counts) or kind > _AC or slot >= SLOTS:
            raise UnusableTablesError
        if len(set(symbols)) < len(symbols):
            raise UnusableTablesError
        tables[kind, slot] = HuffmanTable(counts, symbols)
        at += 1 + _LONGEST + len(symbols)
    return tables
