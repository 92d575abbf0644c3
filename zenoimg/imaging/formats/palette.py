"""Draw marks on palette indices, in colours that the palette has or has room for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageStat

from zenoimg.imaging.colour.spaces import SRGB, Space
from zenoimg.imaging.marking.mark import Overlay
from zenoimg.imaging.marking.overlap import covered_box, overlaps, within

Color = tuple[int, int, int, int]
"""Red, green, blue and alpha, 0 to 255."""

_CLOSE = 3
"""Invisible difference in a channel: a colour this close gets no slot of its own."""

_FAINTEST_COVERAGE = 24
"""Coverage (out of 255) below which a pixel keeps its index: the soft edges of letters."""


@dataclass(frozen=True)
class Drawn:
    """The result of drawing: the palette with new colours appended, and whether they show the mark."""

    palette: tuple[Color, ...]
    visible: bool


def blend_indices(picture: Image.Image, palette: tuple[Color, ...], slots: int, overlay: Overlay) -> Drawn:
    """Draw the overlay on a picture of mode ``P``, in place, with at most ``slots`` colours in its palette.

    Existing entries keep their index, so that pixels outside the mark keep their index and colour. An overlay without
    boxes changes nothing.
    """
    if not overlay.boxes:
        return Drawn(palette, True)
    region = covered_box(overlay, picture.size)
    indices = picture.crop(region)
    ground = in_colour(indices, palette)
    ideal, coverage = ground.copy(), Image.new("L", ground.size)
    for overlap in overlaps(within(overlay, region), ideal.size):
        part = overlay.mark.crop(overlap.part)
        ideal.paste(Image.alpha_composite(ideal.crop(overlap.box), part), overlap.box)
        coverage.paste(part.getchannel("A"), overlap.box)
    covered = coverage.point([255 * (level >= _FAINTEST_COVERAGE) for level in range(256)])
    reduced = _reduced(ideal, covered)
    palette, table = _assign(reduced, covered, palette, slots, overlay.space)
    drawn = Image.frombytes("P", reduced.size, reduced.tobytes().translate(table))
    indices.paste(drawn, (0, 0), covered.convert("1"))
    picture.paste(indices, region)
    return Drawn(palette, _visible(ground, ideal, in_colour(indices, palette), covered))


def in_colour(indices: Image.Image, palette: tuple[Color, ...]) -> Image.Image:
    """Return palette indices as an RGBA picture; indices without an entry are black."""
    table = [*palette, *[(0, 0, 0, 255)] * (256 - len(palette))]
    grey = Image.frombytes("L", indices.size, indices.tobytes())
    return Image.merge("RGBA", [grey.point([color[channel] for color in table]) for channel in range(4)])


def _reduced(ideal: Image.Image, covered: Image.Image) -> Image.Image:
    """Return the pixels under the mark, reduced to at most 256 colours."""
    only_mark = Image.new("RGBA", ideal.size)
    only_mark.paste(ideal, (0, 0), covered)
    return only_mark.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)


def _assign(
    reduced: Image.Image, covered: Image.Image, palette: tuple[Color, ...], slots: int, space: Space
) -> tuple[tuple[Color, ...], bytes]:
    """Return the palette with new entries, and the index for each colour of the reduced picture.

    Colours are compared as a viewer shows them, in the picture's colour space.
    """
    flat = reduced.getpalette("RGBA") or []
    colours = [(flat[at], flat[at + 1], flat[at + 2], flat[at + 3]) for at in range(0, len(flat), 4)]
    uses = Image.frombytes("L", reduced.size, reduced.tobytes()).histogram(covered)
    entries = list(palette)
    seen = _seen(entries, space)
    wanted = _seen(colours, space)
    shown = [_on_grounds(entry) for entry in seen]
    table = bytearray(256)
    for index in sorted(range(len(colours)), key=lambda index: -uses[index]):
        if not uses[index]:
            break
        distances = _distances(shown, _on_grounds(wanted[index]))
        nearest = distances.index(min(distances))
        if len(entries) < slots and not _is_close(seen[nearest], wanted[index]):
            nearest = len(entries)
            entries.append(colours[index])
            seen.append(wanted[index])
            shown.append(_on_grounds(wanted[index]))
        table[index] = nearest
    return tuple(entries), bytes(table)


def _seen(colors: list[Color], space: Space) -> list[Color]:
    """Return colours in a picture's colour space as a viewer shows them in sRGB."""
    if space.samples != 3 or space.key == SRGB.key:
        return list(colors)
    seen = space.shown([(red / 255, green / 255, blue / 255) for red, green, blue, _ in colors])
    return [(round(r), round(g), round(b), color[3]) for (r, g, b), color in zip(seen, colors, strict=True)]


def _on_grounds(color: Color) -> tuple[int, ...]:
    """Return a colour as it appears on black and on white."""
    *channels, alpha = color
    return tuple((channel * alpha + ground * (255 - alpha)) // 255 for ground in (0, 255) for channel in channels)


def _distances(all_shown: Sequence[tuple[int, ...]], shown: tuple[int, ...]) -> list[int]:
    """Return the squared distances of colours to one colour. Unrolled, since an animation needs tens of millions."""
    a, b, c, d, e, f = shown
    return [
        (r - a) * (r - a)
        + (s - b) * (s - b)
        + (t - c) * (t - c)
        + (u - d) * (u - d)
        + (v - e) * (v - e)
        + (w - f) * (w - f)
        for r, s, t, u, v, w in all_shown
    ]


def _is_close(one: Color, other: Color) -> bool:
    return all(abs(first - second) <= _CLOSE for first, second in zip(one, other, strict=True))


def _visible(ground: Image.Image, ideal: Image.Image, drawn: Image.Image, covered: Image.Image) -> bool:
    """Return whether the mark in the available colours differs from the background about as much as it should."""
    wanted = _difference(ground, ideal, covered)
    return _difference(ground, drawn, covered) >= wanted / 2 and _difference(ideal, drawn, covered) <= wanted


def _difference(one: Image.Image, other: Image.Image, covered: Image.Image) -> float:
    return sum(ImageStat.Stat(ImageChops.difference(one, other), covered).mean)


def taken_entries(palette: tuple[Color, ...], highest: int) -> list[tuple[Color, ...]]:
    """Return palettes without their free entries, best candidate first.

    ``highest`` is the highest index that a pixel uses. The first candidate lacks only the padding at the end (entries
    of a single colour); the second lacks everything after ``highest``.
    """
    length = len(palette)
    while length > highest + 1 and palette[length - 1] == palette[-1]:
        length -= 1
    if length == len(palette) - 1:  # a single entry is not padding
        length = len(palette)
    return list(dict.fromkeys((palette[:length], palette[: highest + 1])))
