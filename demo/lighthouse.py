"""Draw a lighthouse on a cliff above the sea at night."""

from __future__ import annotations

import math
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from demo.paint import (
    BICUBIC,
    BILINEAR,
    Size,
    below,
    curve,
    film_grain,
    glow,
    gradient,
    mirror,
    noise,
    ridge,
    rock,
    shine,
)


def draw_lighthouse(size: Size, *, seed: int) -> Image.Image:
    """Return a lighthouse on a cliff above the sea at night, in portrait format."""
    random = Random(seed)
    width, height = size
    half = (width // 2, height // 2)
    horizon = 0.74
    lamp = (0.56, 0.262)

    sky = gradient(
        half,
        [
            (0, (5, 9, 28)),
            (0.3, (12, 27, 66)),
            (0.52, (32, 66, 116)),
            (0.68, (112, 134, 158)),
            (horizon, (214, 176, 150)),
            (1, (90, 90, 110)),
        ],
    )
    milky = curve(noise(random, half, (2, 3), octaves=7, gain=0.62), 0.45, 1.0, 0.5)
    sky = shine(sky, milky, (76, 88, 138))
    cover = curve(noise(random, half, (2, 14), octaves=6), 0.5, 0.95, 0.85)
    cover = ImageChops.multiply(
        cover, gradient(half, [(0, (0,) * 3), (0.4, (50,) * 3), (0.66, (255,) * 3), (1, (255,) * 3)]).convert("L")
    )
    sky = Image.composite(
        gradient(half, [(0, (20, 30, 60)), (0.6, (70, 84, 120)), (horizon, (170, 136, 136)), (1, (120,) * 3)]),
        sky,
        cover,
    )
    picture = sky.resize(size, BICUBIC)
    _add_stars(random, picture, until=0.6)

    sea_line = round(height * horizon)
    above = picture.crop((0, 2 * sea_line - height, width, sea_line))
    picture.paste(mirror(random, above, above.size), (0, sea_line))
    picture = _add_beams(picture, lamp)
    _add_cliff(random, picture)
    _add_tower(random, picture, lamp)
    picture = shine(picture, glow(size, lamp, 0.5, 3.0), (190, 136, 80))
    picture = shine(picture, glow(size, lamp, 0.075, 1.5), (255, 240, 206))
    return film_grain(random, picture, 8)


def _add_stars(random: Random, picture: Image.Image, *, until: float) -> None:
    width, height = picture.size
    pen = ImageDraw.Draw(picture)
    for _ in range(1500):
        x, y = random.random() * width, random.random() ** 1.5 * until * height
        radius = width * 0.00022 * (1 + 5 * random.random() ** 12)
        low = y / (until * height)
        level = round(random.uniform(90, 255) * (1 - low) ** 0.6)
        if level < 60 + 130 * low:
            continue  # outshone by the dusk
        warm = random.randint(-14, 14)
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), (level, level, min(max(level + warm, 0), 255)))


def _add_beams(picture: Image.Image, lamp: tuple[float, float]) -> Image.Image:
    """Return two beams from the lamp, widening and fading."""
    small = (picture.width // 4, picture.height // 4)
    x, y = lamp[0] * small[0], lamp[1] * small[1]
    beams = Image.new("L", small)
    pen = ImageDraw.Draw(beams)
    for side, rise in ((-1, -0.13), (1, 0.10)):
        for spread, level in ((0.11, 60), (0.075, 100), (0.04, 150)):
            far = side * small[0]
            pen.polygon(
                [(x, y), (x + far, y + far * side * (rise - spread)), (x + far, y + far * side * (rise + spread))],
                level,
            )
    beams = beams.filter(ImageFilter.GaussianBlur(small[0] / 130))
    beams = ImageChops.multiply(beams, glow(small, lamp, 0.75, 1.2)).resize(picture.size, BICUBIC)
    return shine(picture, beams, (255, 226, 170))


def _add_cliff(random: Random, picture: Image.Image) -> None:
    width, height = picture.size
    edge = ridge(random, 500, 0.55)
    steep = [min(max(round(2.4 * value - 1.4 * 128), 0), 255) for value in range(256)]
    line = []
    for index, rough in enumerate(edge):
        x = index / (len(edge) - 1)
        top = 0.70 + 0.012 * math.sin(9 * x)
        fall = max((0.27 - x) / 0.27, 0) ** 0.7 * 0.34
        line.append(top + fall + 0.022 * rough)
    start = round(0.66 * height)
    box = (width, height - start)
    slopes = rock(random, (box[0] // 2, box[1] // 2), (5, 3), octaves=7).point(steep).resize(box, BICUBIC)
    ground = gradient(box, [(0, (104, 96, 84)), (0.3, (84, 78, 76)), (1, (24, 27, 38))])
    ground = ImageChops.overlay(ground, Image.merge("RGB", [slopes] * 3))
    picture.paste(ground, (0, start), below(picture.size, line).crop((0, start, *picture.size)))
    pen = ImageDraw.Draw(picture)
    for _ in range(2600):
        place = random.uniform(0.2, 1)
        foot = line[int(place * (len(line) - 1))] + random.random() ** 2 * 0.03
        blade = random.uniform(0.004, 0.013) * height
        shade = random.randint(18, 62)
        x, y = place * width, foot * height
        pen.line(
            [(x, y), (x + random.gauss(0, blade * 0.4), y - blade)],
            (shade + 8, shade + 6, shade - 6),
            max(width // 1200, 1),
        )


def _add_tower(random: Random, picture: Image.Image, lamp: tuple[float, float]) -> None:
    """Draw a banded tower, shaded like a cylinder, with gallery, lantern and windows."""
    width, height = picture.size
    middle, top, foot = lamp[0] * width, (lamp[1] + 0.035) * height, 0.722 * height
    narrow, broad = 0.060 * width, 0.098 * width

    def half_width(y: float) -> float:
        return narrow + (broad - narrow) * math.pow((y - top) / (foot - top), 1.4)

    tall, side = foot - top, round(broad) * 2
    box = (side, round(tall))
    paint = Image.new("RGB", box, (226, 222, 214))
    pen = ImageDraw.Draw(paint)
    for start, end in ((0.16, 0.36), (0.56, 0.77)):
        pen.rectangle((0, start * tall, side, end * tall), (150, 44, 38))
    stain = noise(random, box, (9, 7), octaves=6).point([205 + value // 5 for value in range(256)])
    paint = ImageChops.multiply(paint, Image.merge("RGB", [stain] * 3))
    around = Image.new("RGB", (256, 1))
    for column in range(256):
        across = column / 127.5 - 1
        level = 0.10 + 0.62 * max(math.cos(across * 1.25 + 0.62), 0) ** 1.3 + 0.10 * max(across, 0) ** 6
        around.putpixel((column, 0), (round(255 * level), round(252 * level), round(252 * level)))
    dusk = gradient(box, [(0, (244, 226, 200)), (0.5, (176, 178, 196)), (1, (150, 142, 142))])
    paint = ImageChops.multiply(ImageChops.multiply(paint, around.resize(box, BILINEAR)), dusk)
    levels = [tall * step / 60 for step in range(61)]
    left = [(side / 2 - half_width(top + y), y) for y in levels]
    right = [(side / 2 + half_width(top + y), y) for y in reversed(levels)]
    mask = Image.new("L", box)
    ImageDraw.Draw(mask).polygon([*left, *right], 255)
    picture.paste(paint, (round(middle) - side // 2, round(top)), mask.filter(ImageFilter.BoxBlur(1)))

    pen = ImageDraw.Draw(picture)
    for part in (0.24, 0.47, 0.68, 0.9):
        y, wide, high = top + part * tall, width * 0.0075, height * 0.011
        x = middle - half_width(y) * 0.25
        pen.rounded_rectangle((x - wide - 4, y - high - 4, x + wide + 4, y + high + 4), wide, (30, 24, 24))
        pen.rounded_rectangle(
            (x - wide, y - high, x + wide, y + high), wide, (255, 206, 128) if part != 0.68 else (34, 36, 46)
        )
    _add_lantern(pen, middle, top, narrow, height)


def _add_lantern(pen: ImageDraw.ImageDraw, middle: float, top: float, narrow: float, height: int) -> None:
    iron, thin = (24, 24, 30), max(round(height / 900), 1)
    deck, room, roof = narrow * 1.5, narrow * 0.62, top - height * 0.052
    pen.polygon(
        [
            (middle - narrow, top + height * 0.012),
            (middle + narrow, top + height * 0.012),
            (middle + deck, top),
            (middle - deck, top),
        ],
        (58, 54, 56),
    )
    pen.rectangle((middle - deck, top - height * 0.004, middle + deck, top), (78, 72, 72))
    for step in range(-8, 9):
        pen.line([(middle + deck * step / 8, top - height * 0.022), (middle + deck * step / 8, top)], iron, thin)
    pen.line([(middle - deck, top - height * 0.022), (middle + deck, top - height * 0.022)], iron, 2 * thin)
    pen.rectangle((middle - room, roof, middle + room, top - height * 0.004), (255, 222, 150))
    for step in range(-2, 3):
        pen.line([(middle + room * step / 2, roof), (middle + room * step / 2, top - height * 0.004)], iron, 2 * thin)
    pen.pieslice(
        (middle - room * 1.25, roof - room * 1.1, middle + room * 1.25, roof + room * 1.1), 180, 360, (112, 34, 32)
    )
    pen.rectangle((middle - room * 1.3, roof - height * 0.002, middle + room * 1.3, roof + height * 0.002), iron)
    pen.line([(middle, roof - room * 1.1), (middle, roof - room * 1.9)], iron, 2 * thin)
    pen.ellipse(
        (middle - 3 * thin, roof - room * 1.3 - 3 * thin, middle + 3 * thin, roof - room * 1.3 + 3 * thin), iron
    )
