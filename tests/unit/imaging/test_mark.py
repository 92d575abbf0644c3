from __future__ import annotations

import struct
from io import BytesIO

import pytest
from PIL import Image, ImageChops, ImageStat

from tests.drawn import pictures
from zenoimg.imaging import Refused, WatermarkSpec, watermark
from zenoimg.imaging.colour.spaces import Space
from zenoimg.imaging.marking import mark as mark_module
from zenoimg.imaging.marking.blend import blend
from zenoimg.imaging.marking.mark import Mark, draw_mark, overlay_for
from zenoimg.imaging.recipe import POSITIONS, Recipe


def logo(size: tuple[int, int] = (40, 20)) -> bytes:
    encoded = BytesIO()
    picture = Image.new("RGBA", size, (200, 0, 0, 255))
    picture.paste((0, 0, 200, 128), (0, 0, size[0] // 2, size[1]))
    picture.save(encoded, "PNG")
    return encoded.getvalue()


def drawn(spec: WatermarkSpec, shorter_side: int, room: tuple[int, int]) -> Image.Image:
    return draw_mark(spec, shorter_side, room).picture


def opaque_colours(mark: Image.Image) -> set[tuple[int, ...]]:
    return {tuple(pixel[:3]) for pixel in struct.iter_unpack("4B", mark.tobytes()) if pixel[3] == 255}


def test_the_opacity_is_the_alpha_of_the_strokes() -> None:
    for opacity in (0.25, 1.0):
        mark = drawn(WatermarkSpec(opacity=opacity), 600, (600, 600))
        assert mark.getchannel("A").getextrema() == (0, round(255 * opacity))


def test_text_has_the_colours_of_the_spec() -> None:
    spec = WatermarkSpec(color="#ff0000", outline="#00ff00", opacity=1)
    mark = drawn(spec, 1000, (1000, 1000))
    colours = opaque_colours(mark)
    assert {(255, 0, 0), (0, 255, 0)} <= colours
    plain = drawn(WatermarkSpec(color="#ff0000", outline="none", opacity=1), 1000, (1000, 1000))
    assert opaque_colours(plain) == {(255, 0, 0)}


@pytest.mark.parametrize("ground", ["black", "white", "#808080", "#ffff00", "#404040", "#c0c0c0"])
def test_the_default_mark_stands_out_on_any_background(ground: str) -> None:
    picture = Image.new("RGB", (400, 300), ground)
    before = picture.copy()
    overlay = overlay_for(WatermarkSpec(), picture.size)
    blend(picture, overlay)
    difference = ImageChops.difference(before, picture).convert("L").crop(overlay.boxes[0])
    assert sum(difference.histogram()[60:]) > 0.1 * difference.width * difference.height


@pytest.mark.parametrize("size", [(1200, 800), (800, 1200), (2400, 800)])
def test_scale_is_relative_to_the_shorter_side(size: tuple[int, int]) -> None:
    overlay = overlay_for(WatermarkSpec(logo=logo(), scale=0.25), size)
    assert overlay.mark.size == (200, 100)
    assert overlay.boxes == ((size[0] - 24 - 200, size[1] - 24 - 100, size[0] - 24, size[1] - 24),)


def test_the_text_height_follows_the_scale() -> None:
    mark = drawn(WatermarkSpec(text="Hg", outline="none", scale=0.1), 1000, (1000, 1000))
    assert 85 <= mark.height <= 105


def test_a_logo_keeps_its_own_alpha() -> None:
    mark = drawn(WatermarkSpec(logo=logo(), scale=1.0, opacity=0.5), 40, (100, 100))
    assert mark.getpixel((5, 10)) == (0, 0, 200, 64)
    assert mark.getpixel((35, 10)) == (200, 0, 0, 128)


@pytest.mark.parametrize(
    "spec",
    [
        WatermarkSpec(text="A rather long line of text that is wider than the picture"),
        WatermarkSpec(text="A rather long line of text that is wider than the picture", angle=45),
        WatermarkSpec(text="two\nlines", scale=1.0),
        WatermarkSpec(logo=logo(), scale=1.0),
        WatermarkSpec(logo=logo((10, 400)), scale=1.0, angle=20),
    ],
    ids=["line", "turned line", "lines", "logo", "turned logo"],
)
def test_a_mark_larger_than_its_picture_shrinks_to_fit(spec: WatermarkSpec) -> None:
    overlay = overlay_for(spec, (400, 300))
    left, top, right, bottom = overlay.boxes[0]
    assert left >= 9
    assert top >= 9
    assert right <= 391
    assert bottom <= 291


def test_a_positive_angle_rotates_counter_clockwise() -> None:
    flat = drawn(WatermarkSpec(logo=logo((80, 10)), scale=0.4), 400, (400, 400))
    turned = drawn(WatermarkSpec(logo=logo((80, 10)), scale=0.4, angle=90), 400, (400, 400))
    assert turned.size == pytest.approx((flat.height, flat.width), abs=2)
    left_half_of_logo = turned.getpixel((turned.width // 2, turned.height - 20))
    assert isinstance(left_half_of_logo, tuple)
    assert left_half_of_logo[:3] == pytest.approx((0, 0, 200), abs=2)


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (4, 500), (500, 4)])
def test_a_picture_too_small_for_the_mark_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(Refused) as refusal:
        overlay_for(WatermarkSpec(), size)
    assert refusal.value.code == "too-small"


def test_a_small_picture_still_gets_legible_letters() -> None:
    overlay = overlay_for(WatermarkSpec(), (32, 32))
    assert overlay.mark.height >= 6
    assert overlay.mark.width >= 20


def test_tiles_cover_the_whole_picture() -> None:
    picture = Image.new("L", (600, 400))
    blend(picture, overlay_for(WatermarkSpec(position="tile", angle=30), picture.size))
    for left in range(0, 600, 150):
        for top in range(0, 400, 100):
            assert ImageStat.Stat(picture.crop((left, top, left + 150, top + 100))).sum[0] > 0


@pytest.mark.parametrize("position", POSITIONS)
def test_the_mark_is_upright_at_every_position_in_every_orientation(position: str) -> None:
    spec = WatermarkSpec(position=position)  # type: ignore[arg-type]
    upright = Image.new("RGB", (90, 60), "#406080")
    blend(upright, overlay_for(spec, upright.size))
    for orientation in range(1, 9):
        size = (60, 90) if orientation >= 5 else (90, 60)
        stored = Image.new("RGB", size, "#406080")
        blend(stored, overlay_for(spec, size, orientation))
        displayed = Image.open(BytesIO(_tagged(stored, orientation)))
        assert ImageChops.difference(_transposed(displayed), upright).getbbox() is None


def _tagged(picture: Image.Image, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    encoded = BytesIO()
    picture.save(encoded, "PNG", exif=exif)
    return encoded.getvalue()


def _transposed(picture: Image.Image) -> Image.Image:
    from PIL import ImageOps

    return ImageOps.exif_transpose(picture).convert("RGB")


def test_equal_pictures_share_one_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    rooms: list[tuple[int, int]] = []

    def counted(spec: WatermarkSpec, shorter_side: int, room: tuple[int, int], space: Space, levels: int) -> Mark:
        rooms.append(room)
        return draw_mark(spec, shorter_side, room, space, levels)

    monkeypatch.setattr(mark_module, "draw_mark", counted)
    monkeypatch.setattr(mark_module, "_CACHE", mark_module._MarkCache(mark_module.MARK_CACHE_BYTES))
    data = pictures.jpeg(pictures.photo())
    first, second = watermark(data), watermark(data)
    watermark(data, Recipe(WatermarkSpec(position="top")))
    assert first == second
    assert len(rooms) == 2


def test_the_cache_evicts_the_least_recently_used(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = mark_module._MarkCache(capacity=3 * 40 * 40 * 8)
    spec = WatermarkSpec(logo=logo((40, 40)), scale=1.0)
    kept = cache.drawn(spec, 40, (40, 40))
    for room in range(41, 60):
        cache.drawn(spec, 40, (room, room))
        assert cache.drawn(spec, 40, (40, 40)) is kept
    assert cache._bytes <= 3 * 40 * 40 * 8
    assert len(cache._marks) <= 3
