from __future__ import annotations

import struct
from io import BytesIO

import pytest
from PIL import Image

from tests.drawn import profiles
from tests.drawn.pictures import chunk, png_chunks
from zenoimg.imaging import Recipe, Watermarked, WatermarkSpec, watermark
from zenoimg.imaging.colour.curves import SRGB

Colour = tuple[int, int, int]

FIELDS: list[Colour] = [(120, 60, 60), (60, 120, 60), (130, 110, 60), (128, 128, 128), (0, 0, 0), (255, 255, 255)]
SIDE = 40
SIZE = (400, 300)
SPACES = {
    "Adobe RGB": profiles.ADOBE_RGB,
    "ProPhoto RGB": profiles.PROPHOTO,
    "Display P3": profiles.DISPLAY_P3,
    "linear": profiles.LINEAR,
}


def logo(fields: list[Colour], icc: bytes | None = None, *chunks: bytes, mode: str = "RGB") -> bytes:
    """Return fields of one colour each, side by side."""
    picture = Image.new("RGB", (SIDE * len(fields), SIDE))
    for index, colour in enumerate(fields):
        picture.paste(colour, (SIDE * index, 0, SIDE * (index + 1), SIDE))
    encoded = BytesIO()
    picture = picture.quantize(16) if mode == "P" else picture.convert(mode)
    picture.save(encoded, "PNG", icc_profile=icc)
    data = encoded.getvalue()
    return data[:33] + b"".join(chunks) + data[33:]


def source(mode: str = "RGB", icc: bytes | None = None, kind: str = "PNG") -> bytes:
    encoded = BytesIO()
    Image.new(mode, SIZE, (0, 0, 0, 0) if mode == "CMYK" else "white").save(encoded, kind, icc_profile=icc)
    return encoded.getvalue()


def _width(mark: bytes) -> int:
    return Image.open(BytesIO(mark)).width


def marked(data: bytes, mark: bytes) -> Watermarked:
    return watermark(data, Recipe(WatermarkSpec(logo=mark, opacity=1, scale=_width(mark) / SIZE[1], position="center")))


def fields_of(picture: Image.Image, count: int = len(FIELDS)) -> list[Colour]:
    """Return the colours in the middle of the fields, which have the same size in the copy."""
    left = (SIZE[0] - SIDE * count) // 2 + SIDE // 2
    found = []
    for index in range(count):
        pixel = picture.convert("RGB").getpixel((left + SIDE * index, SIZE[1] // 2))
        assert isinstance(pixel, tuple)
        found.append((pixel[0], pixel[1], pixel[2]))
    return found


def assert_near(seen: list[Colour], wanted: list[Colour]) -> None:
    offs = [max(abs(one - other) for one, other in zip(*pair, strict=True)) for pair in zip(seen, wanted, strict=True)]
    assert max(offs) <= 3, (seen, wanted)


def as_seen(icc: bytes) -> list[Colour]:
    return [profiles.viewed(Image.new("RGB", (1, 1), field), icc).getpixel((0, 0)) for field in FIELDS]  # type: ignore[misc]


@pytest.mark.parametrize("own", [None, *SPACES])
@pytest.mark.parametrize("space", [None, *SPACES])
def test_a_logo_in_one_colour_space_is_shown_correctly_in_another(space: str | None, own: str | None) -> None:
    icc = SPACES[space] if space else None
    wanted = as_seen(SPACES[own]) if own else FIELDS
    done = marked(source(icc=icc), logo(FIELDS, SPACES[own] if own else None))
    copy = Image.open(BytesIO(done.data))
    seen = fields_of(profiles.viewed(copy, icc) if icc else copy)
    assert_near(seen, wanted)
    assert done.warnings == ()


def test_a_logo_keeps_its_values_in_a_picture_of_the_same_space() -> None:
    vivid: list[Colour] = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (3, 200, 90)]
    done = marked(source(icc=profiles.DISPLAY_P3), logo(vivid, profiles.DISPLAY_P3))
    assert fields_of(Image.open(BytesIO(done.data)), 4) == vivid
    assert done.warnings == ()


@pytest.mark.parametrize(
    ("chunks", "seen"),
    [
        ((chunk(b"gAMA", struct.pack(">I", 100_000)),), lambda level: round(255 * SRGB.encode(level / 255))),
        ((chunk(b"sRGB", b"\1"), chunk(b"gAMA", struct.pack(">I", 100_000))), lambda level: level),
        ((chunk(b"cICP", bytes((1, 8, 0, 1))),), lambda level: round(255 * SRGB.encode(level / 255))),
    ],
    ids=["gAMA", "sRGB", "cICP"],
)
@pytest.mark.parametrize("mode", ["RGB", "L", "P"])
def test_the_space_of_a_logo_is_also_read_from_chunks(chunks: tuple[bytes, ...], seen: object, mode: str) -> None:
    assert callable(seen)
    greys: list[Colour] = [(level, level, level) for level in (0, 20, 60, 128, 200, 255)]
    done = marked(source(), logo(greys, None, *chunks, mode=mode))
    wanted: list[Colour] = [(seen(level), seen(level), seen(level)) for level, _, _ in greys]
    assert_near(fields_of(Image.open(BytesIO(done.data))), wanted)


def test_the_logo_of_a_grey_profile() -> None:
    greys: list[Colour] = [(level, level, level) for level in (0, 60, 128, 200, 255)]
    done = marked(source(), logo(greys, profiles.GREY_10, mode="L"))
    wanted: list[Colour] = [(round(255 * SRGB.encode(level / 255)),) * 3 for level, _, _ in greys]
    assert_near(fields_of(Image.open(BytesIO(done.data)), 5), wanted)


@pytest.mark.slow
def test_a_logo_on_cmyk_with_a_profile() -> None:
    done = marked(source("CMYK", profiles.cmyk_profile(), "TIFF"), logo(FIELDS))
    assert_near(fields_of(profiles.viewed(Image.open(BytesIO(done.data)), profiles.cmyk_profile())), FIELDS)
    assert done.warnings == ()


def test_a_logo_on_cmyk_without_a_profile() -> None:
    done = marked(source("CMYK", None, "TIFF"), logo(FIELDS))
    assert_near(fields_of(Image.open(BytesIO(done.data))), FIELDS)


@pytest.mark.slow
def test_a_colour_of_a_logo_that_the_picture_cannot_show_is_reported_once() -> None:
    vivid: list[Colour] = [(0, 255, 0), (0, 0, 255), (0, 255, 0)]
    done = marked(source("CMYK", profiles.cmyk_profile(), "TIFF"), logo(vivid))
    (warning,) = done.warnings
    assert warning.startswith(
        "the logo's colour #00ff00 cannot be shown in the picture's colour space and was replaced by #"
    )


@pytest.mark.parametrize(("depth", "mode"), [(8, "L"), (16, "I;16")])
def test_a_coloured_logo_on_grey_is_reported_and_a_grey_one_is_not(depth: int, mode: str) -> None:
    encoded = BytesIO()
    Image.new(mode, SIZE, (1 << depth) - 1).save(encoded, "PNG")
    assert dict(png_chunks(encoded.getvalue()))[b"IHDR"][8] == depth
    coloured = marked(encoded.getvalue(), logo(FIELDS))
    assert coloured.warnings == ("the picture is greyscale, and the logo's colours became grey",)
    greys: list[Colour] = [(0, 0, 0), (100, 100, 100), (255, 255, 255)]
    plain = marked(encoded.getvalue(), logo(greys))
    assert plain.warnings == ()
    pixel = Image.open(BytesIO(plain.data)).getpixel((SIZE[0] // 2, SIZE[1] // 2))
    assert pixel == pytest.approx(100 if depth == 8 else 100 * 257, abs=2 if depth == 16 else 0)


def test_a_logo_with_a_damaged_profile_counts_as_srgb() -> None:
    done = marked(source(), logo(FIELDS, b"no profile"))
    assert fields_of(Image.open(BytesIO(done.data))) == FIELDS
