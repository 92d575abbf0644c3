"""Draws ``docs/contact-sheet.jpg``: the default mark and others on all kinds of grounds.

Run it from the checkout: ``python -m docs.make_contact_sheet``. It shows what ``watermark`` gives, cut down to a
sheet; every picture is drawn here, none is anybody's.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from zenoimg.imaging import Recipe, WatermarkSpec, watermark

TARGET = Path(__file__).with_name("contact-sheet.jpg")
CELL = (380, 260)
CAPTION = 34
COLUMNS = 4
GAP = 12


@dataclass(frozen=True)
class Sample:
    """A picture, the format that it is written in, and the mark on it."""

    caption: str
    picture: Image.Image
    format: str = "JPEG"
    spec: WatermarkSpec = field(default_factory=WatermarkSpec)
    orientation: int = 1


def main() -> None:
    """Draw the sheet."""
    cells = [(sample.caption, shown(sample)) for sample in samples()]
    rows = -(-len(cells) // COLUMNS)
    width = COLUMNS * (CELL[0] + GAP) + GAP
    sheet = Image.new("RGB", (width, rows * (CELL[1] + CAPTION + GAP) + GAP), "#f4f4f2")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=15)
    for index, (caption, picture) in enumerate(cells):
        left = GAP + index % COLUMNS * (CELL[0] + GAP)
        top = GAP + index // COLUMNS * (CELL[1] + CAPTION + GAP)
        at = left + (CELL[0] - picture.width) // 2, top + (CELL[1] - picture.height) // 2
        sheet.paste(picture, at)
        draw.text((left, top + CELL[1] + 8), caption, fill="#333333", font=font)
    sheet.save(TARGET, quality=82)


def shown(sample: Sample) -> Image.Image:
    """Mark a sample and give the copy as a viewer shows it, fitted into a cell."""
    encoded = BytesIO()
    options: dict[str, object] = {"quality": 92} if sample.format == "JPEG" else {}
    if sample.format == "TIFF":
        options = {"compression": "group4"}
    if sample.orientation != 1:
        exif = Image.Exif()
        exif[0x0112] = sample.orientation
        options["exif"] = exif
    sample.picture.save(encoded, sample.format, **options)
    copy = watermark(encoded.getvalue(), Recipe(sample.spec)).data
    picture = ImageOps.exif_transpose(Image.open(BytesIO(copy)))
    if picture.mode in ("RGBA", "LA"):
        chequered = _chequers(picture.size)
        chequered.paste(picture.convert("RGB"), (0, 0), picture.getchannel("A"))
        picture = chequered
    return ImageOps.contain(picture.convert("RGB"), CELL, Image.Resampling.LANCZOS)


def samples() -> list[Sample]:
    """Draw all samples, in the order of the sheet."""
    size = (900, 600)
    sunset, leaves = _sunset(size), _leaves(size)
    logo = _logo()
    return [
        Sample("dark", _slope(size, "#05070d", "#1b2433")),
        Sample("light", _slope(size, "#ffffff", "#eef1f4")),
        Sample("middle grey", Image.new("RGB", size, "#808080")),
        Sample("busy", leaves),
        Sample("colours", sunset),
        Sample("grey picture (L)", sunset.convert("L")),
        Sample("CMYK", sunset.convert("CMYK")),
        Sample("palette of 32 colours", sunset.quantize(32), "PNG"),
        Sample("transparent PNG", _disc(size), "PNG"),
        Sample("fax page (group 4 TIFF)", _page((1200, 800)), "TIFF"),
        Sample("two levels (1-bit BMP)", leaves.convert("1"), "BMP"),
        Sample("turned by its EXIF tag (6)", sunset.transpose(Image.Transpose.ROTATE_90), orientation=6),
        Sample("portrait", _sunset((500, 900))),
        Sample("panorama", _leaves((1800, 400))),
        Sample("tiny (96 x 64)", _sunset((96, 64))),
        Sample(
            "white on white without outline: lost", Image.new("RGB", size, "white"), spec=WatermarkSpec(outline="none")
        ),
        Sample("tiled, turned 30°", sunset, spec=WatermarkSpec(position="tile", angle=30, opacity=0.35)),
        Sample(
            "center, 1.0, dark on light",
            leaves,
            spec=WatermarkSpec(position="center", scale=0.18, opacity=1.0, color="#10243a", outline="#ffffff"),
        ),
        Sample("logo, top right", sunset, spec=WatermarkSpec(logo=logo, position="top-right", scale=0.2, opacity=0.85)),
        Sample(
            "two lines, bottom left",
            leaves,
            spec=WatermarkSpec(text="© zeno studio\nall rights reserved", position="bottom-left", scale=0.05),
        ),
    ]


def _slope(size: tuple[int, int], top: str, bottom: str) -> Image.Image:
    strip = Image.linear_gradient("L").resize(size)
    return Image.composite(Image.new("RGB", size, bottom), Image.new("RGB", size, top), strip)


def _sunset(size: tuple[int, int]) -> Image.Image:
    """A sky over hills."""
    picture = _slope(size, "#2b3a67", "#f2a65a")
    draw = ImageDraw.Draw(picture)
    width, height = size
    sun = min(size) // 7
    draw.ellipse((width // 3 - sun, height // 2 - sun, width // 3 + sun, height // 2 + sun), fill="#ffe2a8")
    for index, color in enumerate(("#7a4b5c", "#50384f", "#241c2c")):
        crest = height * (60 + 13 * index) // 100
        wave = [
            (x, crest + int(height * 0.05 * ((x * (3 - index) // max(1, width // 9)) % 3 - 1) / (index + 1)))
            for x in range(0, width + width // 18 + 1, max(1, width // 18))
        ]
        draw.polygon([(0, height), *wave, (width, height)], fill=color)
    return picture


def _leaves(size: tuple[int, int]) -> Image.Image:
    """Thousands of small bright and dark shapes."""
    dice = random.Random(4)  # noqa: S311 -- leaves, not secrets
    picture = Image.new("RGB", size, "#31572c")
    draw = ImageDraw.Draw(picture)
    for _ in range(size[0] * size[1] // 90):
        x, y, long = dice.randrange(size[0]), dice.randrange(size[1]), dice.randrange(4, 18)
        color = (dice.randrange(30, 240), dice.randrange(80, 255), dice.randrange(20, 120))
        draw.ellipse((x, y, x + long, y + long // 2 + 1), fill=color)
    return picture


def _disc(size: tuple[int, int]) -> Image.Image:
    picture = Image.new("RGBA", size)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((size[0] // 4, size[1] // 8, size[0] * 3 // 4, size[1] * 7 // 8), fill=(30, 110, 160, 255))
    draw.ellipse((size[0] // 2, size[1] // 2, size[0] - 40, size[1] - 20), fill=(240, 180, 40, 140))
    return picture


def _page(size: tuple[int, int]) -> Image.Image:
    """A page of lines that look like text."""
    dice = random.Random(9)  # noqa: S311 -- words, not secrets
    picture = Image.new("1", size, 255)
    draw = ImageDraw.Draw(picture)
    for y in range(60, size[1] - 40, 34):
        x = 60
        while x < size[0] - 100:
            word = dice.randrange(20, 110)
            draw.rectangle((x, y, x + word, y + 13), fill=0)
            x += word + 14
    return picture


def _logo() -> bytes:
    picture = Image.new("RGBA", (400, 400))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((10, 10, 390, 390), fill="#ffffff")
    draw.ellipse((40, 40, 360, 360), fill="#c8102e")
    draw.text((200, 200), "Z", fill="#ffffff", font=ImageFont.load_default(size=240), anchor="mm")
    encoded = BytesIO()
    picture.save(encoded, "PNG")
    return encoded.getvalue()


def _chequers(size: tuple[int, int]) -> Image.Image:
    step = 24
    tile = Image.new("RGB", (2 * step, 2 * step), "#ffffff")
    draw = ImageDraw.Draw(tile)
    draw.rectangle((0, 0, step - 1, step - 1), fill="#d6d6d6")
    draw.rectangle((step, step, 2 * step - 1, 2 * step - 1), fill="#d6d6d6")
    picture = Image.new("RGB", size)
    for x in range(0, size[0], 2 * step):
        for y in range(0, size[1], 2 * step):
            picture.paste(tile, (x, y))
    return picture


if __name__ == "__main__":
    main()
