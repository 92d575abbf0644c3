"""Decide which tags of a TIFF page its copy keeps."""

from __future__ import annotations

from dataclasses import replace

from zenoimg.imaging.formats.jpeg.stream import EOI_BYTES, without_metadata
from zenoimg.imaging.formats.tiff.file import (
    ASCII,
    BYTE,
    EXIF_IFD,
    GPS_IFD,
    LONG,
    SUB_IFDS,
    UNDEFINED,
    Directory,
    Entry,
    Page,
)
from zenoimg.imaging.formats.tiff.layout import JPEG
from zenoimg.imaging.metadata import carve, credentials
from zenoimg.imaging.metadata.exif import (
    ARTIST,
    COPYRIGHT,
    IPTC,
    MAKE,
    MAKER_NOTE,
    MAP_REFERENCES,
    PHOTOSHOP,
    PHOTOSHOP_ANNOTATIONS,
    PHOTOSHOP_LAYERS,
    XMP,
)
from zenoimg.imaging.metadata.keeper import Keeper
from zenoimg.imaging.metadata.maker_notes import names_place, place_spans
from zenoimg.imaging.metadata.report import ANNOTATIONS_LEFT_OUT, LAYERS_LEFT_OUT, MAP_LEFT_OUT
from zenoimg.imaging.metadata.tiff_block import UTF8, TiffBlock

ICC_PROFILE = 34675

# Tags that determine how pixels are stored, look and print; no policy affects them.
_RENDERING = {*range(254, 260), 262, 263, 266, 273, 274, *range(277, 285), 286, 287, *range(290, 294), 296, 297}
_RENDERING |= {301, *range(317, 326), *range(332, 335), 336, *range(338, 342), 347, *range(529, 533), ICC_PROFILE}
# Offsets of unused bytes, and of an EXIF-style thumbnail, which shows the unmarked picture.
_NO_USE_IN_A_COPY = {288, 289, 512, 513, 514, 515, 517, 518, 519, 520, 521}
_LEFT_OUT = {
    SUB_IFDS: "smaller copies of a page (SubIFDs) show it unmarked and were left out",
    PHOTOSHOP_LAYERS: LAYERS_LEFT_OUT,
    PHOTOSHOP_ANNOTATIONS: ANNOTATIONS_LEFT_OUT,
}
_RIGHTS = {ARTIST: "creator", COPYRIGHT: "copyright"}
_BLOCKS = {XMP, IPTC, PHOTOSHOP}
_COMPRESSION, _JPEG_TABLES = 259, 347
_FIRST_PRIVATE_TAG = 32_768
_BYTE_KINDS = (BYTE, ASCII, UNDEFINED, UTF8)
_SHORTEST_PICTURE = 64  # bytes


def kept_tags(tags: Directory, keeper: Keeper) -> Directory:
    """Return the tags of a page that the copy keeps."""
    entries: dict[int, Entry] = {}
    for tag, entry in tags.entries.items():
        if tag == credentials.TIFF_TAG:
            keeper.credentials_left_out()
        elif tag in _LEFT_OUT:
            keeper.warn(_LEFT_OUT[tag])
        elif tag in _NO_USE_IN_A_COPY or (keeper.strips and not _stays_stripped(tag, keeper)):
            continue
        elif (kept := _kept_entry(entry, keeper, f"tag {tag}")) is not None:
            # TIFF 6.0 has no such type: Pillow, tifffile and Exiv2 read no text of it, but UTF-8 in ASCII.
            entries[tag] = replace(kept, kind=ASCII) if kept.kind == UTF8 else kept
            if tag in _RIGHTS and kept.value.strip(b" \0"):
                keeper.stated.add(_RIGHTS[tag])
    if not keeper.strips:
        for tag in tags.damaged:
            keeper.warn(f"tag {tag} cannot be read and was left out")
    children = {} if keeper.strips else dict(tags.children)
    if not keeper.keeps_coordinates:
        children.pop(GPS_IFD, None)
    if EXIF_IFD in children:
        make = tags.entries.get(MAKE)
        children[EXIF_IFD] = _exif(children[EXIF_IFD], make.value if make else b"", keeper)
    return replace(tags, entries=entries, children=children, damaged=())


def without_jpeg_metadata(page: Page, keeper: Keeper) -> Page:
    """Return a page without application segments and comments in its JPEG tables, strips and tiles."""
    if page.directory.number(_COMPRESSION, 1) != JPEG:
        return page
    segments = tuple([without_metadata(segment) if segment else segment for segment in page.segments])
    if segments != page.segments:
        keeper.warn("metadata inside the JPEG data of strips or tiles were left out")
    entries = dict(page.directory.entries)
    tables = entries.get(_JPEG_TABLES)
    if tables is not None:
        value = without_metadata(tables.value.removesuffix(EOI_BYTES) + EOI_BYTES)
        entries[_JPEG_TABLES] = replace(tables, kind=UNDEFINED, count=len(value), value=value)
    return replace(page, directory=replace(page.directory, entries=entries), segments=segments)


def stamped(page: Page, keeper: Keeper) -> Page:
    """Return the first page with the rights that the file has to state, once all pages have been kept."""
    if not keeper.stamp.texts:
        return page
    entries = dict(page.directory.entries)
    for tag, field in _RIGHTS.items():
        if field in keeper.stamp.texts:
            value = keeper.stamp.texts[field].encode() + b"\0"
            entries[tag] = Entry(tag, ASCII, len(value), value)
    for tag, kind, stamp in ((XMP, BYTE, keeper.stamp.xmp), (IPTC, UNDEFINED, keeper.stamp.iptc)):
        value = stamp(entries[tag].value if tag in entries else b"")
        if value:
            entries[tag] = Entry(tag, kind, len(value), value)
    return replace(page, directory=replace(page.directory, entries=entries))


def _stays_stripped(tag: int, keeper: Keeper) -> bool:
    return tag in _RENDERING or tag in _BLOCKS or (tag in _RIGHTS and not keeper.strips_rights)


def _exif(exif: Directory, make: bytes, keeper: Keeper) -> Directory:
    """Return EXIF, and the directories inside it, as the copy keeps them."""
    for tag in exif.damaged:
        keeper.warn(f"EXIF tag {tag} cannot be read and was left out")
    entries: dict[int, Entry] = {}
    for tag, entry in exif.entries.items():
        if tag == credentials.TIFF_TAG:
            keeper.credentials_left_out()
        elif tag in _LEFT_OUT:
            keeper.warn(_LEFT_OUT[tag])
        elif tag == MAKER_NOTE:
            notes = _maker_note(entry, make, exif.form.order, keeper)
            entries.update({tag: notes} if notes else {})
        elif tag not in _NO_USE_IN_A_COPY and (kept := _kept_entry(entry, keeper, f"EXIF tag {tag}")) is not None:
            entries[tag] = kept
    children = {
        tag: _exif(child, make, keeper)
        for tag, child in exif.children.items()
        if keeper.keeps_coordinates or tag != GPS_IFD
    }
    return replace(exif, entries=entries, children=children, damaged=())


def _maker_note(entry: Entry, make: bytes, order: str, keeper: Keeper) -> Entry | None:
    """Return maker notes with pictures and locations zeroed; ``None`` if a location is out of reach."""
    keeper.warn("the maker's notes in EXIF moved, and offsets that a maker hides in them no longer fit")
    value = bytearray(entry.value)
    spans = carve.pictures_in(entry.value)
    if spans:
        keeper.found_picture("EXIF")
    if not keeper.keeps_places:
        notes = TiffBlock(entry.value, order)
        if names_place(notes, make):
            keeper.may_tell_place("the maker's notes in EXIF")
            return None
        spans += place_spans(notes, make, (0, len(value)))
    for start, end in spans:
        end = min(end, len(value))
        value[start:end] = bytes(max(0, end - start))
    return replace(entry, value=bytes(value))


def _kept_entry(entry: Entry, keeper: Keeper, name: str) -> Entry | None:
    """Return an entry as the copy keeps it, or ``None``."""
    if entry.tag in MAP_REFERENCES and not keeper.keeps_coordinates:
        keeper.warn(MAP_LEFT_OUT)
        return None
    value = _kept_value(entry, keeper, name)
    if value == entry.value:
        return entry
    if entry.kind == LONG:  # some writers declare IPTC like this, and pad it with zeros
        value = value.ljust(-(-len(value) // 4) * 4, b"\0")
        return replace(entry, count=len(value) // 4, value=value) if value else None
    return replace(entry, count=len(value), value=value) if value else None


def _kept_value(entry: Entry, keeper: Keeper, name: str) -> bytes:
    """Return the copy's value of an entry; ``b""`` for none."""
    match entry.tag:
        case 700:
            return keeper.xmp(entry.value)
        case 33723:
            return keeper.iptc(entry.value)
        case 34377:
            return keeper.photoshop(entry.value)
        case 34675:
            return keeper.profile(entry.value)
    if len(entry.value) < _SHORTEST_PICTURE or entry.tag in _RENDERING:
        return entry.value
    if entry.tag >= _FIRST_PRIVATE_TAG and entry.kind in _BYTE_KINDS and entry.tag not in _RIGHTS and not keeper.strips:
        return keeper.other(entry.value, name)
    if carve.holds_picture(entry.value):
        keeper.found_picture(name)
        return b""
    return entry.value
