"""Colour tables and indices that GIF tests draw with."""

from __future__ import annotations

import random

from PIL import Image

from tests.drawn.gifs import Table

SIZE = (60, 44)


def table(count: int, seed: int = 3) -> Table:
    """Return black, white, and colours in between."""
    dice = random.Random(seed)
    colours = [(dice.randrange(256), dice.randrange(256), dice.randrange(256)) for _ in range(count)]
    return [(0, 0, 0), (255, 255, 255), *colours][:count]


def noise(size: tuple[int, int], count: int, seed: int = 4) -> Image.Image:
    dice = random.Random(seed)
    return Image.frombytes("P", size, bytes(dice.randrange(count) for _ in range(size[0] * size[1])))
