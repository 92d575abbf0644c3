"""Redraw one frame of a GIF: the pixels that get the mark, and their colours.

The mark uses colours in the table, or slots that no frame uses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from PIL import Image, ImageChops, ImageStat

from zenoimg.imaging.formats.gif.blocks import Control, GifFrame, encode_indices
from zenoimg.imaging.formats.gif.colors import SLOTS, ColorTable
from zenoimg.imaging.marking.placement import Box

_ROOM = 12
"""Number of slots freed for the mark in a full table whose colours cannot show it."""

_UNSEEN = 24.0
"""Difference, summed over the channels, up to which no new colours are needed."""


@dataclass(frozen=True)
class Drawing:
    """What has to be drawn on a frame, whose box may be larger than the source's.

    ``at`` is the position of the source's indices in the box. ``area`` is the part of the box that the mark covers:
    there ``ground`` and ``ideal`` are the picture (RGB) without and with the mark, and ``inked`` is a mask, 255 where
    it is drawn. ``restored`` is a mask of the entire box, 255 where pixels of ``shown`` (RGB) are redrawn.
    """

    box: Box
    at: tuple[int, int]
    area: Box
    ground: Image.Image
    ideal: Image.Image
    inked: Image.Image
    shown: Image.Image
    restored: Image.Image | None


@dataclass(frozen=True)
class Drawn:
    """A frame's indices and transparent index, how many colours lack a slot, and whether the mark is visible."""

    indices: Image.Image
    transparent: int | None
    missing: int
    visible: bool


def draw(
    frame: GifFrame, indices: Image.Image, drawing: Drawing, shared: ColorTable, most: int, warnings: list[str]
) -> GifFrame:
    """Return the frame with the drawing, adding at most ``most`` colours to a ``shared`` table.

    These are tried in turn: the frame's own table or the shared one; a copy of the shared one, in which the frame has
    more free slots; a copy in which the least used colours are replaced by the nearest ones, with a warning.
    """
    uses = indices.histogram()
    transparent = frame.control.transparent if frame.control else None
    used = {index for index, count in enumerate(uses) if count or index == transparent}
    own = ColorTable.read(frame.table if frame.table is not None else shared.encoded, used)
    if frame.table is None:
        drawn = _attempt(indices, transparent, drawing, shared, most)
        if drawn is not None and drawn.visible:
            return _written(frame, drawing, drawn, None, warnings)
    drawn = _attempt(indices, transparent, drawing, own, SLOTS)
    if drawn is None or not drawn.visible:
        own = ColorTable.read(own.encoded, used)
        turned = own.make_room(uses, _ROOM, transparent)
        warnings.append("a full colour table had no colours for the mark: rare ones became their nearest")
        drawn = _attempt(_translated(indices, turned), transparent, drawing, own, SLOTS)
    assert drawn is not None, "make_room freed slots"
    return _written(frame, drawing, drawn, own, warnings)


def _attempt(
    indices: Image.Image, transparent: int | None, drawing: Drawing, table: ColorTable, most: int
) -> Drawn | None:
    """Return the frame drawn in the colours of a table; ``None`` if there is no slot for the transparency it needs."""
    size = (drawing.box[2] - drawing.box[0], drawing.box[3] - drawing.box[1])
    covers = all(at <= 0 and at + side >= whole for at, side, whole in zip(drawing.at, indices.size, size, strict=True))
    if transparent is None and not covers:
        transparent = table.transparent_slot()
        if transparent is None:
            return None
    table.add_colors_of(drawing.ideal, drawing.inked, min(most, len(table.free)), transparent)
    if not table.in_use(transparent):
        return None
    canvas = Image.new("P", size, transparent or 0)
    canvas.paste(indices, drawing.at)
    picked = table.nearest(drawing.ideal, transparent)
    canvas.paste(picked, drawing.area[:2], drawing.inked)
    missing = 0
    if drawing.restored is not None:
        exact, missing = table.exact(drawing.shown, drawing.restored, transparent)
        canvas.paste(exact, (0, 0), drawing.restored)
    return Drawn(canvas, transparent, missing, _visible(drawing, table.in_color(picked)))


def _written(
    frame: GifFrame, drawing: Drawing, drawn: Drawn, table: ColorTable | None, warnings: list[str]
) -> GifFrame:
    if drawn.missing:
        warnings.append(f"{drawn.missing} colours of a frame found no slot and were replaced by the nearest ones")
    control = frame.control
    if drawn.transparent is not None:
        control = (control or Control(0, 0, 0)).with_transparent(drawn.transparent)
    code_size, pixels = encode_indices(drawn.indices, frame.interlaced)
    encoded = table.encoded if table else None
    return replace(frame, box=drawing.box, table=encoded, code_size=code_size, pixels=pixels, control=control)


def _translated(indices: Image.Image, table: bytes) -> Image.Image:
    return Image.frombytes("P", indices.size, indices.tobytes().translate(table))


def _visible(drawing: Drawing, picked: Image.Image) -> bool:
    """Return whether the mark in the available colours differs from the background about as much as it should."""
    wanted = _difference(drawing.ground, drawing.ideal, drawing.inked)
    enough = _difference(drawing.ground, picked, drawing.inked) >= wanted / 2
    return enough and _difference(drawing.ideal, picked, drawing.inked) <= max(wanted, _UNSEEN)


def _difference(one: Image.Image, other: Image.Image, inked: Image.Image) -> float:
    return sum(ImageStat.Stat(ImageChops.difference(one, other), inked).mean)
