"""Draw an orange with a leaf and a soft shadow on a transparent background."""

from __future__ import annotations

import math
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from demo.paint import BICUBIC, Size, color_at, gradient, noise, rock, shine


def draw_orange(size: Size, *, seed: int) -> Image.Image:
    """Return an orange with a leaf and a soft shadow on a transparent background (``RGBA``)."""
    random = Random(seed)
    width, height = size
    radius = round(0.36 * height)
    x, y = round(0.46 * width), round(0.51 * height)

    small = (width // 8, height // 8)
    shadow = Image.new("L", small)
    for right, reach, level, blur in ((0.5, 1.25, 110, 0.09), (0.08, 0.6, 190, 0.03)):
        center, across, down = (x + radius * right) / 8, radius * reach / 8, radius * reach / 8 * 0.13
        floor = (y + radius * 0.93) / 8
        pool = Image.new("L", small)
        ImageDraw.Draw(pool).ellipse((center - across, floor - down, center + across, floor + down), level)
        shadow = ImageChops.lighter(shadow, pool.filter(ImageFilter.GaussianBlur(blur * radius / 4)))
    picture = Image.new("RGBA", size, (30, 18, 10, 0))
    picture.putalpha(shadow.resize(size, BICUBIC))

    ball = Image.new("L", (2 * radius, 2 * radius))
    ImageDraw.Draw(ball).ellipse((2, 2, 2 * radius - 3, 2 * radius - 3), 255)
    skin = _peel(random, ball.size)
    skin.putalpha(ball.filter(ImageFilter.BoxBlur(1)))
    picture.alpha_composite(skin, (x - radius, y - radius))
    leaf = _leaf(random, (round(1.15 * radius), round(0.62 * radius)))
    left, top = x - round(0.12 * radius), y - round(0.72 * radius) - leaf.height

    cast = Image.new("L", skin.size)
    cast.paste(leaf.getchannel("A"), (left - x + radius + radius // 30, top - y + radius + radius // 8))
    cast = cast.filter(ImageFilter.GaussianBlur(radius / 28)).point([value * 2 // 3 for value in range(256)])
    dark = Image.new("RGBA", skin.size, (60, 16, 0, 0))
    dark.putalpha(ImageChops.multiply(cast, skin.getchannel("A")))
    picture.alpha_composite(dark, (x - radius, y - radius))
    picture.alpha_composite(leaf, (left, top))
    return picture


def _peel(random: Random, size: Size) -> Image.Image:
    """Return the lit half of an orange as a square; pixels outside the circle are undefined."""
    edge = 300
    light, gloss = bytearray(), bytearray()
    for row in range(edge):
        for column in range(edge):
            nx, ny = 2 * column / (edge - 1) - 1, 2 * row / (edge - 1) - 1
            nz = math.sqrt(max(1 - nx * nx - ny * ny, 0))
            lit = max(-0.50 * nx - 0.55 * ny + 0.67 * nz, 0)
            bounce = 0.16 * max(ny, 0) * (1 - nz)
            dimple = 1 - 0.45 * math.exp(-((nx + 0.10) ** 2 + (ny + 0.80) ** 2) / 0.012)
            light.append(min(round(255 * (0.13 + 0.80 * lit + bounce) * dimple), 255))
            gloss.append(round(190 * max(-0.36 * nx - 0.40 * ny + 0.84 * nz, 0) ** 26 * dimple))
    shade = Image.frombytes("L", (edge, edge), bytes(light)).resize(size, BICUBIC)
    blotches = noise(random, size, (4, 4), octaves=4).point([112 + value // 8 for value in range(256)])
    pores = rock(random, size, (60, 60), octaves=3).point([128 + (value - 128) // 4 for value in range(256)])
    shade = ImageChops.overlay(ImageChops.overlay(shade, blotches), pores)
    tones = [
        (0.0, (38, 8, 0)),
        (0.3, (150, 52, 0)),
        (0.62, (240, 124, 10)),
        (0.85, (255, 164, 44)),
        (1.0, (255, 206, 120)),
    ]
    ramp = [color_at(value / 255, tones) for value in range(256)]
    skin = Image.merge("RGB", [shade.point([color[band] for color in ramp]) for band in range(3)])
    shimmer = Image.frombytes("L", (edge, edge), bytes(gloss)).resize(size, BICUBIC)
    broken = ImageChops.multiply(shimmer, pores.point([min(value * 3 // 2, 255) for value in range(256)]))
    return shine(skin, broken, (255, 236, 206))


def _leaf(random: Random, size: Size) -> Image.Image:
    """Return a leaf with a short stalk from the lower left to the upper right corner (``RGBA``)."""
    width, height = size

    def spine(part: float) -> tuple[float, float]:
        return width * (0.02 + 0.95 * part), height * (0.96 - 0.80 * part**0.75)

    upper, lower, steps = [], [], 80
    for step in range(steps + 1):
        part = step / steps
        swell = math.sin(math.pi * max(part - 0.1, 0) / 0.9) ** 0.8 if part > 0.1 else 0.0
        px, py = spine(part)
        upper.append((px - 0.09 * width * swell, py - 0.22 * height * swell))
        lower.append((px + 0.07 * width * swell, py + 0.27 * height * swell))
    thin = max(height // 110, 1)
    leaf = gradient(size, [(0, (124, 168, 58)), (0.6, (58, 116, 36)), (1, (28, 66, 24))])
    under = Image.new("L", size)
    ImageDraw.Draw(under).polygon([*[spine(step / steps) for step in range(steps + 1)], *reversed(lower)], 90)
    leaf = Image.composite(Image.new("RGB", size, (12, 40, 14)), leaf, under.filter(ImageFilter.GaussianBlur(2 * thin)))
    pen = ImageDraw.Draw(leaf)
    for step in range(14, steps - 6, 6):
        for side in (upper, lower):
            pen.line([spine(step / steps), side[min(step + 9, steps)]], (134, 172, 86), thin)
    pen.line([spine(step / steps) for step in range(steps + 1)], (164, 190, 104), 3 * thin)
    relief = rock(random, size, (14, 10), octaves=4)
    leaf = ImageChops.overlay(leaf.filter(ImageFilter.GaussianBlur(thin / 2)), Image.merge("RGB", [relief] * 3))
    mask = Image.new("L", size)
    pen = ImageDraw.Draw(mask)
    pen.polygon([*upper, *reversed(lower)], 255)
    pen.line([spine(step / steps) for step in range(12)], 255, 7 * thin)
    leaf.putalpha(mask.filter(ImageFilter.BoxBlur(1)))
    return leaf
