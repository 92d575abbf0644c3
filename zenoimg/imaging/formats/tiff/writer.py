"""TIFF: the strips or tiles under the mark are decoded, drawn on and re-encoded in the same way.

All others are copied unchanged, so that lossless pages stay bit-exact and lossy ones lose nothing outside the rows (or
tiles) of the mark. Tags keep their values, pages their order, the file its byte order.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace

from zenoimg.imaging.colour.tags import ColourTags
from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.few_levels import on_two_levels, visible_on_two_levels
from zenoimg.imaging.formats.jpeg.encoding import LOSSLESS_QUALITY
from zenoimg.imaging.formats.tiff.blending import blend_channels
from zenoimg.imaging.formats.tiff.canvas import Canvas, trimmed
from zenoimg.imaging.formats.tiff.file import BYTE, LONG, SBYTE, SHORT, SLONG, SSHORT, Directory, Page, write_pages
from zenoimg.imaging.formats.tiff.layout import JPEG, RGB, YCBCR, Layout, is_camera_raw, is_mask, is_reduced, layout_of
from zenoimg.imaging.formats.tiff.metadata import kept_tags, stamped, without_jpeg_metadata
from zenoimg.imaging.formats.tiff.palette import draw_on_palette
from zenoimg.imaging.formats.tiff.reader import read_pages, sub_directories
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.marking.mark import Overlay, overlay_for
from zenoimg.imaging.marking.placement import displayed_size
from zenoimg.imaging.metadata.keeper import Keeper
from zenoimg.imaging.recipe import Recipe
from zenoimg.imaging.result import Watermarked

_ORIENTATION = 274
_PROFILE = 34675


DrawPage = Callable[[Page, Layout, list[str]], Page | None]
"""Returns a page of the copy, or ``None``; takes the list of warnings to append to."""


def watermarked(data: bytes, recipe: Recipe, limits: Limits) -> Watermarked:
    """Return a watermarked copy of a TIFF with every page marked.

    A page without room for a mark is refused; if the recipe copies such pictures and another page has a mark, the page
    stays unmarked.
    """
    refused: list[Refused] = []
    marked = 0

    def draw(page: Page, layout: Layout, warnings: list[str]) -> Page | None:
        nonlocal marked
        try:
            drawn = _drawn(page, layout, recipe, warnings)
        except Refused as refusal:
            if refusal.code != "too-small" or recipe.watermark is None or recipe.watermark.too_small == "refuse":
                raise
            refused.append(refusal)
            warnings.append(f"a page of {layout.width} x {layout.height} has no mark: {refusal.message}")
            return page
        marked += drawn is not None
        return drawn

    copy = copied_pages(data, recipe, limits, draw)
    if refused and not marked:
        raise refused[0]
    return copy


def copied_pages(data: bytes, recipe: Recipe, limits: Limits, draw: DrawPage) -> Watermarked:
    """Return a copy of a TIFF, with every page as returned by ``draw`` and with the metadata that it may keep."""
    pages = read_pages(data, limits)
    _refuse_camera_raw(data, pages)
    layouts = [None if is_mask(page.directory) else layout_of(page, limits, len(data)) for page in pages]
    _check_total(layouts, limits)
    keeper = Keeper(recipe.metadata, recipe.rights)
    warnings = keeper.warnings
    copies: list[Page] = []
    for page, layout in zip(pages, layouts, strict=True):
        warnings += page.notes
        if layout is None and page.inferred:
            warnings.append("a mask without byte counts was left out")
            continue
        if layout is not None:
            page = trimmed(page, layout)
            drawn = draw(page, layout, warnings)
            if drawn is None:
                continue
            page = drawn
        page = _with_plain_orientation(page)
        if recipe.metadata != "keep":
            page = without_jpeg_metadata(page, keeper)
        copies.append(replace(page, directory=kept_tags(page.directory, keeper)))
    first = next((layout for layout in layouts if layout is not None), None)
    if first is None:
        raise Refused("unsupported-format", "TIFF that has only masks is not supported")
    orientation = _orientation(pages[layouts.index(first)])
    width, height = displayed_size((first.width, first.height), orientation)
    copies[0] = stamped(copies[0], keeper)
    encoded = write_pages(pages[0].directory.form, copies)
    return Watermarked(encoded, "TIFF", width, height, len(copies), tuple(dict.fromkeys(warnings)))


def _refuse_camera_raw(data: bytes, pages: list[Page]) -> None:
    directories = [page.directory for page in pages]
    if any(is_camera_raw(directory) for directory in (*directories, *sub_directories(data, directories))):
        raise Refused("unsupported-format", "camera raw is not supported; TIFF is")


def _check_total(layouts: list[Layout | None], limits: Limits) -> None:
    pixels = sum(layout.width * layout.height for layout in layouts if layout is not None)
    if pixels > limits.max_total_pixels:
        raise Refused(
            "too-many-frames",
            f"{len(layouts):,} pages have {pixels / 1e6:.0f} megapixels in total; "
            f"at most {limits.max_total_pixels / 1e6:.0f} are accepted",
        )


def _orientation(page: Page) -> int:
    orientation = _stated_orientation(page.directory)
    return orientation if orientation is not None and 1 <= orientation <= 8 else 1


def _stated_orientation(directory: Directory) -> int | None:
    """Return the integer in the orientation tag, whatever its type; ``None`` without one."""
    entry = directory.entries.get(_ORIENTATION)
    layout = {BYTE: "B", SHORT: "H", LONG: "I", SBYTE: "b", SSHORT: "h", SLONG: "i"}.get(entry.kind) if entry else None
    if entry is None or layout is None or not entry.count:
        return None
    return int(struct.unpack_from(directory.form.order + layout, entry.value)[0])


def _with_plain_orientation(page: Page) -> Page:
    """Return a page that states a valid orientation as one SHORT, which all readers accept."""
    entry = page.directory.entries.get(_ORIENTATION)
    if (
        entry is None
        or (entry.kind, entry.count) == (SHORT, 1)
        or _stated_orientation(page.directory) not in range(1, 9)
    ):
        return page
    plain = page.directory.form.entry(_ORIENTATION, SHORT, [_orientation(page)])
    directory = replace(page.directory, entries={**page.directory.entries, _ORIENTATION: plain})
    return replace(page, directory=directory)


def _drawn(page: Page, layout: Layout, recipe: Recipe, warnings: list[str]) -> Page | None:
    """Return a page with the mark, or ``None`` for a thumbnail too small for one."""
    spec = recipe.watermark
    assert spec is not None, "a page without a mark is copied"
    if layout.depth == 1 and layout.mode == "L":
        spec = visible_on_two_levels(spec)
    try:
        overlay = overlay_for(spec, (layout.width, layout.height), _orientation(page), _colours(page, layout))
    except Refused as refused:
        if refused.code == "too-small" and is_reduced(page.directory):
            return None
        raise
    warnings += overlay.warnings
    if layout.mode == "P":
        return draw_on_palette(page, layout, overlay, warnings)
    if layout.depth == 1:
        overlay = on_two_levels(overlay)
    return _blended(page, layout, overlay, warnings)


def _colours(page: Page, layout: Layout) -> ColourTags:
    profile = page.directory.entries.get(_PROFILE)
    mode = layout.mode if layout.mode in ("L", "CMYK") else "RGB"
    levels = (1 << layout.depth) - 1 if mode == "L" and layout.depth < 8 else 255
    return ColourTags(mode, icc=profile.value if profile else b"", levels=levels)


def _blended(page: Page, layout: Layout, overlay: Overlay, warnings: list[str]) -> Page:
    canvas = Canvas(page, layout, overlay)
    if canvas.loses_lossless_jpeg:
        warnings.append(
            f"lossless JPEG under the mark cannot be written and was converted to JPEG of quality {LOSSLESS_QUALITY}"
        )
    as_decoded = layout
    if layout.compression == JPEG and layout.photometric == YCBCR:
        as_decoded = replace(layout, photometric=RGB)
    blend_channels(canvas.channels, as_decoded, canvas.overlay)
    return replace(page, segments=canvas.segments())
