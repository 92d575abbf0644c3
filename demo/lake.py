"""Draw mountains behind a lake just after sunset."""

from __future__ import annotations

from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageEnhance

from demo.paint import BICUBIC, Color, Size, below, curve, film_grain, glow, gradient, mirror, noise, ridge, rock, shine


def draw_lake(size: Size, *, seed: int) -> Image.Image:
    """Draw mountains behind a lake just after sunset."""
    random = Random(seed)
    width, height = size
    shore = round(height * 0.6)
    upper = (width // 2, shore // 2)  # a lens draws the distance no sharper
    sun = (0.63, 0.80)

    sky = gradient(
        upper,
        [
            (0, (28, 38, 84)),
            (0.35, (84, 78, 138)),
            (0.6, (196, 122, 138)),
            (0.8, (248, 172, 112)),
            (1, (255, 206, 140)),
        ],
    )
    sky = shine(sky, glow(upper, sun, 0.55, 2.2), (255, 150, 70))
    for cells, low, dark, bright in (((3, 7), 0.5, (70, 58, 104), 0.75), ((5, 16), 0.55, (252, 158, 128), 0.8)):
        cover = curve(noise(random, upper, cells, octaves=6), low, 0.95, bright)
        cover = ImageChops.multiply(
            cover, gradient(upper, [(0, (160,) * 3), (0.5, (255,) * 3), (0.9, (40,) * 3)]).convert("L")
        )
        lit = gradient(upper, [(0, dark), (0.55, (226, 132, 134)), (1, (255, 214, 160))])
        sky = Image.composite(lit, sky, cover)
    sky = shine(sky, glow(upper, sun, 0.12, 1.6), (255, 226, 170))

    layers: list[tuple[float, float, float, Color, Color, int]] = [
        (0.56, 0.26, 0.52, (150, 112, 146), (226, 160, 148), 13),
        (0.68, 0.22, 0.53, (104, 84, 128), (190, 134, 140), 24),
        (0.80, 0.20, 0.55, (62, 56, 98), (138, 104, 128), 34),
        (0.90, 0.12, 0.56, (34, 36, 66), (72, 64, 92), 45),
    ]
    for foot, rise, roughness, top, haze, relief in layers:
        line = [foot + rise * (0.35 - value) for value in ridge(random, 1200, roughness)]
        mask = below(upper, line)
        start = foot - rise * 0.65
        body = gradient(upper, [(0, top), (start, top), (min(foot + rise * 0.6, 0.99), haze), (1, haze)])
        slopes = rock(random, upper, (9, 7)).point([128 + (value - 128) * relief // 100 for value in range(256)])
        body = ImageChops.overlay(body, Image.merge("RGB", [slopes] * 3))
        sky.paste(body, (0, 0), mask)
        sky = shine(sky, glow(upper, sun, 0.45, 2.5).point(lambda value: value // 3), (255, 140, 70))
    sky = sky.resize((width, shore), BICUBIC)
    _plant_trees(random, sky)

    picture = Image.new("RGB", size)
    picture.paste(sky, (0, 0))
    picture.paste(mirror(random, sky, (width, height - shore)), (0, shore))
    picture = ImageEnhance.Contrast(picture).enhance(1.08)
    return film_grain(random, picture, 7)


def _plant_trees(random: Random, scene: Image.Image) -> None:
    """Draw a dark row of conifers at the bottom of a scene."""
    width, height = scene.size
    pen = ImageDraw.Draw(scene)
    bank = [0.99 - 0.035 * value * abs(2 * index / 300 - 1) for index, value in enumerate(ridge(random, 300, 0.5))]
    pen.polygon(
        [(0, height), *((width * i / (len(bank) - 1), y * height) for i, y in enumerate(bank)), (width, height)],
        (16, 18, 30),
    )
    for _ in range(420):
        place = random.random()
        edge = abs(2 * place - 1) ** 1.5
        tall = height * (0.018 + 0.12 * edge * random.random())
        foot = bank[int(place * (len(bank) - 1))] * height + height * 0.008
        shade = random.randint(8, 22)
        _conifer(random, pen, (place * width, foot), tall, (shade, shade + 3, shade + 12))


def _conifer(random: Random, pen: ImageDraw.ImageDraw, foot: tuple[float, float], tall: float, color: Color) -> None:
    x, y = foot
    tiers = max(int(tall / 9), 5)
    outline = [(x, y - tall)]
    back = []
    for tier in range(1, tiers + 1):
        level, reach = y - tall * (1 - tier / tiers), tall * 0.2 * tier / tiers
        left, right = (reach * random.uniform(0.6, 1.1) for _ in range(2))
        outline += [(x + right, level), (x + right * 0.45, level - tall * 0.2 / tiers)]
        back += [(x - left, level), (x - left * 0.45, level - tall * 0.2 / tiers)]
    pen.polygon(outline + back[::-1], fill=color)
