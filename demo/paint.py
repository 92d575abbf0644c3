"""Building blocks of the scenes: gradients, octaves of seeded noise, light, relief, mountain lines, water."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageOps

Color = tuple[int, int, int]
Size = tuple[int, int]
Stops = Sequence[tuple[float, Color]]

BICUBIC = Image.Resampling.BICUBIC
BILINEAR = Image.Resampling.BILINEAR


def gradient(size: Size, stops: Stops) -> Image.Image:
    """Return a colour gradient from top (0) to bottom (1) through the given stops."""
    column = Image.new("RGB", (1, 512))
    for row in range(512):
        column.putpixel((0, row), color_at(row / 511, stops))
    return column.resize(size, BILINEAR)


def color_at(place: float, stops: Stops) -> Color:
    """Return the colour at a position (0..1) of a gradient."""
    for (start, first), (end, second) in pairwise(stops):
        if place <= end:
            part = (place - start) / (end - start)
            red, green, blue = (round(a + (b - a) * part) for a, b in zip(first, second, strict=True))
            return red, green, blue
    return stops[-1][1]


def noise(random: Random, size: Size, cells: Size, *, octaves: int, gain: float = 0.55) -> Image.Image:
    """Return octaves of smooth noise as ``L`` over the full range; ``cells`` is the grid of the coarsest."""
    work = (max(size[0] // 4, 1), max(size[1] // 4, 1))
    total, weight, sum_of_weights = Image.new("L", work), 1.0, 0.0
    for octave in range(octaves):
        across, down = cells[0] << octave, cells[1] << octave
        layer = Image.frombytes("L", (across, down), random.randbytes(across * down)).resize(work, BICUBIC)
        sum_of_weights += weight
        total = Image.blend(total, layer, weight / sum_of_weights)
        weight *= gain
    return ImageOps.autocontrast(total).resize(size, BICUBIC)


def curve(mask: Image.Image, low: float, high: float, top: float = 1.0) -> Image.Image:
    """Map ``low``..``high`` (0..1) of a mask smoothly to 0..``top``."""

    def level(value: int) -> int:
        part = min(max((value / 255 - low) / (high - low), 0.0), 1.0)
        return round(255 * top * part * part * (3 - 2 * part))

    return mask.point([level(value) for value in range(256)])


def glow(size: Size, center: tuple[float, float], radius: float, power: float = 2.0) -> Image.Image:
    """Return a soft round light as ``L``: bright at ``center``, dark at ``radius`` (fractions of the width)."""
    reach = round(radius * size[0])
    fall = [round(255 * max(1 - value / 181, 0) ** power) for value in range(256)]
    disc = Image.radial_gradient("L").point(fall).resize((2 * reach, 2 * reach), BICUBIC)
    light = Image.new("L", size)
    light.paste(disc, (round(center[0] * size[0]) - reach, round(center[1] * size[1]) - reach))
    return light


def shine(picture: Image.Image, light: Image.Image, color: Color) -> Image.Image:
    """Add coloured light like a lens."""
    return ImageChops.screen(picture, Image.merge("RGB", [light.point(lambda v, c=c: v * c // 255) for c in color]))


def film_grain(random: Random, picture: Image.Image, strength: int) -> Image.Image:
    """Add fine, slightly softened grain of ``strength`` levels, equal in all channels."""
    width, height = picture.size
    speckle = Image.frombytes("L", picture.size, random.randbytes(width * height))
    speckle = speckle.point([value * 2 * strength // 255 for value in range(256)])
    return ImageChops.add(picture, Image.merge("RGB", [speckle] * 3), 1, -strength)


def ridge(random: Random, points: int, roughness: float) -> list[float]:
    """Return a mountain line between 0 and 1 by midpoint displacement."""
    line, swing = [random.random() * 0.5, random.random(), random.random() * 0.5], 0.5
    while len(line) < points:
        middle = [(a + b) / 2 + random.uniform(-swing, swing) for a, b in pairwise(line)]
        line = [value for pair in zip(line, middle, strict=False) for value in pair] + [line[-1]]
        swing *= roughness
    low, high = min(line), max(line)
    return [(value - low) / (high - low) for value in line]


def below(size: Size, line: Sequence[float]) -> Image.Image:
    """Return the mask of everything below a line of heights (fractions of the picture's height, from the top)."""
    mask = Image.new("L", size)
    step = size[0] / (len(line) - 1)
    outline = [(index * step, y * size[1]) for index, y in enumerate(line)]
    ImageDraw.Draw(mask).polygon([(0, size[1]), *outline, (size[0], size[1])], fill=255)
    return mask.filter(ImageFilter.BoxBlur(1))


def rock(random: Random, size: Size, cells: Size, octaves: int = 6) -> Image.Image:
    """Return slopes lit from the left, as ``L`` around 128."""
    height = noise(random, size, cells, octaves=octaves, gain=0.6)
    shift = max(size[0] // 400, 1)
    moved = height.transform(size, Image.Transform.AFFINE, (1, 0, shift, 0, 1, shift // 2))
    moved.paste(height.crop((size[0] - shift, 0, *size)), (size[0] - shift, 0))
    return ImageChops.subtract(moved, height, 0.35, 128)


def mirror(random: Random, scene: Image.Image, size: Size) -> Image.Image:
    """Return a scene's reflection in moving water: squeezed, darkened, shifted sideways more the nearer it is."""
    width, height = size
    water = ImageOps.flip(scene).resize((width, round(height * 1.35)), BICUBIC).crop((0, 0, width, height))
    water = water.filter(ImageFilter.BoxBlur((1, max(height // 200, 1))))
    torn = water.copy()
    row, drift = 0, 0.0
    while row < height:
        near = row / height
        thick = max(round(height * (0.0015 + 0.006 * near * random.random())), 1)
        drift = 0.6 * drift + random.gauss(0, width * (0.0012 + 0.006 * near))
        lift = round(random.gauss(0, height * 0.012 * near))
        source = min(max(row + lift, 0), height - thick)
        strip = water.crop((0, source, width, source + thick))
        torn.paste(strip, (round(drift), row))
        row += thick
    torn = torn.filter(ImageFilter.GaussianBlur(max(width / 2600, 0.5)))
    waves = noise(random, size, (6, 60), octaves=4, gain=0.7)
    torn = Image.composite(torn, ImageEnhance.Brightness(torn).enhance(0.72), curve(waves, 0.25, 0.75))
    depth = gradient(size, [(0, (226, 220, 232)), (0.5, (170, 168, 196)), (1, (82, 88, 124))])
    return ImageChops.multiply(torn, depth)
