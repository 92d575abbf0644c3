from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import ExifTags, Image, ImageChops, ImageDraw, ImageOps

from demo.comparison import before_after, where_they_differ
from demo.scenery import draw


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return draw(tmp_path_factory.mktemp("scenery"), long_side=400)


def is_flat(picture: Image.Image) -> bool:
    """Return whether any quarter of the picture has hardly any levels."""
    width, height = picture.size
    quarters = [(x, y, x + width // 2, y + height // 2) for x in (0, width // 2) for y in (0, height // 2)]
    return any(len(set(picture.crop(box).convert("L").tobytes())) < 40 for box in quarters)


def test_the_landscape_is_a_jpeg_of_the_requested_size(drawn: list[Path]) -> None:
    with Image.open(drawn[0]) as lake:
        assert (lake.format, lake.mode, lake.size) == ("JPEG", "RGB", (400, 300))
        assert not is_flat(lake)


def test_the_portrait_is_stored_sideways_and_rotated_by_its_orientation(drawn: list[Path]) -> None:
    with Image.open(drawn[1]) as stored:
        exif = stored.getexif()
        assert (stored.format, stored.size, exif[ExifTags.Base.Orientation]) == ("JPEG", (400, 300), 6)
        assert exif[ExifTags.Base.Make] == "zenoimg"
        assert exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal]
        upright = ImageOps.exif_transpose(stored)
    assert upright.size == (300, 400)
    assert not is_flat(upright)
    lamp, lawn = upright.getpixel((168, 105)), upright.getpixel((168, 395))
    assert isinstance(lamp, tuple)
    assert isinstance(lawn, tuple)
    assert sum(lamp) > 2 * sum(lawn)  # the light is at the top


def test_the_cutout_has_soft_alpha(drawn: list[Path]) -> None:
    with Image.open(drawn[2]) as orange:
        assert (orange.format, orange.mode, orange.size) == ("PNG", "RGBA", (400, 300))
        alpha = orange.getchannel("A")
        assert alpha.getpixel((0, 0)) == 0
        assert alpha.getpixel((184, 153)) == 255
        assert len(set(alpha.tobytes())) > 100


def test_pictures_are_the_same_every_time(drawn: list[Path], tmp_path: Path) -> None:
    again = draw(tmp_path, long_side=400)
    assert [path.name for path in again] == [path.name for path in drawn]
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in drawn]


def test_the_comparison_frames_what_changed() -> None:
    before = Image.linear_gradient("L").resize((1200, 900)).convert("RGBA")
    after = before.copy()
    ImageDraw.Draw(after).rectangle((900, 700, 1000, 740), fill=(255, 0, 0, 255))
    left, top, right, bottom = where_they_differ(before, after)
    assert left < 900 < 1000 < right <= 1200
    assert top < 700 < 740 < bottom <= 900
    assert right - left < 600


def test_the_comparison_shows_both_upright_side_by_side(drawn: list[Path], tmp_path: Path) -> None:
    original = drawn[1].read_bytes()
    with Image.open(drawn[1]) as stored:
        marked = ImageOps.exif_transpose(stored)
    ImageDraw.Draw(marked).rectangle((200, 350, 290, 380), fill=(255, 255, 255))
    copy = io.BytesIO()
    marked.save(copy, "JPEG", quality=95)
    before_after(original, copy.getvalue(), tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as sheet:
        assert sheet.width == 1600
        halves = [sheet.crop((x, 60, x + 800, 700)).convert("L") for x in (0, 788)]
    unlike = ImageChops.difference(*halves).histogram()
    assert sum(unlike[32:]) < 0.05 * sum(unlike)  # both are upright, in the same place
