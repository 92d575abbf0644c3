"""Read the pages of a TIFF from its bytes, as far as they can be read."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import replace

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.tiff.file import (
    EXIF_IFD,
    GPS_IFD,
    INTEROPERABILITY_IFD,
    STRIP_OFFSETS,
    SUB_IFDS,
    TILE_OFFSETS,
    TYPE_BYTES,
    Directory,
    Entry,
    Form,
    Page,
)
from zenoimg.imaging.formats.tiff.segments import locate
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.metadata import credentials

LOOP = "the file's directories point back at an earlier one: each page is in the copy once"
CUT_CHAIN = "the file ends where its last page would name the next one: pages after it, if there were any, are lost"
_CHILDREN = (EXIF_IFD, GPS_IFD, INTEROPERABILITY_IFD)
_DEEPEST_CHILD = 3

# A page has about ten entries, its EXIF about sixty.
_ENTRIES_OF_A_PAGE, _SPARE_ENTRIES = 500, 2_000

# 100 megapixels in the smallest tiles, of 16 x 16, and in four planes are 1.6 million; strips are as wide as a page.
_MOST_SEGMENTS = 2_000_000
_PIXELS_OF_A_SEGMENT, _SPARE_SEGMENTS = 16, 1_000


def read_pages(data: bytes, limits: Limits) -> list[Page]:
    """Return the pages of a file in order.

    Raises ``Refused``: ``corrupt`` if they cannot be read, or ``too-many-frames``.
    """
    reader = _Reader(data)
    pages: list[Page] = []
    seen: set[int] = set()
    offset: int | None = reader.first
    while offset:
        if offset in seen:
            pages[-1] = replace(pages[-1], notes=(*pages[-1].notes, LOOP))
            break
        if len(pages) >= limits.max_frames:
            raise Refused("too-many-frames", f"more than {limits.max_frames:,} pages; that many are accepted")
        seen.add(offset)
        reader.entries_left += _ENTRIES_OF_A_PAGE
        directory, offset = reader.directory(offset)
        if pages and _is_signature(directory):
            # C2PA writers put the manifest of a single-page file on that page.
            entries = {**pages[-1].directory.entries, credentials.TIFF_TAG: directory.entries[credentials.TIFF_TAG]}
            pages[-1] = replace(pages[-1], directory=replace(pages[-1].directory, entries=entries))
            continue
        pages.append(reader.page(directory))
    if offset is None and pages:
        pages[-1] = replace(pages[-1], notes=(*pages[-1].notes, CUT_CHAIN))
    if not pages:
        raise Refused("corrupt", "the TIFF holds no page")
    return pages


def _is_signature(directory: Directory) -> bool:
    """Return whether a directory holds Content Credentials (C2PA 2.2, A.3.4) but no picture, and so is not a page."""
    return (
        credentials.TIFF_TAG in directory.entries and not {256, STRIP_OFFSETS, TILE_OFFSETS} & directory.entries.keys()
    )


def sub_directories(data: bytes, directories: Iterable[Directory]) -> list[Directory]:
    """Return the directories that other directories' ``SubIFDs`` point at, as far as they can be read."""
    reader = _Reader(data)
    found = []
    for offset in [offset for directory in directories for offset in directory.numbers(SUB_IFDS)[:32]]:
        try:
            found.append(reader.directory(offset)[0])
        except Refused:
            continue
    return found


class _OutsideError(Refused):
    """A tag whose value is outside the file."""

    def __init__(self, tag: int, end: int) -> None:
        super().__init__("corrupt", f"the TIFF is truncated: it points at byte {end:,}")
        self.tag = tag


class _Reader:
    """Reads a file's bytes, but no more of them than a genuine file needs."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.form = Form("<" if data[:2] == b"II" else ">", data[2:4] in (b"+\0", b"\0+"))
        # Directories may point at the same bytes repeatedly, which would be copied each time.
        self._budget = 2 * len(data) + 65_536
        self.entries_left, self._segments_left = _SPARE_ENTRIES, _MOST_SEGMENTS
        (self.first,) = self._unpack(self.form.offset, 8 if self.form.big else 4)

    def directory(self, offset: int, depth: int = 0) -> tuple[Directory, int | None]:
        """Return a directory and the offset of the next: 0 after the last, ``None`` if the file ends first."""
        form = self.form
        (count,) = self._unpack("Q" if form.big else "H", offset)
        start = offset + (8 if form.big else 2)
        self.entries_left -= count
        if self.entries_left < 0:
            raise Refused("corrupt", f"the TIFF's directories have too many entries, one of them {count:,}")
        self._spend(count * form.entry_bytes)
        count = min(count, max(0, len(self._data) - start) // form.entry_bytes)  # the last may be truncated
        entries: dict[int, Entry] = {}
        children: dict[int, Directory] = {}
        damaged: list[int] = []
        for at in range(start, start + count * form.entry_bytes, form.entry_bytes):
            try:
                entry = self._entry(at)
            except _OutsideError as outside:
                damaged.append(outside.tag)
                continue
            if (not entry.value and entry.count) or entry.tag in children:
                damaged.append(entry.tag)
            elif entry.tag in _CHILDREN:
                try:
                    children[entry.tag] = self._child(entry, depth)
                except Refused:
                    damaged.append(entry.tag)
            else:
                entries.setdefault(entry.tag, entry)
        next_at = start + count * form.entry_bytes
        following: int | None = None
        if next_at + struct.calcsize(form.offset) <= len(self._data):
            (following,) = self._unpack(form.offset, next_at)
        return Directory(form, entries, children, tuple(damaged)), following

    def page(self, directory: Directory) -> Page:
        """Return a page with its strips or tiles."""
        located = locate(directory, len(self._data))
        spans = located.spans
        pixels = directory.number(256, 0) * directory.number(257, 0) * directory.number(277, 1)
        self._segments_left -= len(spans)
        if self._segments_left < 0 or len(spans) > _SPARE_SEGMENTS + pixels // _PIXELS_OF_A_SEGMENT:
            raise Refused("corrupt", f"the TIFF has a page of {len(spans):,} strips or tiles")
        self._spend(sum(span.end - span.start for span in spans))
        data = self._data
        segments = tuple([data[span.start : span.end] + bytes(span.missing) for span in spans])
        return Page(directory, segments, located.inferred, located.notes)

    def _child(self, entry: Entry, depth: int) -> Directory:
        if depth >= _DEEPEST_CHILD:
            raise Refused("corrupt", "the TIFF's directories are nested too deeply")
        return self.directory(self.form.numbers(entry)[0], depth + 1)[0]

    def _entry(self, at: int) -> Entry:
        form = self.form
        tag, kind, count = self._unpack("HH" + form.offset, at)
        length = TYPE_BYTES.get(kind, 0) * count
        start = at + form.entry_bytes - form.inline_bytes
        if length > form.inline_bytes:
            (start,) = self._unpack(form.offset, start)
        if start + length > len(self._data):
            raise _OutsideError(tag, start + length)
        return Entry(tag, kind, count, self._slice(start, length))

    def _slice(self, start: int, length: int) -> bytes:
        if start + length > len(self._data):
            raise Refused("corrupt", f"the TIFF is truncated: it points at byte {start + length:,}")
        self._spend(length)
        return self._data[start : start + length]

    def _spend(self, length: int) -> None:
        self._budget -= length
        if self._budget < 0:
            raise Refused("corrupt", "the TIFF's directories point at the same bytes repeatedly")

    def _unpack(self, layout: str, at: int) -> tuple[int, ...]:
        try:
            return struct.unpack_from(self.form.order + layout, self._data, at)
        except (struct.error, OverflowError):  # a 64-bit offset may be more than Python accepts
            raise Refused("corrupt", f"the TIFF is truncated: it points at byte {at:,}") from None
