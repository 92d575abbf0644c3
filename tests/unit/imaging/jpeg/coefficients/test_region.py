from __future__ import annotations

import pytest
from PIL import Image

from tests.drawn import jpegs
from zenoimg.imaging.formats.jpeg.coefficients.region import Region, block_masks, region_around, shifted
from zenoimg.imaging.formats.jpeg.stream import JpegStream, read_stream
from zenoimg.imaging.marking.mark import Overlay

SIZE = (100, 80)


def stream_of(*factors: tuple[int, int]) -> JpegStream:
    return read_stream(jpegs.jpeg_of(jpegs.drawn_planes(SIZE, factors), SIZE))


def overlay_at(left: int, top: int, size: tuple[int, int] = (10, 6)) -> Overlay:
    return Overlay(Image.new("RGBA", size, (255, 255, 255, 99)), ((left, top, left + size[0], top + size[1]),))


COLOUR = stream_of((2, 2), (1, 1), (1, 1))
FULL = stream_of((1, 1), (1, 1), (1, 1))


def test_a_region_is_the_touched_mcus_and_one_on_each_side() -> None:
    assert region_around(COLOUR, overlay_at(38, 36)) == Region((1, 1, 4, 4), (16, 16, 64, 64))
    assert region_around(FULL, overlay_at(40, 40, (8, 8))) == Region((4, 4, 7, 7), (32, 32, 56, 56))


def test_a_region_ends_where_the_picture_does() -> None:
    assert region_around(COLOUR, overlay_at(-4, -3)) == Region((0, 0, 2, 2), (0, 0, 32, 32))
    assert region_around(COLOUR, overlay_at(95, 77)) == Region((4, 3, 7, 5), (64, 48, 100, 80))


def test_a_mark_outside_the_picture_has_no_region() -> None:
    assert region_around(COLOUR, overlay_at(100, 10)) is None


def rows(mask: bytes, across: int) -> list[str]:
    return ["".join("#" if cell else "." for cell in mask[at : at + across]) for at in range(0, len(mask), across)]


def test_masks_name_the_blocks_under_the_mark_in_each_component() -> None:
    overlay = overlay_at(38, 36)
    region = region_around(COLOUR, overlay)
    assert region is not None
    luma, blue, red = block_masks(COLOUR, region, shifted(overlay, region))
    assert rows(luma, 6) == ["......", "......", "..##..", "..##..", "......", "......"]
    assert rows(blue, 3) == rows(red, 3) == ["...", ".#.", "..."]


@pytest.mark.parametrize(
    ("factors", "across", "down"), [((1, 2), 1, 2), ((2, 1), 2, 1), ((4, 1), 4, 1), ((4, 2), 4, 2), ((3, 1), 3, 1)]
)
def test_a_single_faint_pixel_touches_one_block_of_each_component(
    factors: tuple[int, int], across: int, down: int
) -> None:
    stream = stream_of(factors, (1, 1), (1, 1))
    mark = Image.new("RGBA", (1, 1), (0, 0, 0, 1))
    overlay = Overlay(mark, ((51, 41, 52, 42),))
    region = region_around(stream, overlay)
    assert region is not None
    masks = block_masks(stream, region, shifted(overlay, region))
    mcus = (region.mcus[2] - region.mcus[0]) * (region.mcus[3] - region.mcus[1])
    assert [len(mask) for mask in masks] == [mcus * across * down, mcus, mcus]
    assert [sum(map(bool, mask)) for mask in masks] == [1, 1, 1]


def test_transparent_parts_of_the_mark_touch_nothing() -> None:
    mark = Image.new("RGBA", (24, 8), (255, 255, 255, 0))
    mark.putpixel((20, 4), (255, 255, 255, 60))
    overlay = Overlay(mark, ((40, 40, 64, 48),))
    region = region_around(FULL, overlay)
    assert region is not None
    mask, _, _ = block_masks(FULL, region, shifted(overlay, region))
    assert rows(mask, 5) == [".....", "...#.", "....."]
