from __future__ import annotations

import pytest
from PIL import Image

from zenoimg.imaging.marking.mark import Overlay
from zenoimg.imaging.marking.overlap import Overlap, covered_box, overlaps, touches, within
from zenoimg.imaging.marking.placement import Box

MARK = Image.new("RGBA", (20, 10))


def at(*corners: tuple[int, int]) -> Overlay:
    return Overlay(MARK, tuple((left, top, left + 20, top + 10) for left, top in corners))


@pytest.mark.parametrize(
    ("corner", "box", "part"),
    [
        ((5, 6), (5, 6, 25, 16), (0, 0, 20, 10)),
        ((-3, -4), (0, 0, 17, 6), (3, 4, 20, 10)),
        ((90, 75), (90, 75, 100, 80), (0, 0, 10, 5)),
    ],
    ids=["inside", "over the top left corner", "over the bottom right corner"],
)
def test_a_mark_is_clipped_to_the_picture(corner: tuple[int, int], box: Box, part: Box) -> None:
    assert overlaps(at(corner), (100, 80)) == [Overlap(box, part)]


def test_a_mark_outside_the_picture_overlaps_nothing() -> None:
    assert overlaps(at((100, 0), (0, 80), (-20, 0), (0, -10)), (100, 80)) == []


def test_the_covered_box_holds_all_marks_inside_the_picture() -> None:
    assert covered_box(at((-3, 20), (50, 60), (200, 200)), (100, 80)) == (0, 20, 70, 70)


def test_a_box_that_only_shares_an_edge_with_a_mark_is_not_touched() -> None:
    overlay = at((10, 10))
    assert touches((29, 19, 40, 40), overlay)
    assert not touches((30, 10, 40, 20), overlay)
    assert not touches((10, 20, 30, 40), overlay)


def test_boxes_are_relative_to_the_corner_of_a_region() -> None:
    assert within(at((10, 12)), (4, 5, 50, 50)).boxes == ((6, 7, 26, 17),)
