"""Pictures of palette indices: the mark is drawn in colours that the palette has, or has room for."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageChops, ImageStat

from zenoimg.imaging.mark import Overlay
from zenoimg.imaging.placement import Box, clipped

Color = tuple[int, int, int, int]
"""Red, green, blue and alpha, 0 to 255."""

_CLOSE = 3
"""Difference a channel that nobody sees: such a colour takes no slot of its own."""

_FAINTEST_COVERAGE = 24
"""Coverage of 255 below which a pixel keeps its index: the soft rim of letters."""


@dataclass(frozen=True)
class Drawn:
    """What drawing gave: the palette with new colours at its end, and whether the mark can be seen in it."""

    palette: tuple[Color, ...]
    visible: bool


def blend_indices(picture: Image.Image, palette: tuple[Color, ...], slots: int, overlay: Overlay) -> Drawn:
    """Draw the overlay on a picture of mode ``P``, in place, with at most ``slots`` colours in its palette.

    Existing entries keep their place, so pixels outside the mark keep index and colour.
    """
    region = _region(overlay, picture.size)
    indices = picture.crop(region)
    ground = in_colour(indices, palette)
    ideal, coverage = ground.copy(), Image.new("L", ground.size)
    for box in overlay.boxes:
        _lay(ideal, coverage, overlay.mark, (box[0] - region[0], box[1] - region[1]))
    covered = coverage.point([255 * (level >= _FAINTEST_COVERAGE) for level in range(256)])
    reduced = _reduced(ideal, covered)
    palette, table = _assign(reduced, covered, palette, slots)
    drawn = Image.frombytes("P", reduced.size, reduced.tobytes().translate(table))
    indices.paste(drawn, (0, 0), covered.convert("1"))
    picture.paste(indices, region)
    return Drawn(palette, _visible(ground, ideal, in_colour(indices, palette), covered))


def in_colour(indices: Image.Image, palette: tuple[Color, ...]) -> Image.Image:
    """Give the RGBA picture that indices and palette stand for; indices without an entry are black."""
    table = [*palette, *[(0, 0, 0, 255)] * (256 - len(palette))]
    grey = Image.frombytes("L", indices.size, indices.tobytes())
    return Image.merge("RGBA", [grey.point([color[channel] for color in table]) for channel in range(4)])


def _region(overlay: Overlay, size: tuple[int, int]) -> Box:
    inside = [box for box in (clipped(box, size) for box in overlay.boxes) if box is not None]
    lefts, tops, rights, bottoms = zip(*inside, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _lay(ideal: Image.Image, coverage: Image.Image, mark: Image.Image, at: tuple[int, int]) -> None:
    inside = clipped((at[0], at[1], at[0] + mark.width, at[1] + mark.height), ideal.size)
    if inside is None:
        return
    part = mark.crop((inside[0] - at[0], inside[1] - at[1], inside[2] - at[0], inside[3] - at[1]))
    ideal.paste(Image.alpha_composite(ideal.crop(inside), part), inside)
    coverage.paste(part.getchannel("A"), inside)


def _reduced(ideal: Image.Image, covered: Image.Image) -> Image.Image:
    """Reduce what is under the mark to 256 colours at most."""
    only_mark = Image.new("RGBA", ideal.size)
    only_mark.paste(ideal, (0, 0), covered)
    return only_mark.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)


def _assign(
    reduced: Image.Image, covered: Image.Image, palette: tuple[Color, ...], slots: int
) -> tuple[tuple[Color, ...], bytes]:
    """Give the palette with what was added, and the index for each colour of the reduced picture."""
    flat = reduced.getpalette("RGBA") or []
    colours = [(flat[at], flat[at + 1], flat[at + 2], flat[at + 3]) for at in range(0, len(flat), 4)]
    uses = Image.frombytes("L", reduced.size, reduced.tobytes()).histogram(covered)
    entries = list(palette)
    table = bytearray(256)
    for index in sorted(range(len(colours)), key=lambda index: -uses[index]):
        if not uses[index]:
            break
        nearest = min(range(len(entries)), key=lambda entry: _distance(entries[entry], colours[index]))
        if len(entries) < slots and not _is_close(entries[nearest], colours[index]):
            nearest = len(entries)
            entries.append(colours[index])
        table[index] = nearest
    return tuple(entries), bytes(table)


def _distance(one: Color, other: Color) -> int:
    """Squared distance of two colours as they show on black and on white."""
    total = 0
    for ground in (0, 255):
        for channel in range(3):
            difference = _over(one, channel, ground) - _over(other, channel, ground)
            total += difference * difference
    return total


def _over(color: Color, channel: int, ground: int) -> int:
    return (color[channel] * color[3] + ground * (255 - color[3])) // 255


def _is_close(one: Color, other: Color) -> bool:
    return all(abs(first - second) <= _CLOSE for first, second in zip(one, other, strict=True))


def _visible(ground: Image.Image, ideal: Image.Image, drawn: Image.Image, covered: Image.Image) -> bool:
    """Tell whether a mark in the colours there are changes as much as it should, and in the right way."""
    wanted = _difference(ground, ideal, covered)
    return _difference(ground, drawn, covered) >= wanted / 2 and _difference(ideal, drawn, covered) <= wanted


def _difference(one: Image.Image, other: Image.Image, covered: Image.Image) -> float:
    return sum(ImageStat.Stat(ImageChops.difference(one, other), covered).mean)
