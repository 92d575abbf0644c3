"""Which tags of a TIFF page its copy keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from zenoimg.imaging.formats.tiff.file import EXIF_IFD, GPS_IFD, LONG, SUB_IFDS, Directory, Entry
from zenoimg.imaging.metadata.photoshop import DamagedResources, patched_resources, without_iptc_places
from zenoimg.imaging.metadata.xmp import DamagedXmp, is_location, is_preview, without_properties
from zenoimg.imaging.recipe import MetadataPolicy

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


def kept_tags(tags: Directory, policy: MetadataPolicy, warnings: list[str]) -> Directory:
    """Give a page's tags as the copy keeps them; adds to ``warnings`` what is lost."""
    entries: dict[int, Entry] = {}
    for tag, entry in tags.entries.items():
        if tag in _LEFT_OUT:
            warnings.append(_LEFT_OUT[tag])
        elif tag in _NO_USE_IN_A_COPY or (policy == "strip" and tag not in _RENDERING):
            continue
        elif policy != "keep" and tag in _MAP_REFERENCES:
            warnings.append("the map reference (GeoTIFF) tells the place and was left out")
        else:
            kept = _patched(entry, policy == "keep", warnings)
            if kept is not None:
                entries[tag] = kept
    if policy != "strip":
        warnings += [f"tag {tag} cannot be read and was left out" for tag in tags.damaged]
    children = {
        tag: child
        for tag, child in tags.children.items()
        if policy == "keep" or (policy == "keep-no-location" and tag != GPS_IFD)
    }
    if EXIF_IFD in children:
        children[EXIF_IFD] = _exif(children[EXIF_IFD], warnings)
    return replace(tags, entries=entries, children=children, damaged=())


def _exif(exif: Directory, warnings: list[str]) -> Directory:
    """Give EXIF, and the directories in it, without places."""
    if MAKER_NOTE in exif.entries:
        warnings.append("the maker's notes in EXIF moved, and offsets that a maker hides in them no longer fit")
    warnings += [f"EXIF tag {tag} cannot be read and was left out" for tag in exif.damaged]
    children = {tag: _exif(child, warnings) for tag, child in exif.children.items() if tag != GPS_IFD}
    return replace(exif, children=children, damaged=())


def _patched(entry: Entry, location: bool, warnings: list[str]) -> Entry | None:
    """Give an entry without previews and, unless ``location`` stays, without places; ``None`` if damaged."""

    def goes(namespace: str, name: str) -> bool:
        return is_preview(namespace, name) or (not location and is_location(namespace, name))

    patches: dict[int, tuple[str, Callable[[bytes], bytes]]] = {
        XMP: ("XMP", lambda packet: without_properties(packet, goes)),
        PHOTOSHOP: ("Photoshop data", lambda block: patched_resources(block, location=location)),
        IPTC: ("IPTC", lambda datasets: datasets if location else without_iptc_places(datasets)),
    }
    if entry.tag not in patches:
        return entry
    name, patch = patches[entry.tag]
    try:
        value = patch(entry.value)
    except (DamagedXmp, DamagedResources) as damage:
        warnings.append(f"{name} is damaged ({damage}) and was left out")
        return None
    if entry.kind == LONG:  # so some writers declare IPTC, which they fill up with zeros
        value = value.ljust(-(-len(value) // 4) * 4, b"\0")
        return replace(entry, count=len(value) // 4, value=value) if value else None
    return replace(entry, count=len(value), value=value) if value else None
