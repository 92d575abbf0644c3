"""Draw the mark on palette pages of TIFF, in colours that the palette has or has room for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from PIL import Image

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.palette import Color, blend_indices, in_colour, taken_entries
from zenoimg.imaging.formats.tiff.blending import blend_channels
from zenoimg.imaging.formats.tiff.canvas import Canvas, of_equal_rows, rows_of
from zenoimg.imaging.formats.tiff.codecs import compressed
from zenoimg.imaging.formats.tiff.file import SHORT, Directory, Page
from zenoimg.imaging.formats.tiff.layout import RGB, Layout
from zenoimg.imaging.formats.tiff.pixels import bytes_of, channels_of
from zenoimg.imaging.marking.mark import Overlay

_COLOR_MAP = 320


def draw_on_palette(page: Page, layout: Layout, overlay: Overlay, warnings: list[str]) -> Page:
    """Return a palette page with the overlay; if there are no colours for it, the page becomes RGB, with a warning."""
    values = _color_map(page.directory, layout)
    scale = 257 if max(values) > 255 else 1  # some writers omit the low bytes
    palette = _palette(values, scale)
    canvas = Canvas(page, layout, overlay)
    (channel,) = canvas.channels
    for taken in taken_entries(palette, _highest_index(page, layout)):
        indices = Image.frombytes("P", channel.size, channel.tobytes())
        drawn = blend_indices(indices, taken, 1 << layout.depth, canvas.overlay)
        if drawn.visible:
            break
    else:
        warnings.append("a palette had no colours for the mark, and its page became RGB")
        return _drawn_in_colour(page, layout, overlay, palette)
    channel.paste(Image.frombytes("L", indices.size, indices.tobytes()))
    for index in range(len(taken), len(drawn.palette)):
        for band in range(3):
            values[(band << layout.depth) + index] = drawn.palette[index][band] * scale
    entries = {**page.directory.entries, _COLOR_MAP: page.directory.form.entry(_COLOR_MAP, SHORT, values)}
    return Page(replace(page.directory, entries=entries), canvas.segments())


def _color_map(tags: Directory, layout: Layout) -> list[int]:
    values = tags.numbers(_COLOR_MAP)
    if len(values) != 3 << layout.depth:
        raise Refused("corrupt", "the TIFF has palette indices and no palette")
    return list(values)


def _palette(values: list[int], scale: int) -> tuple[Color, ...]:
    count = len(values) // 3
    shift = 8 if scale == 257 else 0
    return tuple(
        (values[index] >> shift, values[count + index] >> shift, values[2 * count + index] >> shift, 255)
        for index in range(count)
    )


_AT_ONCE = 1_000


def _stacks(page: Page, layout: Layout, numbers: Iterable[int]) -> Iterator[tuple[list[int], int, Image.Image]]:
    """Yield the segments with these ``numbers``, several at a time: their numbers, rows per segment, and indices."""
    for rows, group in of_equal_rows(layout, numbers).items():
        for start in range(0, len(group), _AT_ONCE):
            part = group[start : start + _AT_ONCE]
            wanted = layout.row_bytes * rows
            data = b"".join(found[:wanted] for found in rows_of(page, layout, part, rows))
            (stack,) = channels_of(data, layout, rows * len(part), page.directory.form.order)
            yield part, rows, stack


def _highest_index(page: Page, layout: Layout) -> int:
    """Return the highest index that any pixel uses; the entries after it are free."""
    highest = 0
    used = [number for number in range(layout.across * layout.down) if page.segments[number]]
    for numbers, rows, stack in _stacks(page, layout, used):
        for index, number in enumerate(numbers):
            left, top, right, bottom = layout.box(number)
            if right > layout.width:  # the part of a tile beyond the edges is not shown
                stack.paste(0, (layout.width - left, index * rows, stack.width, (index + 1) * rows))
            if bottom > layout.height:
                stack.paste(0, (0, index * rows + layout.height - top, stack.width, (index + 1) * rows))
        highest = max(highest, max(index for index, count in enumerate(stack.histogram()) if count))
    return highest


def _drawn_in_colour(page: Page, layout: Layout, overlay: Overlay, palette: tuple[Color, ...]) -> Page:
    form = page.directory.form
    true_colour = replace(layout, depth=8, samples=3, photometric=RGB)
    segments: dict[int, bytes] = {}
    for numbers, rows, stack in _stacks(page, layout, range(layout.across * layout.down)):
        colours = list(in_colour(stack, palette).split())[:3]
        data = bytes_of(colours, true_colour, form.order)
        length = true_colour.row_bytes * rows
        parts = [data[at : at + length] for at in range(0, len(data), length)]
        before = [page.segments[number] for number in numbers]
        segments |= zip(numbers, compressed(parts, true_colour, rows, 0, before), strict=True)
    entries = {tag: entry for tag, entry in page.directory.entries.items() if tag != _COLOR_MAP}
    for tag, numbers_of_tag in ((258, (8, 8, 8)), (277, (3,)), (262, (RGB,))):
        entries[tag] = form.entry(tag, SHORT, numbers_of_tag)
    page = Page(replace(page.directory, entries=entries), tuple(segments[number] for number in sorted(segments)))
    canvas = Canvas(page, true_colour, overlay)
    blend_channels(canvas.channels, true_colour, canvas.overlay)
    return replace(page, segments=canvas.segments())
