from __future__ import annotations

import pytest
from PIL import Image, ImageChops

from tests.drawn.animations import largest_difference, outside
from tests.drawn.gifs import GifFrame, gif, gif_shown, read_frames
from tests.unit.imaging.gif.gif_cases import SIZE, noise, table
from zenoimg.imaging import Refused, WatermarkSpec, watermark
from zenoimg.imaging.marking.mark import overlay_for


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("count", [2, 3, 16, 100, 256])
def test_indices_outside_the_mark_are_kept(count: int, interlaced: bool) -> None:
    data = gif(SIZE, [GifFrame(noise(SIZE, count), interlaced=interlaced, has_control=False)], table(count))
    done = watermark(data)
    (before,), (after,) = read_frames(data), read_frames(done.data)
    assert after.table.startswith(before.table[: 3 * count])
    assert (after.interlaced, after.transparent, after.has_own_table) == (interlaced, None, False)
    differing = Image.frombytes(
        "L", SIZE, bytes(a != b for a, b in zip(before.indices.tobytes(), after.indices.tobytes(), strict=True))
    )
    left, top, right, bottom = overlay_for(WatermarkSpec(), SIZE).boxes[0]
    box = differing.getbbox()
    assert box is not None
    assert (box[0] >= left, box[1] >= top, box[2] <= right, box[3] <= bottom) == (True,) * 4
    assert sum(differing.tobytes()) > 40
    assert (done.format, done.content_type, done.frames, done.warnings) == ("GIF", "image/gif", 1, ())


def test_free_table_entries_take_the_marks_colours() -> None:
    ground = Image.new("P", SIZE, 2)
    data = gif(SIZE, [GifFrame(ground)], [(0, 0, 0), (0, 0, 0), (40, 90, 200)])
    (step,) = gif_shown(watermark(data).data)
    expected = Image.new("RGBA", SIZE, (40, 90, 200, 255))
    overlay = overlay_for(WatermarkSpec(), SIZE)
    expected.alpha_composite(overlay.mark, overlay.boxes[0][:2])
    assert largest_difference(step.picture, expected) <= 24


def test_an_entry_that_no_pixel_uses_is_free() -> None:
    data = gif(SIZE, [GifFrame(Image.new("P", SIZE, 7))], [(200, 30, 30)] * 256)
    done = watermark(data)
    assert done.warnings == ()
    colours = gif_shown(done.data)[0].picture.getcolors()
    assert colours is not None
    assert len(colours) > 4
    assert max(min(color[:3]) for _, color in colours) > 120  # type: ignore[index]


def test_the_mark_uses_the_nearest_colours_of_a_full_table() -> None:
    full = table(256)
    data = gif(SIZE, [GifFrame(noise(SIZE, 256))], full)
    (frame,) = read_frames(watermark(data).data)
    assert frame.table == bytes(value for entry in full for value in entry)


def test_a_full_table_without_colours_for_the_mark_makes_room_with_a_warning() -> None:
    reds = [(130 + index % 100, index // 100, 0) for index in range(256)]
    data = gif(SIZE, [GifFrame(noise(SIZE, 256))], reds)
    done = watermark(data)
    assert done.warnings == ("a full colour table had no colours for the mark: rare ones became their nearest",)
    (before,), (after,) = gif_shown(data), gif_shown(done.data)
    box = overlay_for(WatermarkSpec(), SIZE).boxes[0]
    assert largest_difference(outside(before.picture, box), outside(after.picture, box)) <= 6
    inside = ImageChops.difference(before.picture, after.picture).crop(box).convert("L")
    assert sum(inside.histogram()[40:]) > 60


def test_a_frame_reuses_entries_of_a_shared_table_that_it_does_not_need() -> None:
    reds = [(130 + index % 100, index // 100, 0) for index in range(256)]
    few = Image.new("P", SIZE, 9)
    every = Image.frombytes("P", (32, 8), bytes(range(256)))
    data = gif(SIZE, [GifFrame(few), GifFrame(every)], reds)
    done = watermark(data)
    first, second = read_frames(done.data)
    assert (first.has_own_table, second.has_own_table, done.warnings) == (True, False, ())
    assert second.encoded == read_frames(data)[1].encoded


def test_on_a_transparent_background_only_the_mark_is_opaque() -> None:
    data = gif(SIZE, [GifFrame(Image.new("P", SIZE, 0), transparent=0)], [(7, 7, 7), (255, 255, 255)])
    (step,) = gif_shown(watermark(data).data)
    alphas = step.picture.getchannel("A")
    box = alphas.getbbox()
    mark = overlay_for(WatermarkSpec(), SIZE).boxes[0]
    assert box is not None
    assert box[0] >= mark[0]
    assert box[1] >= mark[1]
    assert alphas.histogram()[255] > 60
    assert sum(alphas.histogram()[1:255]) == 0
    greys = [color[0] for _, color in step.picture.getcolors() or [] if isinstance(color, tuple) and color[3]]
    assert min(greys) < 10
    assert max(greys) > 225


@pytest.mark.parametrize("animated", [False, True])
def test_the_background_and_transparent_entries_are_not_free_even_if_unused(animated: bool) -> None:
    colours = [(40, 90, 200), (1, 2, 3), (4, 5, 6)]
    frame = GifFrame(Image.new("P", SIZE, 0), transparent=1)
    data = gif(SIZE, [frame] * (1 + animated), colours, background=2)
    done = watermark(data)
    for after in read_frames(done.data):
        assert after.table[:9] == bytes(value for entry in colours for value in entry)
        assert after.transparent == 1
    assert all(step.picture.getchannel("A").getextrema() == (255, 255) for step in gif_shown(done.data))


def test_a_frame_without_a_colour_table_is_corrupt() -> None:
    with pytest.raises(Refused, match="without a colour table") as refusal:
        watermark(gif(SIZE, [GifFrame(noise(SIZE, 4))]))
    assert refusal.value.code == "corrupt"
