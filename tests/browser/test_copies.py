"""A browser shows a copy in the size that its record states, upright, with the mark in the requested corner."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from functools import cache
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageChops

from tests.drawn import pictures
from tests.drawn.pictures import exif_segment, jpeg, xmp_segment
from zenoimg.imaging import Recipe, WatermarkSpec, watermark

pytestmark = pytest.mark.thorough

_DRAWN = """async url => {
    const picture = new Image();
    picture.src = url;
    await picture.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
    canvas.getContext("2d").drawImage(picture, 0, 0);
    return [canvas.width, canvas.height, canvas.toDataURL("image/png").split(",")[1]];
}"""
SIZE = (240, 160)
RECIPE = Recipe(
    WatermarkSpec(text="zeno", position="bottom-left", color="#ff2000", opacity=1.0, scale=0.3, outline="none")
)
Show = Callable[[bytes, str], Image.Image]
Box = tuple[int, int, int, int]


@pytest.fixture(scope="module")
def show(chromium: Any) -> Iterator[Show]:
    """Return a function that draws a picture in Chromium."""
    page = chromium.new_page()

    def shown(data: bytes, media_type: str) -> Image.Image:
        width, height, png = page.evaluate(_DRAWN, f"data:{media_type};base64," + base64.b64encode(data).decode())
        with Image.open(BytesIO(base64.b64decode(png))) as drawn:
            assert drawn.size == (width, height)
            return drawn.convert("RGB")

    yield shown
    page.close()


def stored() -> Image.Image:
    """Return a picture without edges, whose corners differ."""
    across, down = Image.linear_gradient("L").rotate(90).resize(SIZE), Image.linear_gradient("L").resize(SIZE)
    dim = [60 + code // 3 for code in range(256)]
    return Image.merge("RGB", (across.point(dim), down.point(dim), Image.new("L", SIZE, 90)))


def saved(form: str, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, Any] = {} if form in ("GIF", "BMP") else {"exif": exif}
    out = BytesIO()
    stored().save(out, form, **options)
    return out.getvalue()


@cache
def marked_box(size: tuple[int, int]) -> Box:
    """Return the box of the mark in an upright picture of this size, by Pillow."""
    plain = Image.new("RGB", size, (90, 90, 90))
    out = BytesIO()
    plain.save(out, "PNG")
    with Image.open(BytesIO(watermark(out.getvalue(), RECIPE).data)) as copy:
        return difference(copy.convert("RGB"), plain)


def difference(one: Image.Image, other: Image.Image) -> Box:
    """Return the box of the differences beyond compression."""
    box = ImageChops.difference(one, other).convert("L").point([255 * (code > 24) for code in range(256)]).getbbox()
    assert box is not None
    return box


def assert_as_recorded(source: bytes, show: Show, *, like: bytes | None = None) -> None:
    """Compare a copy with its source, or with ``like``, the source shown upright as a PNG."""
    done = watermark(source, RECIPE)
    copy = show(done.data, done.content_type)
    assert copy.size == (done.width, done.height)
    found = difference(copy, show(like or source, "image/png" if like else done.content_type))
    assert max(abs(there - here) for there, here in zip(found, marked_box(copy.size), strict=True)) <= 2


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "AVIF"])
def test_a_rotated_copy_is_shown_upright_with_the_mark_in_its_corner(form: str, orientation: int, show: Show) -> None:
    assert_as_recorded(saved(form, orientation), show)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_webp_is_rotated_for_browsers_that_ignore_its_orientation(orientation: int, show: Show) -> None:
    assert_as_recorded(saved("WEBP", orientation), show, like=saved("PNG", orientation))


@pytest.mark.parametrize("form", ["GIF", "BMP", "WEBP"])
def test_a_copy_without_orientation_has_the_mark_in_its_corner(form: str, show: Show) -> None:
    assert_as_recorded(saved(form, 1), show)


ODD = {
    "EXIF cut short": [exif_segment(pictures.exif(6)[:34])],
    "stated by XMP only": [
        xmp_segment(pictures.xmp('xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"'))
    ],
    "stated twice": [exif_segment(pictures.exif(6)), exif_segment(pictures.exif(3))],
    "after XMP": [xmp_segment(pictures.xmp()), exif_segment(pictures.exif(8))],
}


@pytest.mark.parametrize("how", ODD)
def test_an_unusual_orientation_entry_is_read_as_by_the_browser(how: str, show: Show) -> None:
    assert_as_recorded(jpeg(stored(), ODD[how]), show)


def test_an_inverted_cmyk_jpeg_is_marked_as_it_is_shown(show: Show) -> None:
    source = BytesIO()
    stored().convert("CMYK").save(source, "JPEG")
    assert_as_recorded(source.getvalue(), show)
