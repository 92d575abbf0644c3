from __future__ import annotations

import random
from typing import Any

import pytest

from tests.drawn.tiffs import SHORT, Sheet, read, samples, tiff
from tests.unit.imaging.tiff.tiff_cases import LAYOUTS, SIZE, assert_only_the_mark_changed, mark_box
from zenoimg.imaging import watermark

COLOR_MAP = [index * 4369 for index in range(16)] * 3


def palette_sheet(used: int, color_map: list[int], **more: Any) -> Sheet:
    dice = random.Random(8)
    indices = [dice.randrange(used) for _ in range(SIZE[0] * SIZE[1])]
    return Sheet(SIZE, indices, 4, photometric=3, tags={320: (SHORT, color_map)}, **more)


@pytest.mark.parametrize("layout", ["strips", "tiles"])
def test_a_full_palette_is_kept_and_the_mark_uses_its_colours(layout: str) -> None:
    data = tiff(palette_sheet(16, COLOR_MAP, **LAYOUTS[layout]))
    done = watermark(data)
    assert_only_the_mark_changed(data, done.data)
    assert list(read(done.data)[0].numbers(320)) == COLOR_MAP
    assert done.warnings == ()


def test_unused_entries_after_the_used_ones_take_the_marks_colours() -> None:
    reds = [60_000 + index for index in range(4)] + [0] * 12
    color_map = reds + [0] * 32
    data = tiff(palette_sheet(4, color_map))
    done = watermark(data)
    assert_only_the_mark_changed(data, done.data)
    grown = read(done.data)[0].numbers(320)
    assert grown[:4] == tuple(reds[:4])
    assert any(grown[20:32])
    assert done.warnings == ()


@pytest.mark.parametrize("compression", [1, 8])
def test_a_palette_without_colours_for_the_mark_becomes_rgb_with_a_warning(compression: int) -> None:
    reds = [257 * (200 + index) for index in range(16)] + [0] * 32
    data = tiff(palette_sheet(16, reds, compression=compression, rows_per_strip=20))
    done = watermark(data)
    assert done.warnings == ("a palette had no colours for the mark, and its page became RGB",)
    (page,) = read(done.data)
    assert (page.number(262), page.numbers(258), 320 in page.tags) == (2, (8, 8, 8), False)
    values = samples(page)
    left, top, right, bottom = mark_box()
    source = palette_sheet(16, reds).samples
    for index, value in enumerate(source):
        if not (left <= index % SIZE[0] < right and top <= index // SIZE[0] < bottom):
            assert values[3 * index : 3 * index + 3] == [200 + value, 0, 0]
    assert max(values[1::3]) > 100


def test_unused_colours_are_kept_if_the_mark_can_be_drawn_with_them() -> None:
    data = tiff(palette_sheet(3, COLOR_MAP))
    done = watermark(data)
    assert_only_the_mark_changed(data, done.data)
    assert list(read(done.data)[0].numbers(320)) == COLOR_MAP


def test_unused_colours_are_replaced_if_the_mark_cannot_be_drawn_with_them() -> None:
    reds = [257 * (200 + index) for index in range(16)] + [0] * 32
    data = tiff(palette_sheet(8, reds))
    done = watermark(data)
    assert done.warnings == ()
    grown = read(done.data)[0].numbers(320)
    assert grown[:8] == tuple(reds[:8])
    assert any(grown[16 + 8 : 32])
