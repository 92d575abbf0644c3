"""Which tags of a TIFF page its copy keeps."""

from __future__ import annotations

from dataclasses import replace

from zenoimg.imaging.formats.tiff.file import EXIF_IFD, GPS_IFD, LONG, SUB_IFDS, Directory, Entry
from zenoimg.imaging.metadata.keeper import Keeper

XMP, IPTC, PHOTOSHOP, ICC_PROFILE, MAKER_NOTE = 700, 33723, 34377, 34675, 37500

# What decides how pixels are stored, look and print; no policy touches it.
_RENDERING = {*range(254, 260), 262, 263, 266, 273, 274, *range(277, 285), 286, 287, *range(290, 294), 296, 297}
_RENDERING |= {301, *range(317, 326), *range(332, 335), 336, *range(338, 342), 347, *range(529, 533), ICC_PROFILE}
# Offsets of unused bytes, and of a thumbnail as EXIF has it: it shows the unmarked picture.
_NO_USE_IN_A_COPY = {288, 289, 512, 513, 514, 515, 517, 518, 519, 520, 521}
_MAP_REFERENCES = {33550, 33920, 33922, 34264, 34735, 34736, 34737, 50844}
_LEFT_OUT = {
    SUB_IFDS: "smaller copies of a page (SubIFDs) show it unmarked and were left out",
    37724: "Photoshop's layers show the unmarked picture and were left out",
    50255: "Photoshop's annotations belong to its layers and were left out",
    52545: "Content Credentials vouch for the unmarked picture and were left out",
}


def kept_tags(tags: Directory, keeper: Keeper) -> Directory:
    """Return a page's tags as the copy keeps them."""
    entries: dict[int, Entry] = {}
    for tag, entry in tags.entries.items():
        if tag in _LEFT_OUT:
            keeper.warn(_LEFT_OUT[tag])
        elif tag in _NO_USE_IN_A_COPY or (keeper.strips and tag not in _RENDERING):
            continue
        elif not keeper.keeps_location and tag in _MAP_REFERENCES:
            keeper.warn("the map reference (GeoTIFF) tells the place and was left out")
        else:
            kept = _kept_entry(entry, keeper)
            if kept is not None:
                entries[tag] = kept
    if not keeper.strips:
        for tag in tags.damaged:
            keeper.warn(f"tag {tag} cannot be read and was left out")
    children = {} if keeper.strips else dict(tags.children)
    if not keeper.keeps_location:
        children.pop(GPS_IFD, None)
    if EXIF_IFD in children:
        children[EXIF_IFD] = _exif(children[EXIF_IFD], keeper)
    return replace(tags, entries=entries, children=children, damaged=())


def _exif(exif: Directory, keeper: Keeper) -> Directory:
    """Return EXIF, and the directories in it, without places."""
    if MAKER_NOTE in exif.entries:
        keeper.warn("the maker's notes in EXIF moved, and offsets that a maker hides in them no longer fit")
    for tag in exif.damaged:
        keeper.warn(f"EXIF tag {tag} cannot be read and was left out")
    children = {tag: _exif(child, keeper) for tag, child in exif.children.items() if tag != GPS_IFD}
    return replace(exif, children=children, damaged=())


def _kept_entry(entry: Entry, keeper: Keeper) -> Entry | None:
    """Return an entry as the copy keeps it; ``None`` for none."""
    blocks = {XMP: keeper.xmp, PHOTOSHOP: keeper.photoshop, IPTC: keeper.iptc}
    if entry.tag not in blocks:
        return entry
    value = blocks[entry.tag](entry.value)
    if entry.kind == LONG:  # so some writers declare IPTC, which they fill up with zeros
        value = value.ljust(-(-len(value) // 4) * 4, b"\0")
        return replace(entry, count=len(value) // 4, value=value) if value else None
    return replace(entry, count=len(value), value=value) if value else None
