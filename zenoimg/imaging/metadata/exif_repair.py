"""Write the readable part of damaged EXIF as a new block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from zenoimg.imaging.metadata import carve
from zenoimg.imaging.metadata.exif import (
    EXIF_IFD,
    GPS_IFD,
    INTEROPERABILITY_IFD,
    MAKER_NOTE,
    PATCHED_TAGS,
    PIXELS,
    SUB_IFDS,
    TagPatch,
)
from zenoimg.imaging.metadata.tiff_block import ENTRY_BYTES, DamagedExif, Directory, Entry, TiffBlock, tiff_structure

_BYTE = 1
_LEFT_OUT = frozenset(
    {*(tag for pair in PIXELS for tag in pair), EXIF_IFD, GPS_IFD, SUB_IFDS, INTEROPERABILITY_IFD, MAKER_NOTE}
)
"""Pixels, further directories, and maker notes, whose offsets are valid only in their old place."""


class ReadableExif:
    """The readable part of a TIFF structure with damaged directories: the intact entries, with their values.

    It consists of the first directory, the Exif directory and, if ``coordinates`` are kept, the GPS directory.
    ``pictures`` is the number of values that were left out because they hold a picture.
    """

    def __init__(self, block: bytes, tag_patch: TagPatch, *, coordinates: bool) -> None:
        self.pictures = 0
        self._tiff = TiffBlock(block)
        self._tag_patch = tag_patch
        self._inner = (EXIF_IFD, GPS_IFD) if coordinates else (EXIF_IFD,)
        self._bytes_left = len(block)

    def result(self) -> bytes:
        """Return a new block in the source's byte order. Raises ``DamagedExif`` if no entry can be read."""
        if GPS_IFD not in self._inner:
            self._zero_coordinates()
        found = self._directory(self._tiff.first, self._inner)
        if not found:
            raise DamagedExif("no entry can be read")
        return tiff_structure(found, self._tiff.order)

    def _zero_coordinates(self) -> None:
        """Zero the GPS directory and its values, since a kept entry that is damaged may point at them."""
        for pointer in self._tiff.readable_entries(self._tiff.first):
            if pointer.tag == GPS_IFD:
                at = self._tiff.number(pointer)
                entries = self._tiff.readable_entries(at)
                spans = [(at, at + 2 + ENTRY_BYTES * len(entries))]
                for entry in entries:
                    start = self._tiff.value_at(entry)
                    spans.append((start, start + entry.value_bytes))
                for start, end in spans:
                    self._tiff.zero(start, end)

    def _directory(self, at: int, inner: tuple[int, ...] = ()) -> Directory:
        """Return the entries of a directory; ``inner`` lists the tags whose values are directories to keep."""
        found: Directory = {}
        for entry, value in self._whole_values(at):
            if entry.tag in inner:
                below = self._directory(self._tiff.number(entry))
                if below:
                    found[entry.tag] = below
            elif entry.tag in PATCHED_TAGS:
                kept = self._tag_patch(entry.tag, value)
                if kept:
                    found[entry.tag] = _BYTE, len(kept), kept
            elif entry.tag in _LEFT_OUT:
                continue
            elif carve.holds_picture(value):
                self.pictures += 1
            else:
                found[entry.tag] = entry.kind, entry.number, value
        return found

    def _whole_values(self, directory: int) -> Iterator[tuple[Entry, bytes]]:
        for entry in self._tiff.readable_entries(directory):
            with suppress(DamagedExif):
                value = self._tiff.value(entry)
                if value and len(value) == entry.value_bytes <= self._bytes_left:
                    self._bytes_left -= len(value)
                    yield entry, value
