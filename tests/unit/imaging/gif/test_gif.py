from __future__ import annotations

import struct
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from tests.drawn import animations, gifs, pictures
from tests.drawn.animations import by_millisecond, largest_difference, outside, shown
from tests.drawn.gifs import DISPOSALS, GifFrame, Table, gif, gif_shown, read_frames
from tests.unit.imaging.gif.gif_cases import SIZE, noise, table
from zenoimg.imaging import Limits, Recipe, Refused, WatermarkSpec, watermark
from zenoimg.imaging.marking.mark import overlay_for
from zenoimg.imaging.marking.placement import clipped
from zenoimg.imaging.recipe import MetadataPolicy


def mark_mask(spec: WatermarkSpec | None = None) -> Image.Image:
    """Return a mask that is white in the boxes of the mark."""
    mask = Image.new("L", SIZE)
    for box in overlay_for(spec or WatermarkSpec(), SIZE).boxes:
        inside = clipped(box, SIZE)
        if inside:
            mask.paste(255, inside)
    return mask


def ball_frames(kind: str) -> tuple[list[GifFrame], Table]:
    """Return sprites over a background that appear and disappear, with shared and with their own colour tables."""
    ground = noise(SIZE, 6)
    sprite = Image.new("P", (14, 12), 0)
    sprite.paste(5, (3, 2, 11, 10))
    places = [(0, 0), (20, 12), (46, 32), (34, 30), (3, 3)]
    own = [(9, 9, 9), (250, 20, 20), (20, 250, 20), (8, 8, 120), (1, 2, 3), (240, 200, 10)]
    match kind:
        case "keep":
            frames = [GifFrame(ground), *(GifFrame(sprite, at, transparent=0) for at in places)]
        case "previous":
            frames = [GifFrame(ground), *(GifFrame(sprite, at, transparent=0, dispose="previous") for at in places)]
        case "background":
            frames = [GifFrame(sprite, at, transparent=0, dispose="background") for at in places]
        case "background over a ground":
            frames = [GifFrame(ground), *(GifFrame(sprite, at, transparent=0, dispose="background") for at in places)]
        case "opaque sprites on nothing":
            frames = [GifFrame(sprite, at, dispose="background") for at in places]
        case "previous after background":
            disposals = ["background", "previous", "previous", "keep", "background"]
            spots = [places[2], places[0], places[1], places[4], places[2]]
            parts = zip(spots, disposals, strict=True)
            frames = [GifFrame(sprite, at, transparent=0, dispose=dispose) for at, dispose in parts]
        case "own tables":
            frames = [GifFrame(ground, table=own), *(GifFrame(sprite, at, table=own[::-1]) for at in places)]
        case _:
            frames = [GifFrame(sprite, places[0])]
            frames += [GifFrame(sprite, at, transparent=0, dispose="previous") for at in places]
    return frames, table(8)


@pytest.mark.parametrize(
    "kind",
    [
        "keep",
        "previous",
        "background",
        "background over a ground",
        "opaque sprites on nothing",
        "own tables",
        "previous on nothing",
        "previous after background",
    ],
)
@pytest.mark.parametrize("position", ["bottom-right", "center", "tile"])
def test_an_animation_looks_the_same_apart_from_the_mark_at_every_millisecond(kind: str, position: str) -> None:
    spec = WatermarkSpec(position=position)  # type: ignore[arg-type]
    frames, shared = ball_frames(kind)
    data = gif(SIZE, frames, shared, extensions=gifs.loops(4))
    done = watermark(data, Recipe(spec))
    assert done.warnings == ()
    before, after = by_millisecond(gif_shown(data)), by_millisecond(gif_shown(done.data))
    assert len(before) == len(after) == 50 * len(frames)
    elsewhere = ImageChops.invert(mark_mask(spec))
    still = overlay_for(spec, SIZE)
    inner = still.mark.getchannel("A").point([255 * (level > 100) for level in range(256)])
    for one, other in list(zip(before, after, strict=True))[::50]:
        difference = ImageChops.difference(one, other)
        assert Image.composite(difference, Image.new("RGBA", SIZE), elsewhere).getbbox(alpha_only=False) is None
        box = clipped(still.boxes[0], SIZE)
        assert box is not None
        alphas = other.getchannel("A").crop(still.boxes[0])
        seen = Image.composite(alphas, Image.new("L", inner.size, 255), inner).crop(
            (
                box[0] - still.boxes[0][0],
                box[1] - still.boxes[0][1],
                box[2] - still.boxes[0][0],
                box[3] - still.boxes[0][1],
            )
        )
        assert seen.getextrema() == (255, 255)
        assert Image.eval(difference.crop(box).convert("L"), lambda level: 255 * (level > 30)).getbbox() is not None
    assert gifs.loops(4) in done.data


def test_frames_outside_the_mark_keep_the_sources_bytes() -> None:
    frames, shared = ball_frames("keep")
    data = gif(SIZE, frames, shared)
    before, after = read_frames(data), read_frames(watermark(data).data)
    same = [one.encoded == other.encoded for one, other in zip(before, after, strict=True)]
    assert same == [False, True, True, False, False, True]


def test_the_mark_keeps_its_colours_while_the_background_is_still() -> None:
    frames = [GifFrame(Image.new("P", SIZE, 3)) for _ in range(4)]
    timeline = gif_shown(watermark(gif(SIZE, frames, table(5))).data)
    assert len({step.picture.tobytes() for step in timeline}) == 1


def test_times_disposal_and_screen_are_kept() -> None:
    frames = [
        GifFrame(noise(SIZE, 5), duration=10 * (step + 1), dispose=dispose, transparent=transparent)
        for step, (dispose, transparent) in enumerate([("keep", 4), ("previous", None), ("background", 0)])
    ]
    data = gif(SIZE, frames, table(5), background=3)
    done = watermark(data)
    assert [frame.duration for frame in read_frames(done.data)] == [10, 20, 30]
    assert [frame.disposal for frame in read_frames(done.data)] == [DISPOSALS[frame.dispose] for frame in frames]
    assert [frame.transparent for frame in read_frames(done.data)] == [4, None, 0]
    assert done.data[6:10] == data[6:10]
    assert (done.data[10] & 0x70, *done.data[11:13]) == (0x70, 3, 49)


@pytest.mark.parametrize(
    ("policy", "kept", "located"), [("keep", True, True), ("keep-no-location", True, False), ("strip", False, False)]
)
@pytest.mark.parametrize("cut_into_blocks", [False, True])
def test_metadata_follows_the_policy(policy: MetadataPolicy, kept: bool, located: bool, cut_into_blocks: bool) -> None:
    packet = pictures.xmp('exif:GPSLatitude="48,51N" dc:creator="A. Author"')
    trailer = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    extensions = gifs.loops(0) + gifs.comment(b"by hand")
    extensions += gifs.application(b"ICCRGBG1012", gifs.in_blocks(b"profile"))
    extensions += gifs.application(b"XMP DataXMP", gifs.in_blocks(packet) if cut_into_blocks else packet + trailer)
    done = watermark(gif(SIZE, [GifFrame(noise(SIZE, 4))], table(4), extensions=extensions), Recipe(metadata=policy))
    assert gifs.loops(0) in done.data
    assert gifs.in_blocks(b"profile") in done.data
    assert (gifs.comment(b"by hand") in done.data) == kept
    assert b"A. Author" in done.data
    assert (b"48,51N" in done.data) == located
    picture = Image.open(BytesIO(done.data))
    assert (picture.info.get("comment") == b"by hand") == kept
    assert done.warnings == ()


def test_content_credentials_and_damaged_xmp_are_reported() -> None:
    extensions = gifs.application(b"C2PA_GIF\1\0\0", gifs.in_blocks(b"claim"))
    extensions += gifs.application(b"XMP DataXMP", gifs.in_blocks(b"<x"))
    done = watermark(gif(SIZE, [GifFrame(noise(SIZE, 4))], table(4), extensions=extensions))
    assert [warning.split()[0] for warning in done.warnings] == ["Content", "XMP"]


def test_a_missing_trailer_is_reported() -> None:
    done = watermark(gif(SIZE, [GifFrame(noise(SIZE, 4))], table(4))[:-1])
    assert done.warnings == ("the file has no end mark and may be truncated: the copy has 1 frame",)
    assert done.data.endswith(b";")


def test_a_first_frame_larger_than_the_screen_widens_it() -> None:
    done = watermark(gif((1, 1), [GifFrame(noise(SIZE, 4))], table(4)))
    assert (done.width, done.height) == SIZE
    assert Image.open(BytesIO(done.data)).size == SIZE


def test_frames_and_their_pixels_are_counted_before_they_are_decoded() -> None:
    data = gif(SIZE, [GifFrame(noise((4, 4), 4))] * 30, table(4))
    for limits, named in (
        (Limits(max_frames=29), "30 frames; at most 29"),
        (Limits(max_total_pixels=60_000), "30 frames of"),
    ):
        with pytest.raises(Refused, match=named) as refusal:
            watermark(data, limits=limits)
        assert refusal.value.code == "too-many-frames"
    wide = data.replace(struct.pack("<BHHHH", 0x2C, 0, 0, 4, 4), struct.pack("<BHHHH", 0x2C, 0, 0, 65535, 65535))
    with pytest.raises(Refused) as refusal:
        watermark(wide)
    assert refusal.value.code == "too-large"


@pytest.mark.parametrize("name", ["moon_impact.gif", "muybridge-380-frames.gif"])
def test_a_real_animation_looks_the_same_outside_the_mark(name: str) -> None:
    path = animations.SHARED_PHOTOS / "animated" / name
    if not path.is_file():
        pytest.skip("no photos beside the checkout")
    data = path.read_bytes()
    done = watermark(data)
    assert done.warnings == ()
    assert len(done.data) < 1.02 * len(data)
    before, after = shown(data), shown(done.data)
    box = overlay_for(WatermarkSpec(), (done.width, done.height)).boxes[0]
    assert sum(step.milliseconds for step in before) == sum(step.milliseconds for step in after)
    pairs = zip(by_millisecond(before)[::250], by_millisecond(after)[::250], strict=True)
    assert all(largest_difference(outside(one, box), outside(other, box)) == 0 for one, other in pairs)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(DISPOSALS)),
            st.sampled_from([None, 0, 3]),
            st.booleans(),
            st.integers(0, 40),
            st.integers(0, 30),
            st.integers(1, 60),
            st.integers(1, 44),
        ),
        min_size=1,
        max_size=5,
    ),
    st.integers(2, 256),
)
def test_any_animation_looks_the_same_outside_the_mark(
    parts: list[tuple[str, int | None, bool, int, int, int, int]], count: int
) -> None:
    shared = table(count)
    frames = [
        GifFrame(
            noise((width, height), count, seed),
            (left, top),
            table(count, seed) if own else None,
            transparent,
            10,
            dispose,
        )
        for seed, (dispose, transparent, own, left, top, width, height) in enumerate(parts)
    ]
    size = max(100, frames[0].at[0] + 60), max(80, frames[0].at[1] + 44)
    data = gif(size, frames, shared)
    done = watermark(data)
    box = overlay_for(WatermarkSpec(), size).boxes[0]
    for one, other in zip(gif_shown(data), gif_shown(done.data), strict=True):
        difference = largest_difference(outside(one.picture, box), outside(other.picture, box))
        assert difference == 0 or done.warnings
