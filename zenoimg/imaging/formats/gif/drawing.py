"""One frame of a GIF drawn anew: which pixels get the mark, and which colours of which table they get.

The mark takes colours that are there, or slots that no frame uses.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace

from PIL import Image, ImageChops, ImageStat

from zenoimg.imaging.formats.gif.blocks import Control, GifFrame, encode_indices
from zenoimg.imaging.placement import Box

Rgb = tuple[int, int, int]

SLOTS = 256
_COVERED = re.compile(rb"[^\0]+")
_CLOSE = 3
"""Difference a channel that nobody sees: such a colour takes no slot of its own."""


@dataclass
class ColorTable:
    """A colour table that grows: ``entries`` by index, and the ``free`` indices that no pixel stands for.

    Entries that are in use never change.
    """

    entries: list[Rgb]
    free: list[int]
    _transparent_slot: int | None = None

    @classmethod
    def read(cls, table: bytes, used: Iterable[int]) -> ColorTable:
        """Read a table of which these indices are in use; used indices beyond its end are black."""
        entries = [(table[at], table[at + 1], table[at + 2]) for at in range(0, len(table) - 2, 3)]
        taken = set(used)
        entries += [(0, 0, 0)] * (max(taken, default=0) + 1 - len(entries))
        return cls(entries, [index for index in range(SLOTS) if index not in taken])

    @property
    def encoded(self) -> bytes:
        """The table as RGB bytes."""
        return bytes(value for entry in self.entries for value in entry)

    def in_color(self, indices: Image.Image) -> Image.Image:
        """Give the RGB picture that indices stand for; indices without an entry are black."""
        grey = Image.frombytes("L", indices.size, indices.tobytes())
        table = self.entries + [(0, 0, 0)] * (SLOTS - len(self.entries))
        return Image.merge("RGB", [grey.point([entry[channel] for entry in table]) for channel in range(3)])

    def transparent_slot(self) -> int | None:
        """Give an index that stands for no colour, the same at every call; ``None`` when all are taken."""
        if self._transparent_slot is None and self.free:
            self._transparent_slot = self.claim((0, 0, 0))
        return self._transparent_slot

    def claim(self, color: Rgb) -> int:
        """Put a colour into a free slot."""
        index = self.free.pop(0)
        self.entries += [(0, 0, 0)] * (index + 1 - len(self.entries))
        self.entries[index] = color
        return index

    def in_use(self, transparent: int | None) -> dict[int, Rgb]:
        """Give the colours that pixels can have."""
        without = {*self.free, transparent, self._transparent_slot}
        return {index: entry for index, entry in enumerate(self.entries) if index not in without}

    def add_colors_of(self, picture: Image.Image, mask: Image.Image, most: int, transparent: int | None) -> None:
        """Claim up to ``most`` slots for the colours of an RGB picture under a mask that the table lacks."""
        if most <= 0:
            return
        only = Image.new("RGBA", picture.size)
        only.paste(picture, (0, 0), mask)
        known = list(self.in_use(transparent).values())
        for color in _colors_by_use(only, most):
            if not any(_is_close(color, other) for other in known):
                self.claim(color)
                known.append(color)

    def nearest(self, picture: Image.Image, transparent: int | None) -> Image.Image:
        """Give an RGB picture as indices (mode ``P``) of the nearest colours."""
        usable = self.in_use(transparent)
        palette = Image.new("P", (1, 1))
        flat = [value for entry in usable.values() for value in entry]
        palette.putpalette(flat + flat[:3] * (SLOTS - len(usable)))
        places = picture.quantize(palette=palette, dither=Image.Dither.NONE)
        numbers = bytes(usable)
        table = numbers + numbers[:1] * (SLOTS - len(numbers))
        return Image.frombytes("P", picture.size, places.tobytes().translate(table))

    def exact(self, picture: Image.Image, mask: Image.Image, transparent: int | None) -> tuple[Image.Image, int]:
        """Give an RGB picture as indices of its very colours under a mask, and how many it cannot have."""
        indices = {_number(entry): index for index, entry in reversed(self.in_use(transparent).items())}
        pixels, covered = memoryview(picture.convert("RGBX").tobytes()).cast("I"), mask.tobytes()
        places, missing = bytearray(len(covered)), 0
        for run in _COVERED.finditer(covered):
            part = pixels[run.start() : run.end()]
            for number in dict.fromkeys(part):
                if number in indices:
                    continue
                red, green, blue, _ = number.to_bytes(4, sys.byteorder)
                color = (red, green, blue)
                if self.free:
                    indices[number] = self.claim(color)
                else:
                    missing += 1
                    indices[number] = min(indices.values(), key=lambda index: _distance(self.entries[index], color))
            places[run.start() : run.end()] = bytes(map(indices.__getitem__, part))
        return Image.frombytes("P", picture.size, bytes(places)), missing

    def make_room(self, uses: list[int], slots: int, transparent: int | None) -> bytes:
        """Free the slots of the colours used least; give the table that turns their indices to the nearest."""
        turned = bytearray(range(SLOTS))
        for index in sorted(self.in_use(transparent), key=lambda index: (uses[index], index))[:slots]:
            self.free.append(index)
        left = self.in_use(transparent)
        for index in self.free:
            if index < len(self.entries):
                turned[index] = min(left, key=lambda other: _distance(left[other], self.entries[index]))
        return bytes(turned)


def _colors_by_use(picture: Image.Image, most: int) -> list[Rgb]:
    """Give at most so many colours of the opaque pixels, the one of most pixels first; averages if there are more."""
    counts = picture.getcolors(most + 1)
    if counts is None:
        reduced = picture.quantize(min(most + 1, SLOTS), Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        counts = reduced.convert("RGBA").getcolors(SLOTS)
    assert counts is not None, "quantize gives no more colours than it is asked for"
    opaque: list[tuple[int, Rgb]] = []
    for count, color in counts:
        assert isinstance(color, tuple), "RGBA has four channels"
        if color[3] == 255:
            opaque.append((-count, (color[0], color[1], color[2])))
    return [color for _, color in sorted(opaque)[:most]]


def _is_close(one: Rgb, other: Rgb) -> bool:
    return all(abs(first - second) <= _CLOSE for first, second in zip(one, other, strict=True))


def _number(color: Rgb) -> int:
    """Give a colour as the number that stands for it in the bytes of mode ``RGBX``."""
    return int.from_bytes((*color, 255), sys.byteorder)


def _distance(one: Rgb, other: Rgb) -> int:
    return sum((first - second) ** 2 for first, second in zip(one, other, strict=True))


_ROOM = 12
"""Slots freed for the mark in a full table none of whose colours shows it."""

_UNSEEN = 24.0
"""Difference, summed over the channels, that is no reason to look for other colours."""


@dataclass(frozen=True)
class Drawing:
    """What is to be drawn on a frame, whose box may be larger than the source's.

    ``at`` is where the source's indices lie in the box. ``area`` is where the mark reaches into the box: there
    ``ground`` and ``ideal`` are the picture (RGB) without and with the mark, and ``inked`` is a mask, 255 where
    it is drawn. ``restored`` is a mask of the whole box, 255 where pixels of ``shown`` (RGB) are brought back.
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
    """A frame's indices and transparent index, how many colours it could not have, and whether the mark shows."""

    indices: Image.Image
    transparent: int | None
    missing: int
    visible: bool


def draw(
    frame: GifFrame, indices: Image.Image, drawing: Drawing, shared: ColorTable, most: int, warnings: list[str]
) -> GifFrame:
    """Give the frame with what is drawn on it, adding at most ``most`` colours to a ``shared`` table.

    Tried in turn: the frame's own table or the shared one; a copy of the shared one, in which the frame has more
    free slots; a copy in which colours used least gave way to their nearest, which ``warnings`` then name.
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
    assert drawn is not None, "room was made"
    return _written(frame, drawing, drawn, own, warnings)


def _attempt(
    indices: Image.Image, transparent: int | None, drawing: Drawing, table: ColorTable, most: int
) -> Drawn | None:
    """Draw with the colours of a table; ``None`` when it has no slot for the transparency that is needed."""
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
        warnings.append(f"{drawn.missing} colours of a frame found no slot and became their nearest")
    control = frame.control
    if drawn.transparent is not None:
        control = (control or Control(0, 0, 0)).with_transparent(drawn.transparent)
    code_size, pixels = encode_indices(drawn.indices, frame.interlaced)
    encoded = table.encoded if table else None
    return replace(frame, box=drawing.box, table=encoded, code_size=code_size, pixels=pixels, control=control)


def _translated(indices: Image.Image, table: bytes) -> Image.Image:
    return Image.frombytes("P", indices.size, indices.tobytes().translate(table))


def _visible(drawing: Drawing, picked: Image.Image) -> bool:
    """Tell whether a mark in the colours there are changes as much as it should, and in the right way."""
    wanted = _difference(drawing.ground, drawing.ideal, drawing.inked)
    enough = _difference(drawing.ground, picked, drawing.inked) >= wanted / 2
    return enough and _difference(drawing.ideal, picked, drawing.inked) <= max(wanted, _UNSEEN)


def _difference(one: Image.Image, other: Image.Image, inked: Image.Image) -> float:
    return sum(ImageStat.Stat(ImageChops.difference(one, other), inked).mean)
