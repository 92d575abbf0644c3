"""A TIFF file as directories and segments (TIFF 6.0, and BigTIFF), without decoding pixels.

Values are kept as bytes in the file's byte order and are written back unchanged; only offsets are recomputed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.metadata import tiff_block

STRIP_OFFSETS, STRIP_LENGTHS, TILE_OFFSETS, TILE_LENGTHS = *tiff_block.STRIPS, *tiff_block.TILES
SUB_IFDS, EXIF_IFD, GPS_IFD, INTEROPERABILITY_IFD = 330, 34665, 34853, 40965
BYTE, ASCII, SHORT, LONG, SBYTE, UNDEFINED, SSHORT, SLONG, IFD, LONG8, IFD8 = 1, 2, 3, 4, 6, 7, 8, 9, 13, 16, 18
"""Field types that are read or written as numbers here."""

TYPE_BYTES = {**tiff_block.TYPE_BYTES, LONG8: 8, 17: 8, IFD8: 8}
_NUMBERS = {BYTE: "B", SHORT: "H", LONG: "I", IFD: "I", LONG8: "Q", IFD8: "Q"}


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
        """Number of bytes in a directory entry."""
        return 20 if self.big else 12

    @property
    def inline_bytes(self) -> int:
        """Number of bytes of a value that fit into the entry itself."""
        return 8 if self.big else 4

    def pack(self, layout: str, *values: int) -> bytes:
        """Return the bytes of numbers."""
        return struct.pack(self.order + layout, *values)

    def numbers(self, entry: Entry, most: int | None = None) -> tuple[int, ...]:
        """Return at most ``most`` of an entry's values as integers. Raises ``Refused("corrupt")`` for other types."""
        letter = _NUMBERS.get(entry.kind)
        if letter is None:
            raise Refused("corrupt", f"the TIFF's tag {entry.tag} holds no whole numbers")
        count = entry.count if most is None else min(entry.count, most)
        return struct.unpack_from(f"{self.order}{count}{letter}", entry.value)

    def entry(self, tag: int, kind: int, values: Iterable[int]) -> Entry:
        """Return an entry with integers."""
        numbers = tuple(values)
        return Entry(tag, kind, len(numbers), self.pack(f"{len(numbers)}{_NUMBERS[kind]}", *numbers))


@dataclass(frozen=True)
class Entry:
    """One tag: its field type, its number of values, and their bytes."""

    tag: int
    kind: int
    count: int
    value: bytes


@dataclass(frozen=True)
class Directory:
    """Entries by tag, and the directories (EXIF, GPS …) that some of them point at.

    ``damaged`` lists tags that could not be read and are in neither.
    """

    form: Form
    entries: Mapping[int, Entry]
    children: Mapping[int, Directory] = field(default_factory=dict)
    damaged: tuple[int, ...] = ()

    def numbers(self, tag: int, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        """Return a tag's integers."""
        entry = self.entries.get(tag)
        return default if entry is None else self.form.numbers(entry)

    def number(self, tag: int, default: int) -> int:
        """Return a tag's first integer."""
        entry = self.entries.get(tag)
        numbers = self.form.numbers(entry, 1) if entry else ()
        return numbers[0] if numbers else default


@dataclass(frozen=True)
class Page:
    """A picture in the file: its directory and its encoded strips or tiles.

    ``inferred`` is set if segments may end with bytes that are not theirs; ``notes`` lists what is wrong.
    """

    directory: Directory
    segments: tuple[bytes, ...]
    inferred: bool = False
    notes: tuple[str, ...] = ()


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
    """Append at an even offset, as TIFF 6.0 requires for values; return the offset."""
    file += b"\0" * (len(file) % 2)
    at = len(file)
    file += block
    return at


def _append_directory(
    file: bytearray, form: Form, entries: Mapping[int, Entry], children: Mapping[int, Directory]
) -> tuple[int, int]:
    """Append a directory after its children and values; return its offset and that of its pointer to the next one."""
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
