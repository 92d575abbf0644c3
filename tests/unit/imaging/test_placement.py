from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from zenoimg.imaging.marking.placement import (
    Box,
    Size,
    anchored_box,
    clipped,
    displayed_size,
    margin_of,
    room_of,
    shrink_factor,
    stored_box,
    tiled_boxes,
    turned_size,
)
from zenoimg.imaging.recipe import Position

ANCHORS = [position for position in get_args(Position) if position != "tile"]
sides = st.integers(1, 5000)
sizes = st.tuples(sides, sides)


@st.composite
def pictures_with_marks(draw: st.DrawFn) -> tuple[Size, Size, int]:
    picture = draw(sizes)
    margin = margin_of(picture, draw(st.floats(0, 0.4)))
    room = room_of(picture, margin)
    mark = draw(st.integers(1, room[0])), draw(st.integers(1, room[1]))
    return picture, mark, margin


@given(pictures_with_marks(), st.sampled_from(ANCHORS))
def test_an_anchored_mark_is_inside_the_margins(case: tuple[Size, Size, int], position: Position) -> None:
    picture, mark, margin = case
    left, top, right, bottom = anchored_box(picture, mark, position, margin)
    assert (right - left, bottom - top) == mark
    assert left >= margin
    assert top >= margin
    assert right <= picture[0] - margin
    assert bottom <= picture[1] - margin


@pytest.mark.parametrize(
    ("position", "box"),
    [
        ("top-left", (10, 10, 40, 20)),
        ("top", (85, 10, 115, 20)),
        ("top-right", (160, 10, 190, 20)),
        ("left", (10, 45, 40, 55)),
        ("center", (85, 45, 115, 55)),
        ("right", (160, 45, 190, 55)),
        ("bottom-left", (10, 80, 40, 90)),
        ("bottom", (85, 80, 115, 90)),
        ("bottom-right", (160, 80, 190, 90)),
    ],
)
def test_each_anchor_has_its_place(position: Position, box: Box) -> None:
    assert anchored_box((200, 100), (30, 10), position, 10) == box


@given(sizes, st.floats(0, 0.4))
def test_margins_are_kept_free(picture: Size, fraction: float) -> None:
    assert min(room_of(picture, margin_of(picture, fraction))) >= 1


@given(sizes)
def test_the_margin_is_the_same_in_landscape_and_portrait(picture: Size) -> None:
    assert margin_of(picture, 0.03) == margin_of((picture[1], picture[0]), 0.03)


@given(st.tuples(st.integers(2, 30), st.integers(2, 30)), st.integers(1, 8), st.data())
def test_stored_pixels_appear_in_the_requested_box(size: Size, orientation: int, data: st.DataObject) -> None:
    shown = displayed_size(size, orientation)
    left, top = data.draw(st.integers(0, shown[0] - 1)), data.draw(st.integers(0, shown[1] - 1))
    box = left, top, data.draw(st.integers(left + 1, shown[0])), data.draw(st.integers(top + 1, shown[1]))
    picture = Image.new("L", size)
    picture.paste(255, stored_box(box, size, orientation))
    exif = picture.getexif()
    exif[0x0112] = orientation
    displayed = ImageOps.exif_transpose(picture)
    assert displayed.size == shown
    assert displayed.getbbox() == box


@given(pictures_with_marks())
def test_tiles_overlap_the_picture_but_not_each_other(case: tuple[Size, Size, int]) -> None:
    picture, mark, margin = case
    mark = max(mark[0], picture[0] // 12), max(mark[1], picture[1] // 12)
    boxes = tiled_boxes(picture, mark, margin)
    assert boxes
    assert all(clipped(box, picture) is not None for box in boxes)
    gap = max(2 * margin, min(mark) // 2, 1)
    assert min(box[1] for box in boxes) <= gap
    if mark[0] > gap:  # a narrower one may fall between two tiles of a shifted row
        assert max(box[3] for box in boxes) >= picture[1] - gap
    assert min(box[0] for box in boxes) <= gap
    assert max(box[2] for box in boxes) >= picture[0] - gap - mark[0]
    for index, one in enumerate(boxes):
        for other in boxes[index + 1 : index + 40]:
            apart_x = max(one[0], other[0]) - min(one[2], other[2])
            apart_y = max(one[1], other[1]) - min(one[3], other[3])
            assert max(apart_x, apart_y) >= 2 * margin


@given(sizes, st.floats(0, 360))
def test_a_rotated_mark_shrinks_to_fit(room: Size, angle: float) -> None:
    turned = turned_size((300.0, 40.0), angle)
    factor = shrink_factor(turned, room)
    assert factor <= 1
    assert turned[0] * factor <= room[0] * 1.000001
    assert turned[1] * factor <= room[1] * 1.000001
