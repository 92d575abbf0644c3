"""EXIF (CIPA DC-008: a TIFF structure), patched in its bytes so that no offset moves.

MakerNotes rely on their place inside the block: taking EXIF apart and writing it again breaks them in nearly all
photos. So entries are removed from their directories, what they pointed at is zeroed, and every other byte stays
where it was.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

ORIENTATION, EXIF_IFD, GPS_IFD = 0x0112, 0x8769, 0x8825
THUMBNAIL_OFFSET, THUMBNAIL_LENGTH = 0x0201, 0x0202
STRIP_OFFSETS, STRIP_LENGTHS = 0x0111, 0x0117

_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_ENTRY = 12
_MAX_ENTRIES = 10_000
"""Entries that are read in a block, many of them several times: photos have a few hundred."""
_Span = tuple[int, int]


class DamagedExif(ValueError):  # noqa: N818 -- describes the data, as Refused does
    """A block that is not a TIFF structure, or whose directories are outside it."""


@dataclass(frozen=True)
class _Entry:
    tag: int
    kind: int
    count: int
    at: int

    @property
    def value_bytes(self) -> int:
        return _TYPE_BYTES.get(self.kind, 0) * self.count


class _Tiff:
    """A TIFF structure in a buffer that may be changed; raises ``DamagedExif`` for reads outside of it."""

    def __init__(self, block: bytes) -> None:
        self.block = bytearray(block)
        if block[:4] not in (b"II*\0", b"MM\0*"):
            raise DamagedExif("no TIFF header")
        self.order = "<" if block[:2] == b"II" else ">"
        self._entries_left, self._bytes_left = _MAX_ENTRIES, 2 * len(block)

    def unpack(self, layout: str, at: int) -> tuple[int, ...]:
        try:
            return struct.unpack_from(self.order + layout, self.block, at)
        except struct.error:
            raise DamagedExif(f"nothing to read at offset {at}") from None

    def entries(self, directory: int) -> list[_Entry]:
        (count,) = self.unpack("H", directory)
        self._entries_left -= count
        if self._entries_left < 0:
            raise DamagedExif(f"more than {_MAX_ENTRIES:,} entries")
        return [self._entry(at) for at in range(directory + 2, directory + 2 + count * _ENTRY, _ENTRY)]

    def _entry(self, at: int) -> _Entry:
        tag, kind, count = self.unpack("HHI", at)
        return _Entry(tag, kind, count, at)

    def next_pointer(self, directory: int) -> int:
        (count,) = self.unpack("H", directory)
        return directory + 2 + count * _ENTRY

    def number(self, entry: _Entry) -> int:
        """Return the first value of an entry that holds whole numbers."""
        layout = {1: "B", 3: "H", 4: "I", 13: "I"}.get(entry.kind)
        if layout is None:
            raise DamagedExif(f"tag {entry.tag:#06x} has type {entry.kind}")
        return self.unpack(layout, self.value_at(entry))[0]

    def value_at(self, entry: _Entry) -> int:
        """Return the offset of an entry's value, which is in the entry itself if it has at most four bytes."""
        return entry.at + 8 if entry.value_bytes <= 4 else self.unpack("I", entry.at + 8)[0]

    def zero(self, start: int, end: int) -> None:
        end = min(end, len(self.block))
        if start < end:
            self._bytes_left -= end - start
            if self._bytes_left < 0:
                raise DamagedExif("directories point at the same bytes repeatedly")
            self.block[start:end] = bytes(end - start)

    def remove(self, directory: int, tag: int) -> None:
        """Remove an entry: those after it and the next pointer move up, the directory keeps its place."""
        entry = next(entry for entry in self.entries(directory) if entry.tag == tag)
        (count,) = self.unpack("H", directory)
        end = self.next_pointer(directory) + 4
        self.block[entry.at : end] = self.block[entry.at + _ENTRY : end].ljust(end - entry.at, b"\0")
        struct.pack_into(self.order + "H", self.block, directory, count - 1)


def orientation_of(block: bytes) -> int:
    """Return the orientation, 1 to 8, in a TIFF structure; 1 when it holds none that is valid."""
    try:
        tiff = _Tiff(block)
        (first,) = tiff.unpack("I", 4)
        for entry in tiff.entries(first):
            if entry.tag == ORIENTATION:
                value = tiff.number(entry)
                return value if 1 <= value <= 8 else 1
    except DamagedExif:
        pass
    return 1


def with_orientation(block: bytes, orientation: int) -> bytes:
    """Return a TIFF structure with its orientation, if it holds one, replaced. Raises ``DamagedExif``."""
    tiff = _Tiff(block)
    (first,) = tiff.unpack("I", 4)
    for entry in tiff.entries(first):
        if entry.tag == ORIENTATION:
            struct.pack_into(tiff.order + "HIHH", tiff.block, entry.at + 2, 3, 1, orientation, 0)
    return bytes(tiff.block)


def only_orientation(orientation: int) -> bytes:
    """Return a TIFF structure that holds an orientation and nothing else."""
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, ORIENTATION, 3, 1, orientation, 0, 0)


def patched(block: bytes, *, location: bool) -> bytes:
    """Return a TIFF structure without its thumbnail and, unless ``location`` stays, without its GPS directory.

    No other byte moves; the block gets shorter only where zeros of the thumbnail would end it. Raises
    ``DamagedExif`` when directories cannot be read, since nobody can tell then what the block still holds.
    """
    tiff = _Tiff(block)
    (first,) = tiff.unpack("I", 4)
    directories = [first]
    directories += [tiff.number(entry) for entry in tiff.entries(first) if entry.tag == EXIF_IFD]
    zeroed = _remove_thumbnail(tiff, first, directories)
    if not location:
        for directory in directories:
            while any(entry.tag == GPS_IFD for entry in tiff.entries(directory)):
                _remove_gps(tiff, directory, directories)
    return bytes(tiff.block[: _end_without(zeroed, tiff, directories)])


def _remove_thumbnail(tiff: _Tiff, first: int, kept: list[int]) -> list[_Span]:
    """Unlink the second directory and zero what it holds; return the spans that were zeroed."""
    pointer = tiff.next_pointer(first)
    (second,) = tiff.unpack("I", pointer)
    if not second:
        return []
    struct.pack_into(tiff.order + "I", tiff.block, pointer, 0)
    guard = _Guard(tiff, kept)
    zeroed: list[_Span] = []
    try:
        values = {entry.tag: tiff.number(entry) for entry in tiff.entries(second) if entry.kind in (1, 3, 4)}
        for start_tag, length_tag in ((THUMBNAIL_OFFSET, THUMBNAIL_LENGTH), (STRIP_OFFSETS, STRIP_LENGTHS)):
            if start_tag in values and length_tag in values:
                zeroed.append((values[start_tag], values[start_tag] + values[length_tag]))
        zeroed += _directory_spans(tiff, second)
    except DamagedExif:
        pass  # it is unlinked, so no reader finds it
    for start, end in zeroed:
        tiff.zero(start, end)
    guard.restore()
    return zeroed


def _remove_gps(tiff: _Tiff, directory: int, kept: list[int]) -> None:
    entry = next(entry for entry in tiff.entries(directory) if entry.tag == GPS_IFD)
    gps = tiff.number(entry)
    tiff.remove(directory, GPS_IFD)
    guard = _Guard(tiff, kept)
    for start, end in _directory_spans(tiff, gps):
        tiff.zero(start, end)
    guard.restore()


def _directory_spans(tiff: _Tiff, directory: int) -> list[_Span]:
    """Return the spans of a directory and of the values that it points at."""
    entries = tiff.entries(directory)
    spans = [(directory, directory + 6 + len(entries) * _ENTRY)]
    for entry in entries:
        if entry.value_bytes > 4:
            start = tiff.value_at(entry)
            spans.append((start, start + entry.value_bytes))
    return spans


def _end_without(zeroed: list[_Span], tiff: _Tiff, kept: list[int]) -> int:
    """Return where the block ends when zeroed spans at its very end, padded to even lengths, are cut off."""
    end = len(tiff.block)
    for start, span_end in sorted(zeroed, key=lambda span: -span[1]):
        if span_end < end - 1:
            break
        end = min(end, max(start, 8))
    return max(end, *(tiff.next_pointer(directory) + 4 for directory in kept))


class _Guard:
    """Restores header and directories after pointers that may be wrong were followed and zeroed."""

    def __init__(self, tiff: _Tiff, directories: list[int]) -> None:
        self._tiff = tiff
        spans = [(0, 8), *((at, tiff.next_pointer(at) + 4) for at in directories)]
        self._kept = [(start, bytes(tiff.block[start:end])) for start, end in spans]

    def restore(self) -> None:
        for start, content in self._kept:
            self._tiff.block[start : start + len(content)] = content
