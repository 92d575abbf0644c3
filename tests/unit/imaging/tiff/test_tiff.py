from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL.TiffImagePlugin import TiffImageFile

from tests.drawn import pictures, tiffs
from tests.drawn.tiffs import LONG, SHORT, Sheet, random_sheet, read, samples, tiff
from tests.unit.imaging.png.png_cases import patch
from tests.unit.imaging.tiff.tiff_cases import LAYOUTS, SIZE, assert_only_the_mark_changed, changed, mark_box, tiff_of
from zenoimg.imaging import Recipe, WatermarkSpec, watermark

KINDS: dict[str, tuple[int, int, int, tiffs.Tags]] = {
    "grey 8": (8, 1, 1, {}),
    "grey 16": (16, 1, 1, {}),
    "inverted grey 16": (16, 1, 0, {}),
    "grey alpha 8": (8, 2, 1, {338: (SHORT, [2])}),
    "grey alpha 16": (16, 2, 1, {338: (SHORT, [1])}),
    "RGB 8": (8, 3, 2, {}),
    "RGB 16": (16, 3, 2, {}),
    "RGBA 8": (8, 4, 2, {338: (SHORT, [2])}),
    "RGBa 16": (16, 4, 2, {338: (SHORT, [1])}),
    "RGB 8 and two more": (8, 5, 2, {338: (SHORT, [0, 0])}),
    "CMYK 8": (8, 4, 5, {}),
    "CMYK 16": (16, 4, 5, {}),
    "CMYKA 16": (16, 5, 5, {338: (SHORT, [2])}),
}


@pytest.mark.parametrize(
    "big", [pytest.param(False, id="classic"), pytest.param(True, id="big", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout_depth_and_byte_order_are_kept_and_only_the_mark_changes(
    layout: str, kind: str, order: str, big: bool
) -> None:
    depth, per_pixel, photometric, tags = KINDS[kind]
    sheet = random_sheet(SIZE, depth, per_pixel, photometric=photometric, tags=tags, **LAYOUTS[layout])
    data = tiff(sheet, order=order, big=big)
    done = watermark(data)
    assert_only_the_mark_changed(data, done.data)
    (before,), (after,) = read(data), read(done.data)
    assert (after.order, after.big) == (order, big)
    offsets = {273, 279, 324, 325}
    assert {tag: value for tag, value in after.tags.items() if tag not in offsets} == {
        tag: value for tag, value in before.tags.items() if tag not in offsets
    }
    assert (done.format, done.content_type, done.frames, done.warnings) == ("TIFF", "image/tiff", 1, ())
    assert (done.width, done.height) == SIZE


@pytest.mark.parametrize("layout", ["one strip", "strips", "tiles"])
@pytest.mark.parametrize(("depth", "photometric"), [(1, 0), (1, 1), (2, 0), (2, 1), (4, 0), (4, 1)])
def test_few_grey_levels_stay_few(layout: str, depth: int, photometric: int) -> None:
    data = tiff(random_sheet(SIZE, depth, 1, photometric=photometric, **LAYOUTS[layout]))
    assert_only_the_mark_changed(data, watermark(data).data)


def test_segments_outside_the_mark_are_copied_unchanged() -> None:
    data = tiff(random_sheet(SIZE, 8, 3, photometric=2, tile=(16, 16), compression=8))
    (before,), (after,) = read(data), read(watermark(data).data)
    same = [one == other for one, other in zip(before.segments, after.segments, strict=True)]
    assert same == [index not in (12, 13, 14, 17, 18, 19) for index in range(20)] or same.count(False) <= 6
    assert all(same[:10])


@pytest.mark.parametrize("depth", [8, 16])
def test_a_white_mark_is_white_in_every_photometric_interpretation(depth: int) -> None:
    most = (1 << depth) - 1
    spec = patch(1.0)
    left, top, right, bottom = mark_box(spec=spec)
    for photometric, per_pixel, tags, ground, white in (
        (0, 1, {}, most, [0]),
        (1, 1, {}, 0, [most]),
        (2, 3, {}, 0, [most] * 3),
        (5, 4, {}, most, [0, 0, 0, 0]),
        (2, 4, {338: (SHORT, [2])}, 0, [most] * 4),
        (2, 4, {338: (SHORT, [1])}, 0, [most] * 4),
        (2, 4, {338: (SHORT, [0])}, 0, [most] * 3 + [0]),
        (2, 4, {}, 0, [most] * 4),
    ):
        sheet = Sheet(SIZE, [ground] * (SIZE[0] * SIZE[1] * per_pixel), depth, per_pixel, photometric, tags=dict(tags))
        (after,) = read(watermark(tiff(sheet), Recipe(spec)).data)
        at = ((top + bottom) // 2 * SIZE[0] + (left + right) // 2) * per_pixel
        assert samples(after)[at : at + per_pixel] == white, (photometric, tags)


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize(("kind", "red"), [(1, 0.5 * 0.5 + 0.5), (2, (0.5 * 0.5 * 0.5 + 0.5) / 0.75)])
def test_associated_and_unassociated_alpha_are_blended_correctly(depth: int, kind: int, red: float) -> None:
    most = (1 << depth) - 1
    sheet = Sheet(SIZE, [most // 2] * (SIZE[0] * SIZE[1] * 4), depth, 4, 2, tags={338: (SHORT, [kind])})
    spec = patch(0.5)
    (after,) = read(watermark(tiff(sheet), Recipe(spec)).data)
    left, top, right, bottom = mark_box(spec=spec)
    at = ((top + bottom) // 2 * SIZE[0] + (left + right) // 2) * 4
    pixel = samples(after)[at : at + 4]
    assert pixel[3] / most == pytest.approx(0.75, abs=0.01)
    assert pixel[0] / most == pytest.approx(red, abs=0.01)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_tag_is_kept_and_the_mark_rotated(orientation: int) -> None:
    data = tiff(random_sheet(SIZE, 8, 3, photometric=2, tags={274: (SHORT, [orientation])}))
    done = watermark(data)
    assert_only_the_mark_changed(data, done.data, orientation)
    assert (done.width, done.height) == (SIZE if orientation < 5 else (SIZE[1], SIZE[0]))
    assert read(done.data)[0].number(274) == orientation


def test_a_tiled_mark_covers_every_page_of_tiles() -> None:
    data = tiff(random_sheet((100, 90), 8, 1, tile=(16, 16)))
    (before,), (after,) = read(data), read(watermark(data, Recipe(WatermarkSpec(position="tile"))).data)
    assert {(x // 50, y // 45) for x, y in changed(before, after)} == {(0, 0), (1, 0), (0, 1), (1, 1)}


def test_a_thumbnail_without_room_for_the_mark_is_left_out_and_a_mask_kept() -> None:
    sheets = [
        random_sheet(SIZE, 8, 1),
        random_sheet((8, 8), 8, 1, tags={254: (LONG, [1])}),
        random_sheet(SIZE, 1, 1, photometric=4, tags={254: (LONG, [4])}),
    ]
    data = tiff(*sheets)
    done = watermark(data)
    before, after = read(data), read(done.data)
    assert done.frames == len(after) == 2
    assert after[1].segments == before[2].segments


def test_the_same_input_gives_the_same_bytes() -> None:
    data = tiff_of(pictures.photo((160, 120)), "tiff_lzw")
    assert watermark(data).data == watermark(data).data


def test_pillow_reads_every_copy() -> None:
    for big, order in ((False, "<"), (False, ">"), (True, "<")):  # it does not support big-endian BigTIFF
        data = tiff(random_sheet(SIZE, 16, 1, compression=8, predictor=2), order=order, big=big)
        with TiffImageFile(BytesIO(watermark(data).data)) as picture:
            picture.load()
            assert picture.size == SIZE


@pytest.mark.slow
@hypothesis_settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([(8, 1, 1), (8, 3, 2), (16, 3, 2), (16, 1, 0), (1, 1, 0), (4, 1, 1), (8, 4, 5)]),
    st.sampled_from([None, (16, 16), (32, 16)]),
    st.integers(1, 60),
    st.sampled_from([(1, 1), (8, 1), (8, 2)]),
    st.integers(40, 90),
    st.integers(40, 90),
    st.sampled_from("<>"),
)
def test_any_size_and_layout_keeps_every_sample_outside_the_mark(
    kind: tuple[int, int, int],
    tile: tuple[int, int] | None,
    rows: int,
    coding: tuple[int, int],
    width: int,
    height: int,
    order: str,
) -> None:
    depth, per_pixel, photometric = kind
    compression, predictor = coding[0], coding[1] if depth >= 8 else 1
    sheet = random_sheet(
        (width, height),
        depth,
        per_pixel,
        photometric=photometric,
        tile=tile,
        rows_per_strip=rows,
        compression=compression,
        predictor=predictor,
    )
    data = tiff(sheet, order=order)
    assert_only_the_mark_changed(data, watermark(data).data)
