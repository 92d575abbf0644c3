"""A TIFF file as its directories and segments (TIFF 6.0, and BigTIFF), without decoding pixels.

Values are kept as bytes in the file's byte order and are written back unchanged: only offsets are computed again.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from operator import add

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.limits import Limits

STRIP_OFFSETS, STRIP_LENGTHS, TILE_OFFSETS, TILE_LENGTHS = 273, 279, 324, 325
SUB_IFDS, EXIF_IFD, GPS_IFD, INTEROPERABILITY_IFD = 330, 34665, 34853, 40965
CREDENTIALS = 52545
BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, IFD, LONG8, IFD8 = 1, 2, 3, 4, 5, 7, 13, 16, 18
"""Field types that are written or read as numbers here."""

_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_NUMBERS = {BYTE: "B", SHORT: "H", LONG: "I", IFD: "I", LONG8: "Q", IFD8: "Q"}
_CHILDREN = (EXIF_IFD, GPS_IFD, INTEROPERABILITY_IFD)
_DEEPEST_CHILD = 3

# A page has some ten entries, its EXIF some sixty.
_ENTRIES_OF_A_PAGE, _SPARE_ENTRIES = 500, 2_000

# 100 megapixels in the smallest tiles, of 16 x 16, and in four planes are 1.6 million; strips are as wide as a page.
_MOST_SEGMENTS = 2_000_000
_PIXELS_OF_A_SEGMENT, _SPARE_SEGMENTS = 16, 1_000


@dataclass(frozen=True)
class Form:
    """How numbers are stored in a file: byte order (``<`` or ``>``), and whether it is a BigTIFF."""

    order: str
    big: bool

    @property
    def offset(self) -> str:
        """The ``struct`` letter of an offset."""
        return "Q" if self.big else "I"

    @property
    def entry_bytes(self) -> int:
        """Bytes of one entry of a directory."""
        return 20 if self.big else 12

    @property
    def inline_bytes(self) -> int:
        """Bytes of a value that fit into the entry itself."""
        return 8 if self.big else 4

    def pack(self, layout: str, *values: int) -> bytes:
        """Return the bytes of numbers."""
        return struct.pack(self.order + layout, *values)

    def numbers(self, entry: Entry, most: int | None = None) -> tuple[int, ...]:
        """Return the whole numbers of an entry, at most ``most``. Raises ``Refused("corrupt")`` for other types."""
        letter = _NUMBERS.get(entry.kind)
        if letter is None:
            raise Refused("corrupt", f"the TIFF's tag {entry.tag} holds no whole numbers")
        count = entry.count if most is None else min(entry.count, most)
        return struct.unpack_from(f"{self.order}{count}{letter}", entry.value)

    def entry(self, tag: int, kind: int, values: Iterable[int]) -> Entry:
        """Return an entry of whole numbers."""
        numbers = tuple(values)
        return Entry(tag, kind, len(numbers), self.pack(f"{len(numbers)}{_NUMBERS[kind]}", *numbers))


@dataclass(frozen=True)
class Entry:
    """One tag: its field type, the number of its values, and their bytes."""

    tag: int
    kind: int
    count: int
    value: bytes


@dataclass(frozen=True)
class Directory:
    """Entries by tag, and the directories (EXIF, GPS …) that some of them point at.

    ``damaged`` are tags that could not be read and are in neither.
    """

    form: Form
    entries: Mapping[int, Entry]
    children: Mapping[int, Directory] = field(default_factory=dict)
    damaged: tuple[int, ...] = ()

    def numbers(self, tag: int, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        """Return a tag's whole numbers."""
        entry = self.entries.get(tag)
        return default if entry is None else self.form.numbers(entry)

    def number(self, tag: int, default: int) -> int:
        """Return a tag's first whole number."""
        entry = self.entries.get(tag)
        numbers = self.form.numbers(entry, 1) if entry else ()
        return numbers[0] if numbers else default


@dataclass(frozen=True)
class Page:
    """A picture of the file: its directory and its encoded strips or tiles."""

    directory: Directory
    segments: tuple[bytes, ...]


def read_pages(data: bytes, limits: Limits) -> list[Page]:
    """Return the pages of a file in their order.

    Raises ``Refused``: ``corrupt`` when it is truncated or its directories form a loop, ``too-many-frames``.
    """
    reader = _Reader(data)
    pages: list[Page] = []
    seen: set[int] = set()
    offset = reader.first
    while offset:
        if offset in seen:
            raise Refused("corrupt", "the TIFF's pages form a loop")
        if len(pages) >= limits.max_frames:
            raise Refused("too-many-frames", f"more than {limits.max_frames:,} pages; that many are accepted")
        seen.add(offset)
        reader.entries_left += _ENTRIES_OF_A_PAGE
        directory, offset = reader.directory(offset)
        if pages and _is_signature(directory):
            # C2PA's writers put the manifest of a file of one page on that page.
            entries = {**pages[-1].directory.entries, CREDENTIALS: directory.entries[CREDENTIALS]}
            pages[-1] = replace(pages[-1], directory=replace(pages[-1].directory, entries=entries))
            continue
        pages.append(Page(directory, reader.segments(directory)))
    if not pages:
        raise Refused("corrupt", "the TIFF holds no page")
    return pages


def _is_signature(directory: Directory) -> bool:
    """Return whether a directory is no page: it holds Content Credentials (C2PA 2.2, A.3.4) and no picture."""
    return CREDENTIALS in directory.entries and not {256, STRIP_OFFSETS, TILE_OFFSETS} & directory.entries.keys()


def sub_directories(data: bytes, directories: Iterable[Directory]) -> list[Directory]:
    """Return the directories that ``SubIFDs`` of others point at, as far as they can be read."""
    reader = _Reader(data)
    found = []
    for offset in [offset for directory in directories for offset in directory.numbers(SUB_IFDS)[:32]]:
        try:
            found.append(reader.directory(offset)[0])
        except Refused:
            continue
    return found


def write_pages(form: Form, pages: Iterable[Page]) -> bytes:
    """Return the bytes of a file: for each page its segments, then its directory."""
    file = bytearray(b"II" if form.order == "<" else b"MM")
    file += form.pack("HHH", 43, 8, 0) if form.big else form.pack("H", 42)
    pointer = len(file)
    file += form.pack(form.offset, 0)
    for page in pages:
        offsets = []
        for segment in page.segments:  # there may be a million
            if len(file) % 2:
                file.append(0)
            offsets.append(len(file) if segment else 0)
            file += segment
        tiled = TILE_OFFSETS in page.directory.entries
        kind = LONG8 if form.big else LONG
        entries = dict(page.directory.entries)
        for tag, numbers in (
            (TILE_OFFSETS if tiled else STRIP_OFFSETS, offsets),
            (TILE_LENGTHS if tiled else STRIP_LENGTHS, map(len, page.segments)),
        ):
            entries[tag] = form.entry(tag, kind, numbers)
        at, pointer_to_next = _append_directory(file, form, entries, page.directory.children)
        struct.pack_into(form.order + form.offset, file, pointer, at)
        pointer = pointer_to_next
    return bytes(file)


def _append(file: bytearray, block: bytes) -> int:
    """Append at an even offset, as TIFF 6.0 requires of values; return the offset."""
    file += b"\0" * (len(file) % 2)
    at = len(file)
    file += block
    return at


def _append_directory(
    file: bytearray, form: Form, entries: Mapping[int, Entry], children: Mapping[int, Directory]
) -> tuple[int, int]:
    """Append a directory after its children and values; return its offset and that of its next pointer."""
    written = dict(entries)
    for tag, child in children.items():
        at, _ = _append_directory(file, form, child.entries, child.children)
        written[tag] = form.entry(tag, LONG8 if form.big else LONG, [at])
    body = b""
    for tag in sorted(written):
        entry = written[tag]
        value = entry.value.ljust(form.inline_bytes, b"\0")
        if len(value) > form.inline_bytes:
            value = form.pack(form.offset, _append(file, entry.value))
        body += form.pack("HH" + form.offset, entry.tag, entry.kind, entry.count) + value
    at = _append(file, form.pack("Q" if form.big else "H", len(written)) + body)
    pointer = len(file)
    file += form.pack(form.offset, 0)
    return at, pointer


class _Reader:
    """Reads a file's bytes, and no more of them than an honest file needs."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.form = Form("<" if data[:2] == b"II" else ">", data[2:4] in (b"+\0", b"\0+"))
        # Directories may point at the same bytes repeatedly, and each would be copied.
        self._budget = 2 * len(data) + 65_536
        self.entries_left, self._segments_left = _SPARE_ENTRIES, _MOST_SEGMENTS
        (self.first,) = self._unpack(self.form.offset, 8 if self.form.big else 4)

    def directory(self, offset: int, depth: int = 0) -> tuple[Directory, int]:
        """Return a directory and the offset of the next one."""
        form = self.form
        (count,) = self._unpack("Q" if form.big else "H", offset)
        start = offset + (8 if form.big else 2)
        self.entries_left -= count
        if self.entries_left < 0:
            raise Refused("corrupt", f"the TIFF's directories have too many entries, one of them {count:,}")
        self._slice(start, count * form.entry_bytes)
        entries: dict[int, Entry] = {}
        children: dict[int, Directory] = {}
        damaged: list[int] = []
        for at in range(start, start + count * form.entry_bytes, form.entry_bytes):
            entry = self._entry(at)
            if (not entry.value and entry.count) or entry.tag in children:
                damaged.append(entry.tag)
            elif entry.tag in _CHILDREN:
                try:
                    children[entry.tag] = self._child(entry, depth)
                except Refused:
                    damaged.append(entry.tag)
            else:
                entries.setdefault(entry.tag, entry)
        (following,) = self._unpack(form.offset, start + count * form.entry_bytes)
        return Directory(form, entries, children, tuple(damaged)), following

    def segments(self, directory: Directory) -> tuple[bytes, ...]:
        """Return the strips or tiles of a page."""
        tiled = TILE_OFFSETS in directory.entries
        offsets = directory.numbers(TILE_OFFSETS if tiled else STRIP_OFFSETS)
        lengths = directory.numbers(TILE_LENGTHS if tiled else STRIP_LENGTHS)
        if not offsets or len(offsets) != len(lengths):
            raise Refused("corrupt", "the TIFF does not say where its pixels are")
        pixels = directory.number(256, 0) * directory.number(257, 0) * directory.number(277, 1)
        self._segments_left -= len(offsets)
        if self._segments_left < 0 or len(offsets) > _SPARE_SEGMENTS + pixels // _PIXELS_OF_A_SEGMENT:
            raise Refused("corrupt", f"the TIFF has a page of {len(offsets):,} strips or tiles")
        self._spend(sum(lengths))
        if max(map(add, offsets, lengths)) > len(self._data):
            raise Refused("corrupt", "the TIFF is truncated: strips or tiles are past its end")
        data = self._data
        return tuple([data[offset : offset + length] for offset, length in zip(offsets, lengths, strict=True)])

    def _child(self, entry: Entry, depth: int) -> Directory:
        if depth >= _DEEPEST_CHILD:
            raise Refused("corrupt", "the TIFF's directories are nested too deeply")
        return self.directory(self.form.numbers(entry)[0], depth + 1)[0]

    def _entry(self, at: int) -> Entry:
        form = self.form
        tag, kind, count = self._unpack("HH" + form.offset, at)
        length = _TYPE_BYTES.get(kind, 0) * count
        start = at + form.entry_bytes - form.inline_bytes
        if length > form.inline_bytes:
            (start,) = self._unpack(form.offset, start)
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
        except (struct.error, OverflowError):  # an offset of 64 bits may be more than Python takes
            raise Refused("corrupt", f"the TIFF is truncated: it points at byte {at:,}") from None
