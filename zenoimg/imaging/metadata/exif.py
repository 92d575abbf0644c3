"""EXIF (CIPA DC-008: a TIFF structure), patched in place so that no offset changes.

Maker notes depend on their offset inside the block: parsing EXIF and writing it again breaks them in nearly all
photos. So entries are removed from their directories, what they pointed at is zeroed, and every other byte stays
where it was.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from zenoimg.imaging.metadata import carve, credentials
from zenoimg.imaging.metadata.maker_notes import place_spans
from zenoimg.imaging.metadata.tiff_block import STRIPS, TILES, UTF8, DamagedExif, Entry, Span, TiffBlock, tiff_structure

MAKE, ORIENTATION, ARTIST, COPYRIGHT = 0x010F, 0x0112, 0x013B, 0x8298
EXIF_IFD, GPS_IFD, INTEROPERABILITY_IFD, SUB_IFDS, MAKER_NOTE = 0x8769, 0x8825, 0xA005, 0x014A, 0x927C
XMP, IPTC, PHOTOSHOP, PHOTOSHOP_LAYERS, PHOTOSHOP_ANNOTATIONS = 700, 33723, 34377, 37724, 50255
MAP_REFERENCES = frozenset({33550, *range(33918, 33921), 33922, 34263, 34264, 34735, 34736, 34737, 42112, 50844})
"""Tags of GeoTIFF 1.1, of Intergraph before it, of GDAL's metadata, and of rational polynomial coefficients."""

PIXELS = ((0x0201, 0x0202), STRIPS, TILES)
"""Tags that point at pixels: offsets and lengths of a thumbnail, of strips, of tiles."""
_MAX_DIRECTORIES = 64

TagPatch = Callable[[int, bytes], bytes | None]
"""Returns the copy's value of a tag, which is never longer than the source's; ``None`` removes the tag."""

PATCHED_TAGS = frozenset(
    {XMP, IPTC, PHOTOSHOP, PHOTOSHOP_LAYERS, PHOTOSHOP_ANNOTATIONS, credentials.TIFF_TAG, *MAP_REFERENCES}
)
"""Tags passed to a ``TagPatch``: blocks inside EXIF, and tags that may name a location."""


_SHORT = 3
_NUMBER_LAYOUTS = {
    1: "B",
    _SHORT: "H",
    4: "I",
    5: "II",
    6: "b",
    8: "h",
    9: "i",
    10: "ii",
    11: "f",
    12: "d",
    13: "I",
}


def orientation_of(block: bytes) -> int:
    """Return the orientation, 1 to 8, in a TIFF structure; 1 if it has no valid one."""
    try:
        tiff = TiffBlock(block)
        for entry in tiff.readable_entries(tiff.first):
            if entry.tag == ORIENTATION:
                return _orientation_in(tiff, entry) or 1
    except DamagedExif:
        pass
    return 1


def with_plain_orientation(block: bytes) -> bytes:
    """Return a TIFF structure whose orientation, if it has a valid one, is a single SHORT.

    Readers differ on other forms: Chromium ignores anything but a single SHORT, Pillow and ExifTool accept any number.
    Raises ``DamagedExif``.
    """
    tiff = TiffBlock(block)
    found = [entry for entry in tiff.entries(tiff.first) if entry.tag == ORIENTATION]
    if not found or [(entry.kind, entry.number) for entry in found] == [(_SHORT, 1)]:
        return block
    orientation = _orientation_in(tiff, found[0])
    return with_orientation(block, orientation) if orientation else block


def _orientation_in(tiff: TiffBlock, entry: Entry) -> int | None:
    """Return the orientation in an entry of any numeric type, or ``None`` if it is none of the eight."""
    layout = _NUMBER_LAYOUTS.get(entry.kind)
    if layout is None or not entry.number:
        return None
    value, *denominator = tiff.unpack(layout, tiff.value_at(entry))
    number = value / denominator[0] if denominator and denominator[0] else value
    return int(number) if number in range(1, 9) else None


def with_orientation(block: bytes, orientation: int) -> bytes:
    """Return a TIFF structure with its orientation, if it has one, replaced. Raises ``DamagedExif``."""
    tiff = TiffBlock(block)
    for entry in tiff.entries(tiff.first):
        if entry.tag == ORIENTATION:
            tiff.pack("HIHH", entry.at + 2, 3, 1, orientation, 0)
    return bytes(tiff.block)


def only_orientation(orientation: int) -> bytes:
    """Return a TIFF structure that contains an orientation and nothing else."""
    return tiff_structure({ORIENTATION: (_SHORT, 1, struct.pack(">H", orientation))})


class Patch:
    """Removes thumbnails, other pictures and, unless they are kept, locations from a TIFF structure.

    Afterwards ``pictures`` is the number of removed pictures other than the thumbnail in the second directory.
    Raises ``DamagedExif`` if directories cannot be read, since it is then unknown what the block still contains.
    """

    def __init__(self, block: bytes, tag_patch: TagPatch, *, coordinates: bool, places: bool) -> None:
        self.pictures = 0
        self._tiff = TiffBlock(block)
        self._tag_patch = tag_patch
        self._coordinates, self._places = coordinates, places
        self._kept = list(self._kept_directories())

    def result(self) -> bytes:
        """Return the block, without the zeros of a removed thumbnail at its end."""
        tiff = self._tiff
        thumbnail = self._unlink(tiff.next_pointer(tiff.first))
        for directory in self._kept:
            self._clean(directory)
        if not self._places:
            tiff.zero_spans(place_spans(tiff, self._maker(), self._maker_note()), self._kept)
        self._carve()
        return bytes(tiff.block[: self._end_without(thumbnail)])

    def _kept_directories(self) -> Iterator[int]:
        """Yield the first directory, its Exif directory, and the interoperability directory of that."""
        tiff = self._tiff
        yield tiff.first
        for entry in tiff.entries(tiff.first):
            if entry.tag == EXIF_IFD:
                exif = tiff.number(entry)
                yield exif
                yield from (tiff.number(inner) for inner in tiff.entries(exif) if inner.tag == INTEROPERABILITY_IFD)

    def _unlink(self, pointer: int) -> list[Span]:
        """Unlink the directories that a pointer leads to, and zero their contents; return the spans."""
        (directory,) = self._tiff.unpack("I", pointer)
        self._tiff.pack("I", pointer, 0)
        spans = list(self._contents(directory)) if directory else []
        self.pictures += self._has_third(directory)
        self._tiff.zero_spans(spans, self._kept)
        return spans

    def _has_third(self, second: int) -> bool:
        try:
            return bool(second and any(self._tiff.unpack("I", self._tiff.next_pointer(second))))
        except DamagedExif:
            return False

    def _contents(self, directory: int) -> Iterator[Span]:
        """Yield the spans of a directory, of what it points at, and of the directories that follow or are inside it."""
        waiting, seen = [directory], set(self._kept)
        while waiting and len(seen) < _MAX_DIRECTORIES:
            at = waiting.pop()
            if not at or at in seen:
                continue
            seen.add(at)
            try:
                entries = self._tiff.entries(at)
                yield from self._pixels(entries)
                yield from self._tiff.spans(at)
                for entry in entries:
                    if entry.tag in (EXIF_IFD, GPS_IFD, SUB_IFDS, INTEROPERABILITY_IFD):
                        waiting += self._tiff.numbers(entry, 32)
                waiting += self._tiff.unpack("I", self._tiff.next_pointer(at))
            except DamagedExif:
                continue  # it is unlinked, so no reader finds it

    def _pixels(self, entries: list[Entry]) -> Iterator[Span]:
        tags = {entry.tag: entry for entry in entries}
        for start_tag, length_tag in PIXELS:
            if start_tag in tags and length_tag in tags:
                starts, lengths = self._tiff.numbers(tags[start_tag]), self._tiff.numbers(tags[length_tag])
                yield from ((start, start + length) for start, length in zip(starts, lengths, strict=False))

    def _clean(self, directory: int) -> None:
        """Remove from a kept directory what the copy does not keep."""
        tiff = self._tiff
        entries = tiff.entries(directory)
        pixels = list(self._pixels(entries))
        self.pictures += bool(pixels)
        tiff.zero_spans(pixels, self._kept)
        gone = {tag for pair in PIXELS for tag in pair} if pixels else set()
        for tag in [entry.tag for entry in entries]:
            if tag in gone:
                self._remove(directory, tag)
            elif tag == SUB_IFDS or (tag == GPS_IFD and not self._coordinates):
                entry = tiff.find(directory, tag)
                inner = tiff.numbers(entry, 32) if entry else []
                if tag == GPS_IFD:
                    self._check_readable(inner)
                spans = [span for at in inner for span in self._contents(at)]
                self.pictures += tag == SUB_IFDS
                self._remove(directory, tag)
                tiff.zero_spans(spans, self._kept)
            elif tag in PATCHED_TAGS:
                self._patch(directory, tag)

    def _check_readable(self, directories: list[int]) -> None:
        """Raise ``DamagedExif`` for a directory in the block whose locations could not be found and zeroed."""
        for at in directories:
            if 0 < at < len(self._tiff.block) - 1:
                self._tiff.entries(at)

    def _remove(self, directory: int, tag: int) -> None:
        entry = self._tiff.find(directory, tag)
        if entry is None:
            return
        start = self._tiff.value_at(entry)
        span = (start, start + entry.value_bytes) if entry.value_bytes > 4 else (0, 0)
        self._tiff.remove(directory, tag)
        self._tiff.zero_spans([span], self._kept)

    def _patch(self, directory: int, tag: int) -> None:
        tiff = self._tiff
        entry = tiff.find(directory, tag)
        if entry is None:
            return
        value = tiff.value(entry)
        kept = self._tag_patch(tag, value)
        if kept == value:
            return
        if not kept or len(kept) > len(value):
            self._remove(directory, tag)
            return
        start = tiff.value_at(entry)
        tiff.zero_spans([(start, start + len(value))], self._kept)
        if entry.value_bytes <= 4 or len(kept) > 4:
            tiff.block[start : start + len(kept)] = kept
        else:
            tiff.block[entry.at + 8 : entry.at + 12] = kept.ljust(4, b"\0")
        # Many writers declare IPTC as LONG, so a number of bytes must not be mistaken for a number of values.
        tiff.pack("HI", entry.at + 2, entry.kind if entry.kind in (1, 2, 7, UTF8) else 7, len(kept))

    def _maker(self) -> bytes:
        entry = self._tiff.find(self._kept[0], MAKE)
        return self._tiff.value(entry) if entry else b""

    def _maker_note(self) -> Span:
        for directory in self._kept[1:]:
            entry = self._tiff.find(directory, MAKER_NOTE)
            if entry is not None:
                at = self._tiff.value_at(entry)
                return at, min(at + entry.value_bytes, len(self._tiff.block))
        return 0, 0

    def _carve(self) -> None:
        """Zero whatever can be decoded as a picture, wherever it is, above all in maker notes."""
        found = carve.pictures_in(bytes(self._tiff.block))
        if not found:
            return
        self.pictures += len(found)
        self._tiff.zero_spans(found, self._kept)
        if carve.holds_picture(bytes(self._tiff.block)):
            raise DamagedExif("it holds a picture that cannot be removed")

    def _end_without(self, zeroed: list[Span]) -> int:
        """Return where the block ends after cutting off zeroed spans at its end, which are padded to even lengths."""
        tiff = self._tiff
        end = len(tiff.block)
        for start, span_end in sorted(zeroed, key=lambda span: -span[1]):
            if span_end < end - 1:
                break
            end = min(end, max(start, 8))
        return max(
            end, *(span_end for at in self._kept for _, span_end in tiff.spans(at) if span_end <= len(tiff.block))
        )
