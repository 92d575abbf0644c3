"""Locate the strips and tiles of a TIFF page by its tags, or, if those are wrong, in the way that readers infer them.

libtiff and others show pages whose byte counts are missing, 0 or too large (``EstimateStripByteCounts`` in libtiff's
``tif_dirread.c``), and so they are marked. Pixels are read from the inferred bytes, and re-encoded so that the copy
does not contain what merely follows them.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.tiff.file import STRIP_LENGTHS, STRIP_OFFSETS, TILE_LENGTHS, TILE_OFFSETS, Directory

WRONG_COUNTS = "the byte counts of strips or tiles are missing or wrong and were computed"
MISSING_END = "the last {:,} bytes of pixels are missing and were filled with zeros"
_UNCOMPRESSED = 1


@dataclass(frozen=True)
class Span:
    """The position of a segment in the file, and the number of zeros to append to it."""

    start: int
    end: int
    missing: int = 0


@dataclass(frozen=True)
class Located:
    """The segments of a page. ``inferred`` is set if some may be followed by bytes that are not theirs."""

    spans: tuple[Span, ...]
    inferred: bool = False
    notes: tuple[str, ...] = ()


def locate(directory: Directory, file_bytes: int) -> Located:
    """Return where a page's strips or tiles are. Raises ``Refused("corrupt")`` if that cannot be determined."""
    tiled = TILE_OFFSETS in directory.entries
    offsets = directory.numbers(TILE_OFFSETS if tiled else STRIP_OFFSETS)
    if not offsets:
        raise Refused("corrupt", "the TIFF does not say where its pixels are")
    counts = directory.numbers(TILE_LENGTHS if tiled else STRIP_LENGTHS)
    counts = (*counts, *(0,) * (len(offsets) - len(counts)))[: len(offsets)]
    if directory.number(259, _UNCOMPRESSED) == _UNCOMPRESSED:
        return _uncompressed(directory, offsets, counts, file_bytes)
    if all(_is_plausible(offset, count, file_bytes) for offset, count in zip(offsets, counts, strict=True)):
        return Located(tuple(Span(offset, offset + count) for offset, count in zip(offsets, counts, strict=True)))
    ordered = sorted({*offsets, file_bytes})
    spans = []
    for offset, count in zip(offsets, counts, strict=True):
        if offset >= file_bytes:
            raise Refused("corrupt", "the TIFF is truncated: strips or tiles are past its end")
        following = ordered[bisect_right(ordered, offset)]
        spans.append(Span(offset, offset + count if 0 < count <= following - offset else following))
    return Located(tuple(spans), True, (WRONG_COUNTS,))


def _is_plausible(offset: int, count: int, file_bytes: int) -> bool:
    return (count > 0 or not offset) and offset + count <= file_bytes


def _uncompressed(directory: Directory, offsets: tuple[int, ...], counts: tuple[int, ...], file_bytes: int) -> Located:
    """Return segments with exactly the bytes of their rows; a row truncated by the end of the file is completed."""
    sizes = _row_sizes(directory, len(offsets))
    notes = []
    spans = []
    for offset, count, (rows, row_bytes) in zip(offsets, counts, sizes, strict=True):
        needed = rows * row_bytes
        if not needed or (not offset and not count):  # a page without a size is refused by its layout
            spans.append(Span(0, 0))
            continue
        if not count or offset + count > file_bytes:
            notes.append(WRONG_COUNTS)
            count = needed
        missing = max(0, offset + min(count, needed) - file_bytes)
        if missing and missing >= row_bytes:
            raise Refused("corrupt", "the TIFF is truncated: strips or tiles are past its end")
        if missing:
            notes = [MISSING_END.format(missing)]
        spans.append(Span(offset, offset + min(count, needed) - missing, missing))
    return Located(tuple(spans), notes=tuple(dict.fromkeys(notes)))


def _row_sizes(directory: Directory, segments: int) -> list[tuple[int, int]]:
    """Return the number of rows, and the bytes per row, of each segment."""
    width, height = directory.number(256, 0), directory.number(257, 0)
    samples = directory.number(277, 1)
    planes = samples if directory.number(284, 1) == 2 else 1
    tiled = TILE_OFFSETS in directory.entries
    across = directory.number(322, 0) if tiled else width
    rows = directory.number(323, 0) if tiled else min(directory.number(278, height), height)
    row_bytes = (across * (samples // planes) * directory.number(258, 1) + 7) // 8
    if tiled or not rows:
        return [(rows, row_bytes)] * segments
    strips = -(-height // rows)
    return [(min(rows, height - index % strips * rows), row_bytes) for index in range(segments)]
