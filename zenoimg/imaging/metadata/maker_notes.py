"""Find locations in maker notes, as far as their layout is known.

Sources: ExifTool's tag tables (https://exiftool.org/TagNames/), for Nikon's LocationInfo, Panasonic's, Pentax',
Samsung's and Casio's place names, and Canon's time zone city.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zenoimg.imaging.metadata.tiff_block import DamagedExif, Span, TiffBlock


@dataclass(frozen=True)
class _Layout:
    """How a maker's notes begin, where their directory is, and the tags that name locations.

    ``base`` is the position in the notes to which offsets are relative; ``None`` for the start of EXIF. ``part`` is the
    part of a value that names the location, if it is not the entire value.
    """

    header: bytes
    maker: bytes
    directory: int
    tags: frozenset[int]
    base: int | None = None
    part: Span | None = None


_PANASONIC = frozenset({0x67, 0x69, 0x6B, 0x6D, 0x6F, 0x80})
_PENTAX, _SAMSUNG = frozenset({0x23, 0x24}), frozenset({0x30, 0x31})
_LAYOUTS = (
    _Layout(b"Nikon\0\2", b"", 18, frozenset({0x39}), base=10),
    _Layout(b"Panasonic", b"", 12, _PANASONIC),
    _Layout(b"LEICA CAMERA AG\0", b"", 18, _PANASONIC),
    _Layout(b"LEICA\0\0\0", b"LEICA", 8, _PANASONIC),
    _Layout(b"AOC\0", b"", 6, _PENTAX),
    _Layout(b"PENTAX \0", b"", 10, _PENTAX, base=0),
    _Layout(b"QVC\0", b"", 6, frozenset({0x3006})),
    _Layout(b"DCI\0", b"", 6, frozenset({0x3006})),
    _Layout(b"", b"SAMSUNG", 0, _SAMSUNG, base=0),
    _Layout(b"", b"CANON", 0, frozenset({0x35}), part=(8, 12)),
)


def place_spans(tiff: TiffBlock, maker: bytes, notes: Span) -> list[Span]:
    """Return the spans of values that name a location in maker notes; empty if their layout is unknown."""
    start, end = notes
    content = bytes(tiff.block[start:end])
    for layout in _LAYOUTS:
        if content and content.startswith(layout.header) and maker.upper().startswith(layout.maker):
            try:
                return list(_spans(tiff, start, layout))
            except DamagedExif:
                return []
    return []


def names_place(notes: TiffBlock, maker: bytes) -> bool:
    """Return whether maker notes, taken out of EXIF, name a location at an offset relative to the start of EXIF."""
    content = bytes(notes.block)
    for layout in _LAYOUTS:
        if content.startswith(layout.header) and maker.upper().startswith(layout.maker):
            try:
                block = TiffBlock(content, _order(notes, layout.directory))
                tags = {entry.tag for entry in block.entries(layout.directory)}
            except DamagedExif:
                return False
            return layout.base is None and bool(tags & layout.tags)
    return False


def _spans(tiff: TiffBlock, start: int, layout: _Layout) -> Iterator[Span]:
    base = 0 if layout.base is None else start + layout.base
    directory = start + layout.directory - base
    block = TiffBlock(bytes(tiff.block[base:]), _order(tiff, start + layout.directory))
    for entry in block.entries(directory):
        if entry.tag in layout.tags:
            at = base + block.value_at(entry)
            part_start, part_end = layout.part or (0, entry.value_bytes)
            yield at + part_start, at + min(part_end, entry.value_bytes)


def _order(tiff: TiffBlock, directory: int) -> str:
    """Return the byte order of a directory, which varies by maker: its number of entries is small."""
    count = bytes(tiff.block[directory : directory + 2])
    return "<" if int.from_bytes(count, "little") < int.from_bytes(count, "big") else ">"
