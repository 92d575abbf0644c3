"""The colour of an opaque text in a colour-managed viewer, compared with the requested colour."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from io import BytesIO
from itertools import product
from typing import Any

import pytest
from PIL import Image

from tests.drawn import pictures, profiles
from tests.drawn.bmps import bmp
from tests.drawn.pictures import chunk
from tests.drawn.tiffs import Sheet, read, tiff
from tests.drawn.tiffs import samples as read_samples
from zenoimg.imaging import Recipe, Watermarked, WatermarkSpec, watermark
from zenoimg.imaging.colour.curves import SRGB, Curve, Hlg, Parametric, Pq
from zenoimg.imaging.colour.primaries import PRIMARIES, applied, inverse, to_xyz
from zenoimg.imaging.formats.png.chunks import read_chunks, read_header
from zenoimg.imaging.formats.png.pixels import decode
from zenoimg.imaging.formats.png.samples.sixteen_bit import decode_deep

SIZE = (160, 120)
COLOURS = ["#783c3c", "#3c783c", "#202a60", "#e0b040", "#8040c0", "#101010", "#808080", "#000000", "#ffffff"]
SPACES = {
    "sRGB": profiles.SRGB,
    "Adobe RGB": profiles.ADOBE_RGB,
    "ProPhoto RGB": profiles.PROPHOTO,
    "Display P3": profiles.DISPLAY_P3,
    "Display P3 by a table": profiles.P3_BY_TABLE,
}
Colour = tuple[int, ...]


def rgb(colour: str) -> Colour:
    return tuple(bytes.fromhex(colour[1:]))


def ground_for(colour: str) -> str:
    return "black" if colour == "#ffffff" else "white"


def source(kind: str, mode: str, ground: Any, **options: Any) -> bytes:
    encoded = BytesIO()
    lossy: dict[str, dict[str, Any]] = {
        "JPEG": {"quality": 100},
        "AVIF": {"quality": 100, "subsampling": "4:4:4", "speed": 10},
    }
    if mode == "RGB" and kind == "JPEG":
        options["subsampling"] = 0
    if kind == "WEBP":
        options["lossless"] = True
    Image.new(mode, SIZE, ground).save(encoded, kind, **lossy.get(kind, {}), **options)
    return encoded.getvalue()


def marked(data: bytes, colour: str) -> Watermarked:
    spec = WatermarkSpec(text="M", color=colour, outline="none", opacity=1, scale=0.9, position="center")
    return watermark(data, Recipe(spec))


def core(picture: Image.Image) -> Colour:
    """Return the most frequent colour that differs from the background's."""
    letter = "H" if picture.mode == "I;16" else f"{len(picture.getbands())}B"
    pixels = list(struct.iter_unpack(f"<{letter}", picture.tobytes()))
    ground = pixels[0]
    counts = Counter(pixel for pixel in pixels if max(abs(a - b) for a, b in zip(pixel, ground, strict=True)) > 6)
    return counts.most_common(1)[0][0]


def shown(done: Watermarked, icc: bytes) -> Colour:
    return core(profiles.viewed(Image.open(BytesIO(done.data)), icc))


def off(seen: Colour, colour: str) -> int:
    return max(abs(one - other) for one, other in zip(seen, rgb(colour), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "colour"),
    [*(("PNG", colour) for colour in COLOURS), *product(("JPEG", "WEBP", "TIFF"), ("#783c3c", "#101010"))],
)
@pytest.mark.parametrize("space", SPACES)
def test_a_text_is_shown_in_its_colour_in_every_rgb_space(space: str, kind: str, colour: str) -> None:
    done = marked(source(kind, "RGB", ground_for(colour), icc_profile=SPACES[space]), colour)
    assert off(shown(done, SPACES[space]), colour) <= 3
    assert done.warnings == ()


@pytest.mark.parametrize("colour", ["#783c3c", "#e0b040"])
@pytest.mark.parametrize("space", SPACES)
def test_avif_with_a_profile(space: str, colour: str) -> None:
    done = marked(source("AVIF", "RGB", "white", icc_profile=SPACES[space]), colour)
    assert off(shown(done, SPACES[space]), colour) <= 4  # lossy, and ProPhoto's steps are coarse


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("space", SPACES)
def test_a_palette_gets_the_colour_as_shown(space: str, kind: str) -> None:
    few = Image.new("P", SIZE)
    few.putpalette([value for level in range(255, 204, -3) for value in (level, level, level)])
    encoded = BytesIO()
    few.save(encoded, kind, icc_profile=SPACES[space])
    done = marked(encoded.getvalue(), "#783c3c")
    copy = Image.open(BytesIO(done.data))
    assert copy.mode == "P"
    assert off(core(profiles.viewed(copy.convert("RGB"), SPACES[space])), "#783c3c") <= 3


def test_a_full_palette_takes_the_nearest_colour_as_shown() -> None:
    # By its numbers the first is nearest to the requested colour; in linear light, the second is.
    wanted = (187, 187, 187)
    light = Image.new("P", SIZE)
    light.putdata([2 + index % 254 for index in range(SIZE[0] * SIZE[1])])
    light.putpalette([187, 187, 187, 127, 127, 127, *([0, 255, 0] * 254)])
    encoded = BytesIO()
    light.save(encoded, "PNG", icc_profile=profiles.LINEAR)
    done = marked(encoded.getvalue(), "#bcbcbc")
    copy = Image.open(BytesIO(done.data))
    counts = profiles.viewed(copy.convert("RGB"), profiles.LINEAR).getcolors() or []
    assert {value: count for count, value in counts}[wanted] > 500


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_with_a_profile(kind: str, colour: str) -> None:
    profile = profiles.cmyk_profile()
    ground = (0, 0, 0, 0) if colour != "#ffffff" else (0, 0, 0, 255)
    done = marked(source(kind, "CMYK", ground, icc_profile=profile), colour)
    seen = shown(done, profile)
    if off(seen, colour) > 3:
        became = done.warnings[0].rpartition(" replaced by ")[2]
        assert off(seen, became) <= 2
        assert done.warnings == (
            f"the mark's colour {colour} cannot be shown in the picture's colour space and was replaced by {became}",
        )
        assert colour in ("#202a60", "#e0b040", "#8040c0"), "the others can be printed with these inks"
    else:
        assert done.warnings == ()


@pytest.mark.parametrize("colour", ["#783c3c", "#202a60", "#000000", "#ffffff"])
@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_without_a_profile_is_converted_as_viewers_do(kind: str, colour: str) -> None:
    ground = (0, 0, 0, 0) if colour != "#ffffff" else (0, 0, 0, 255)
    done = marked(source(kind, "CMYK", ground), colour)
    assert off(core(Image.open(BytesIO(done.data)).convert("RGB")), colour) <= 3
    assert done.warnings == ()


@pytest.mark.parametrize("colour", ["#808080", "#000000", "#ffffff", "#303030"])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
@pytest.mark.parametrize("profile", [profiles.GREY_22, profiles.SRGB], ids=["grey profile", "RGB profile"])
def test_grey_with_a_grey_or_an_rgb_profile(kind: str, profile: bytes, colour: str) -> None:
    done = marked(source(kind, "L", ground_for(colour), icc_profile=profile), colour)
    copy = Image.open(BytesIO(done.data))
    seen = core(profiles.viewed(copy.convert("RGB") if profile == profiles.SRGB else copy, profile))
    assert off(seen, colour) <= 3
    assert done.warnings == ()


@pytest.mark.parametrize("profile", [None, profiles.GREY_22], ids=["no profile", "grey profile"])
def test_a_colour_on_grey_becomes_its_luminance_and_is_reported(profile: bytes | None) -> None:
    done = marked(source("PNG", "L", "white", icc_profile=profile), "#783c3c")
    became = done.warnings[0].rpartition(" replaced by ")[2]
    assert became in ("#4e4e4e", "#4f4f4f")
    assert done.warnings == (
        f"the mark's colour #783c3c cannot be shown in the picture's colour space and was replaced by {became}",
    )
    copy = Image.open(BytesIO(done.data))
    assert off(core(profiles.viewed(copy, profile) if profile else copy.convert("RGB")), became) <= 1


@pytest.mark.parametrize(
    ("depth", "colour", "became"),
    [(1, "#783c3c", "#000000"), (1, "#f0e0e0", "#ffffff"), (2, "#808080", "#aaaaaa"), (4, "#808080", "#888888")],
)
def test_the_reported_grey_is_the_one_drawn_on_few_levels(depth: int, colour: str, became: str) -> None:
    data = pictures.png(SIZE, 0, depth, [0 if became == "#ffffff" else (1 << depth) - 1] * (SIZE[0] * SIZE[1]))
    done = marked(data, colour)
    assert done.warnings == (
        f"the mark's colour {colour} cannot be shown in the picture's colour space and was replaced by {became}",
    )
    assert core(Image.open(BytesIO(done.data)).convert("RGB")) == rgb(became)


def png(*chunks: bytes, depth: int = 8, grey: bool = False) -> bytes:
    count = SIZE[0] * SIZE[1] * (1 if grey else 3)
    return pictures.png(SIZE, 0 if grey else 2, depth, [(1 << depth) - 1] * count, before=list(chunks))


def samples(done: Watermarked) -> tuple[float, ...]:
    """Return the most frequent samples of a PNG, 0 to 1, that differ from the background's, at any depth."""
    chunks = read_chunks(done.data)
    header = read_header(chunks)
    if header.depth == 8:
        return tuple(value / 255 for value in core(decode(chunks)))
    if header.color_type == 0:
        return tuple(value / 65535 for value in core(decode(chunks)))
    deep = decode_deep(chunks, header)
    return tuple((256 * high + low) / 65535 for high, low in zip(core(deep.high), core(deep.low), strict=True))


def seen_by(curve: Curve, primaries: int, numbers: tuple[float, ...]) -> Colour:
    red, green, blue = (curve.decode(number) for number in numbers)
    light = applied(inverse(to_xyz(PRIMARIES[1])), applied(to_xyz(PRIMARIES[primaries]), (red, green, blue)))
    return tuple(round(255 * SRGB.encode(part)) for part in light)


def gamma(value: float) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", round(100_000 * value)))


@pytest.mark.parametrize("colour", ["#783c3c", "#e0b040", "#000000"])
@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("value", [1.0, 1 / 1.8, 1 / 2.2])
def test_png_with_a_gamma(value: float, depth: int, colour: str) -> None:
    done = marked(png(gamma(value), depth=depth), colour)
    assert off(seen_by(Parametric(1 / value), 1, samples(done)), colour) <= 3
    assert done.warnings == ()


def test_dark_colours_are_exact_in_linear_light_of_sixteen_bits_and_reported_in_eight() -> None:
    deep = marked(png(gamma(1.0), depth=16), "#101010")
    assert off(seen_by(Parametric(1.0), 1, samples(deep)), "#101010") == 0
    shallow = marked(png(gamma(1.0)), "#0a0a0a")
    assert off(seen_by(Parametric(1.0), 1, samples(shallow)), "#0a0a0a") <= 4  # the best of 256 levels
    grey = marked(png(gamma(1.0), depth=16, grey=True), "#101010")
    assert off(seen_by(Parametric(1.0), 1, samples(grey) * 3), "#101010") == 0


@pytest.mark.parametrize("colour", ["#783c3c", "#202a60", "#e0b040"])
@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize(
    ("primaries", "transfer", "curve"),
    [(12, 13, SRGB), (9, 13, SRGB), (9, 16, Pq()), (9, 18, Hlg()), (1, 8, Parametric(1.0))],
)
def test_png_with_code_points(primaries: int, transfer: int, curve: Curve, depth: int, colour: str) -> None:
    done = marked(png(chunk(b"cICP", bytes((primaries, transfer, 0, 1))), depth=depth), colour)
    assert off(seen_by(curve, primaries, samples(done)), colour) <= 3


def test_the_chunk_of_highest_precedence_in_a_png_counts() -> None:
    profile = chunk(b"iCCP", b"p\0\0" + zlib.compress(profiles.ADOBE_RGB))
    plain = samples(marked(png(), "#783c3c"))
    by_points = samples(marked(png(chunk(b"cICP", bytes((12, 13, 0, 1)))), "#783c3c"))
    by_profile = samples(marked(png(profile), "#783c3c"))
    assert len({plain, by_points, by_profile}) == 3
    assert samples(marked(png(chunk(b"cICP", bytes((12, 13, 0, 1))), profile), "#783c3c")) == by_points
    assert samples(marked(png(profile, gamma(1.0)), "#783c3c")) == by_profile
    assert samples(marked(png(chunk(b"sRGB", b"\1"), gamma(1.0)), "#783c3c")) == plain


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("photometric", [0, 1, 2], ids=["white is zero", "black is zero", "RGB"])
def test_tiff_with_sixteen_bits_of_linear_light(photometric: int, order: str) -> None:
    profile = profiles.LINEAR if photometric == 2 else profiles.GREY_10
    count = 3 if photometric == 2 else 1
    paper = 0 if photometric == 0 else 65535
    sheet = Sheet(
        SIZE, [paper] * (SIZE[0] * SIZE[1] * count), 16, count, photometric=photometric, tags={34675: (7, profile)}
    )
    done = marked(tiff(sheet, order=order), "#101010")
    values = read_samples(read(done.data)[0])
    pixels = Counter(zip(*[iter(values)] * count, strict=True))
    ((pixel, _),) = Counter({value: times for value, times in pixels.items() if value[0] != paper}).most_common(1)
    light = [(65535 - value if photometric == 0 else value) / 65535 for value in pixel]
    assert seen_by(Parametric(1.0), 1, tuple(light * (3 // count))) == rgb("#101010")


@pytest.mark.parametrize("header", [108, 124])
def test_bmp_with_a_calibration_or_a_profile(header: int) -> None:
    data = bytearray(bmp(SIZE, 24, [0xFFFFFF] * (SIZE[0] * SIZE[1]), header=header, behind=profiles.LINEAR))
    if header == 108:
        columns = zip(*to_xyz(PRIMARIES[1]), strict=True)
        points = [round(value * (1 << 30)) for column in columns for value in column]
        struct.pack_into("<I9i3I", data, 70, 0, *points, *[1 << 16] * 3)
    done = marked(bytes(data), "#783c3c")
    numbers = tuple(value / 255 for value in core(Image.open(BytesIO(done.data)).convert("RGB")))
    assert off(seen_by(Parametric(1.0), 1, numbers), "#783c3c") <= 3
    assert done.warnings == ()


def test_a_gif_is_srgb_whatever_its_profile() -> None:
    encoded = BytesIO()
    Image.new("P", SIZE, 0).save(encoded, "GIF")
    done = marked(encoded.getvalue(), "#783c3c")
    assert core(Image.open(BytesIO(done.data)).convert("RGB")) == rgb("#783c3c")
