"""TIFF: the strips or tiles under the mark are decoded, drawn on and encoded again as they were.

All others travel as they are, so that lossless pages stay bit-exact and lossy ones lose nothing outside
the rows (or tiles) of the mark. Tags keep their values, pages their order, the file its byte order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.palette import on_two_levels, visible_on_two_levels
from zenoimg.imaging.formats.tiff.canvas import Canvas
from zenoimg.imaging.formats.tiff.file import (
    EXIF_IFD,
    GPS_IFD,
    LONG,
    SUB_IFDS,
    Directory,
    Entry,
    Page,
    read_pages,
    sub_directories,
    write_pages,
)
from zenoimg.imaging.formats.tiff.layout import JPEG, RGB, YCBCR, Layout, is_camera_raw, is_mask, is_reduced, layout_of
from zenoimg.imaging.formats.tiff.palette import draw_on_palette
from zenoimg.imaging.formats.tiff.pixels import blend_channels
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.mark import Overlay, overlay_for
from zenoimg.imaging.metadata.photoshop import DamagedResources, patched_resources, without_iptc_places
from zenoimg.imaging.metadata.xmp import DamagedXmp, is_location, is_preview, without_properties
from zenoimg.imaging.placement import displayed_size
from zenoimg.imaging.recipe import MetadataPolicy, Recipe
from zenoimg.imaging.result import Watermarked

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


_ORIENTATION = 274


def watermarked(data: bytes, recipe: Recipe, limits: Limits) -> Watermarked:
    """Give a watermarked copy of a TIFF, every page marked."""
    pages = read_pages(data, limits)
    _refuse_camera_raw(data, pages)
    layouts = [None if is_mask(page.directory) else layout_of(page, limits) for page in pages]
    _check_total(layouts, limits)
    warnings: list[str] = []
    copies: list[Page] = []
    for page, layout in zip(pages, layouts, strict=True):
        if layout is not None:
            drawn = _drawn(page, layout, recipe, warnings)
            if drawn is None:
                continue
            page = drawn
        copies.append(replace(page, directory=kept_tags(page.directory, recipe.metadata, warnings)))
    first = next((layout for layout in layouts if layout is not None), None)
    if first is None:
        raise Refused("unsupported-format", "TIFF that holds nothing but masks is not supported")
    orientation = _orientation(pages[layouts.index(first)])
    width, height = displayed_size((first.width, first.height), orientation)
    encoded = write_pages(pages[0].directory.form, copies)
    return Watermarked(encoded, "TIFF", "image/tiff", width, height, len(copies), tuple(dict.fromkeys(warnings)))


def _refuse_camera_raw(data: bytes, pages: list[Page]) -> None:
    directories = [page.directory for page in pages]
    if any(is_camera_raw(directory) for directory in (*directories, *sub_directories(data, directories))):
        raise Refused("unsupported-format", "camera raw is not supported; TIFF is")


def _check_total(layouts: list[Layout | None], limits: Limits) -> None:
    pixels = sum(layout.width * layout.height for layout in layouts if layout is not None)
    if pixels > limits.max_frame_pixels:
        raise Refused(
            "too-many-frames",
            f"{len(layouts):,} pages are {pixels / 1e6:.0f} megapixels in all; "
            f"at most {limits.max_frame_pixels / 1e6:.0f} are accepted",
        )


def _orientation(page: Page) -> int:
    orientation = page.directory.number(_ORIENTATION, 1)
    return orientation if 1 <= orientation <= 8 else 1


def _drawn(page: Page, layout: Layout, recipe: Recipe, warnings: list[str]) -> Page | None:
    """Give a page with the mark on it; ``None`` for a thumbnail that has no room for one."""
    spec = recipe.watermark
    if layout.depth == 1 and layout.mode == "L":
        spec = visible_on_two_levels(spec)
    try:
        overlay = overlay_for(spec, (layout.width, layout.height), _orientation(page))
    except Refused:
        if is_reduced(page.directory):
            return None
        raise
    if layout.mode == "P":
        return draw_on_palette(page, layout, overlay, warnings)
    if layout.depth == 1:
        overlay = on_two_levels(overlay)
    return _blended(page, layout, overlay)


def _blended(page: Page, layout: Layout, overlay: Overlay) -> Page:
    canvas = Canvas(page, layout, overlay)
    as_decoded = layout
    if layout.compression == JPEG and layout.photometric == YCBCR:
        as_decoded = replace(layout, photometric=RGB)
    blend_channels(canvas.channels, as_decoded, canvas.overlay)
    return replace(page, segments=canvas.segments())
