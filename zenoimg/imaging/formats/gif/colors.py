"""Growing colour tables of a GIF: their free entries, and their nearest colours."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image

Rgb = tuple[int, int, int]

SLOTS = 256
_COVERED = re.compile(rb"[^\0]+")
_CLOSE = 3
"""Invisible difference in a channel: a colour this close gets no slot of its own."""


@dataclass
class ColorTable:
    """A growing colour table: ``entries`` by index, and the ``free`` indices that no pixel uses.

    Entries in use never change.
    """

    entries: list[Rgb]
    free: list[int]
    _transparent_slot: int | None = None

    @classmethod
    def read(cls, table: bytes, used: Iterable[int]) -> ColorTable:
        """Return a table whose ``used`` indices are in use; used indices beyond its end are black."""
        entries = [(table[at], table[at + 1], table[at + 2]) for at in range(0, len(table) - 2, 3)]
        taken = set(used)
        entries += [(0, 0, 0)] * (max(taken, default=0) + 1 - len(entries))
        return cls(entries, [index for index in range(SLOTS) if index not in taken])

    @property
    def encoded(self) -> bytes:
        """The table as RGB bytes."""
        return bytes(value for entry in self.entries for value in entry)

    def in_color(self, indices: Image.Image) -> Image.Image:
        """Return palette indices as an RGB picture; indices without an entry are black."""
        grey = Image.frombytes("L", indices.size, indices.tobytes())
        table = self.entries + [(0, 0, 0)] * (SLOTS - len(self.entries))
        return Image.merge("RGB", [grey.point([entry[channel] for entry in table]) for channel in range(3)])

    def transparent_slot(self) -> int | None:
        """Return an index without a colour, the same one for every call; ``None`` if all are in use."""
        if self._transparent_slot is None and self.free:
            self._transparent_slot = self.claim((0, 0, 0))
        return self._transparent_slot

    def claim(self, color: Rgb) -> int:
        """Put a colour into a free slot and return its index."""
        index = self.free.pop(0)
        self.entries += [(0, 0, 0)] * (index + 1 - len(self.entries))
        self.entries[index] = color
        return index

    def in_use(self, transparent: int | None) -> dict[int, Rgb]:
        """Return the colours that pixels may use."""
        without = {*self.free, transparent, self._transparent_slot}
        return {index: entry for index, entry in enumerate(self.entries) if index not in without}

    def add_colors_of(self, picture: Image.Image, mask: Image.Image, most: int, transparent: int | None) -> None:
        """Claim up to ``most`` slots for the colours under a mask of an RGB picture that the table lacks."""
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
        """Return an RGB picture as the indices (mode ``P``) of the nearest colours."""
        usable = self.in_use(transparent)
        palette = Image.new("P", (1, 1))
        flat = [value for entry in usable.values() for value in entry]
        palette.putpalette(flat + flat[:3] * (SLOTS - len(usable)))
        places = picture.quantize(palette=palette, dither=Image.Dither.NONE)
        numbers = bytes(usable)
        table = numbers + numbers[:1] * (SLOTS - len(numbers))
        return Image.frombytes("P", picture.size, places.tobytes().translate(table))

    def exact(self, picture: Image.Image, mask: Image.Image, transparent: int | None) -> tuple[Image.Image, int]:
        """Return the indices of the exact colours under a mask of an RGB picture, and how many found no slot."""
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
        """Free the slots of the least used colours; return a table that maps their indices to the nearest colours."""
        turned = bytearray(range(SLOTS))
        for index in sorted(self.in_use(transparent), key=lambda index: (uses[index], index))[:slots]:
            self.free.append(index)
        left = self.in_use(transparent)
        for index in self.free:
            if index < len(self.entries):
                turned[index] = min(left, key=lambda other: _distance(left[other], self.entries[index]))
        return bytes(turned)


def _colors_by_use(picture: Image.Image, most: int) -> list[Rgb]:
    """Return up to ``most`` colours of the opaque pixels, most frequent first; averages if there are more."""
    counts = picture.getcolors(most + 1)
    if counts is None:
        reduced = picture.quantize(min(most + 1, SLOTS), Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        counts = reduced.convert("RGBA").getcolors(SLOTS)
    assert counts is not None, "quantize returns no more colours than requested"
    opaque: list[tuple[int, Rgb]] = []
    for count, color in counts:
        assert isinstance(color, tuple), "RGBA has four channels"
        if color[3] == 255:
            opaque.append((-count, (color[0], color[1], color[2])))
    return [color for _, color in sorted(opaque)[:most]]


def _is_close(one: Rgb, other: Rgb) -> bool:
    return all(abs(first - second) <= _CLOSE for first, second in zip(one, other, strict=True))


def _number(color: Rgb) -> int:
    """Return a colour as the number formed by its bytes in mode ``RGBX``."""
    return int.from_bytes((*color, 255), sys.byteorder)


def _distance(one: Rgb, other: Rgb) -> int:
    return sum((first - second) ** 2 for first, second in zip(one, other, strict=True))
