"""Requests to the helper process and its answers: fixed-size headers over pipes, data in shared memory.

The control page holds libjpeg's error manager, so that the parent can read the error code after libjpeg has ended a
helper.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

ERROR_CODE_AT = 40
"""Offset of ``msg_code`` in the control page: the error manager is at its start."""

LIBJPEG_EXIT = 64
"""Exit status of a helper in which libjpeg called ``error_exit``."""

READ, WRITE = 1, 2

UNCHECKED, SAME_ORDER, ANY_ORDER = range(3)
"""Whether libjpeg checks each coefficient's size itself, and if not, whether blocks stay in the source's order."""

SLOTS = 4
"""Number of tables of each class that a file can hold at a time (ITU-T T.81, B.2.4.2)."""


class Request(NamedTuple):
    """What the helper is to do with the data in shared memory.

    ``READ`` takes a JPEG of ``length`` bytes, followed by its ``tables`` or, if it has several scans, by its script of
    ``scans`` (0 for libjpeg's own). It checks the first coefficients according to ``check``, and answers with a JPEG of
    the MCUs from ``left`` to ``right`` and ``top`` to ``bottom`` (right and bottom exclusive). ``WRITE`` takes
    ``length`` bytes of pixels of these MCUs and a mask of each component, and answers with the entire picture. Answers
    have at most ``capacity`` bytes.

    ``memory`` limits libjpeg. ``WRITE`` lowers the first coefficient of the blocks that it changes in the first
    component by ``lowered``; if these MCUs would grow by more than ``growth`` bytes (0: no limit), it optimizes the
    Huffman tables for the picture.
    """

    kind: int
    length: int
    memory: int
    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0
    check: int = UNCHECKED
    capacity: int = 0
    tables: int = 0
    lowered: int = 0
    growth: int = 0
    scans: int = 0


REQUEST = struct.Struct(f"={len(Request._fields)}q")

DAMAGED, COMPONENTS, INCOMPLETE, RANGE, GEOMETRY, SPACE = range(2, 8)
"""Answer codes in addition to those of every helper."""


class HuffmanTable(NamedTuple):
    """The number of codes of each length from 1 to 16 bits, and the symbols in code order."""

    counts: bytes
    symbols: bytes


class CodingTables(NamedTuple):
    """Huffman tables by slot, and the slots of each component's DC and AC tables."""

    dc: dict[int, HuffmanTable]
    ac: dict[int, HuffmanTable]
    selectors: tuple[tuple[int, int], ...]


class Scan(NamedTuple):
    """One scan of a picture that has several (ITU-T T.81, B.2.3).

    It has the indexes of its components, its first and last coefficient, and the bits that were left out before it
    (0: none of them was coded) and after it.
    """

    components: tuple[int, ...]
    first: int
    last: int
    high: int
    low: int


_TABLE = struct.Struct("16s256s")
_COUNT = struct.Struct("=8sB")
TABLES_BYTES = _COUNT.size + 2 * SLOTS * _TABLE.size


def pack_tables(tables: CodingTables) -> bytes:
    """Return tables as ``TABLES_BYTES`` bytes; absent ones are all zero."""
    flat = bytes(slot for selectors in tables.selectors for slot in selectors)
    parts = [_COUNT.pack(flat, len(tables.selectors))]
    for kind in (tables.dc, tables.ac):
        for slot in range(SLOTS):
            table = kind.get(slot)
            parts.append(_TABLE.pack(table.counts, table.symbols) if table else bytes(_TABLE.size))
    return b"".join(parts)


def unpack_tables(data: bytes) -> CodingTables:
    """Return what ``pack_tables`` was given."""
    flat, count = _COUNT.unpack_from(data)
    dc: dict[int, HuffmanTable] = {}
    ac: dict[int, HuffmanTable] = {}
    for index, (counts, symbols) in enumerate(_TABLE.iter_unpack(data[_COUNT.size : TABLES_BYTES])):
        if any(counts):
            (dc if index < SLOTS else ac)[index % SLOTS] = HuffmanTable(counts, symbols[: sum(counts)])
    return CodingTables(dc, ac, tuple((flat[2 * index], flat[2 * index + 1]) for index in range(count)))


SCAN = struct.Struct("=9i")
"""libjpeg's ``jpeg_scan_info``: the number of components, four indexes, and the other fields in order."""


def pack_scans(scans: Sequence[Scan]) -> bytes:
    """Return a script as an array of ``jpeg_scan_info``."""
    return b"".join(SCAN.pack(len(scan.components), *(*scan.components, 0, 0, 0, 0)[:4], *scan[1:]) for scan in scans)
