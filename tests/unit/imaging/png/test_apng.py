from __future__ import annotations

import random
import struct
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.drawn import animations, pictures
from tests.drawn.apngs import BACKGROUND, KEEP, PREVIOUS, ApngFrame, apng, default_image, rendered, sequence_numbers
from tests.drawn.pictures import chunk, png_chunks
from tests.unit.imaging.png.png_cases import TYPES, colours, header, palette
from zenoimg.imaging import Limits, Recipe, Refused, WatermarkSpec, watermark
from zenoimg.imaging.marking.mark import overlay_for

SIZE = (48, 36)
SPRITE = (14, 12)
PLACES = [(0, 0), (12, 8), (34, 24), (30, 22), (4, 2)]


def noise(size: tuple[int, int], color_type: int, depth: int, seed: int = 5) -> list[int]:
    dice = random.Random(seed)
    return [dice.randrange(1 << depth) for _ in range(size[0] * size[1] * pictures.SAMPLES_A_PIXEL[color_type])]


def needed(color_type: int, depth: int) -> list[bytes]:
    return [chunk(b"PLTE", palette(1 << depth))] if color_type == 3 else []


def mark_box(spec: WatermarkSpec | None = None, size: tuple[int, int] = SIZE) -> tuple[int, int, int, int]:
    return overlay_for(spec or WatermarkSpec(), size).boxes[0]


def compared(before: bytes, after: bytes, box: tuple[int, int, int, int], width: int = SIZE[0]) -> tuple[float, int]:
    """Return the largest difference outside a box, 0 to 1, and the fewest pixels inside that differ on any frame."""
    largest, fewest = 0.0, 1 << 30
    pairs = list(zip(rendered(before, colours), rendered(after, colours), strict=True))
    for (time, one), (other_time, other) in pairs:
        assert time == other_time
        inside = 0
        for place, (pixel, copy) in enumerate(zip(one, other, strict=True)):
            if pixel == copy:
                continue
            if box[0] <= place % width < box[2] and box[1] <= place // width < box[3]:
                inside += 1
            else:
                # Colours are weighted by their alpha.
                largest = max(largest, abs(pixel[3] - copy[3]))
                largest = max(largest, *(abs(pixel[c] * pixel[3] - copy[c] * copy[3]) for c in range(3)))
        fewest = min(fewest, inside)
    return largest, fewest


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("color_type", "depth"), TYPES)
def test_type_depth_and_interlacing_are_kept_and_only_the_mark_changes(
    color_type: int, depth: int, interlaced: bool
) -> None:
    frames = [ApngFrame(SIZE, noise(SIZE, color_type, depth)), ApngFrame(SIZE, noise(SIZE, color_type, depth, 6))]
    frames += [ApngFrame(SPRITE, noise(SPRITE, color_type, depth, at[0]), at) for at in PLACES]
    data = apng(SIZE, color_type, depth, frames, before=needed(color_type, depth), interlaced=interlaced)
    done = watermark(data)
    assert header(done.data) == (*SIZE, depth, color_type, 0, 0, interlaced)
    largest, fewest = compared(data, done.data, mark_box())
    assert largest == 0
    assert fewest > 30
    assert (done.format, done.content_type, done.frames, done.warnings) == ("PNG", "image/png", 7, ())
    assert sequence_numbers(done.data) == list(range(13))
    picture = Image.open(BytesIO(done.data))
    assert picture.n_frames == 7  # type: ignore[attr-defined]
    assert dict(png_chunks(done.data))[b"acTL"] == dict(png_chunks(data))[b"acTL"]


@pytest.mark.parametrize("disposal", [KEEP, BACKGROUND, PREVIOUS])
@pytest.mark.parametrize("blends", [False, True])
@pytest.mark.parametrize(("color_type", "depth"), [(0, 2), (0, 8), (2, 8), (2, 16), (3, 4), (4, 8), (6, 8), (6, 16)])
def test_no_trace_of_the_mark_remains_after_disposal(color_type: int, depth: int, blends: bool, disposal: int) -> None:
    # Where frames dispose, transparent areas appear: colours without alpha and a full palette then need another form.
    frames = [ApngFrame(SIZE, noise(SIZE, color_type, depth))]
    frames += [
        ApngFrame(SPRITE, noise(SPRITE, color_type, depth, at[0]), at, (1, 50), blends, disposal) for at in PLACES
    ]
    data = apng(SIZE, color_type, depth, frames, before=needed(color_type, depth))
    done = watermark(data)
    largest, fewest = compared(data, done.data, mark_box())
    assert largest <= (2.5 / 255 if blends and color_type in (4, 6) else 0)
    assert fewest > 20
    assert bool(done.warnings) == (disposal == BACKGROUND and color_type in (0, 2, 3))


@pytest.mark.parametrize("disposal", [BACKGROUND, PREVIOUS])
def test_sprites_over_an_opaque_background_appear_and_disappear(disposal: int) -> None:
    ground = [channel for _ in range(SIZE[0] * SIZE[1]) for channel in (90, 120, 30, 255)]
    sprite = [channel for step in range(SPRITE[0] * SPRITE[1]) for channel in (250, step, 9, 255 * (step % 3 > 0))]
    places = [(0, 0), *PLACES]  # twice in one place: pixels that stay the same although the frame was disposed of
    frames = [ApngFrame(SIZE, ground), *(ApngFrame(SPRITE, sprite, at, (1, 9), True, disposal) for at in places)]
    data = apng(SIZE, 6, 8, frames)
    largest, fewest = compared(data, watermark(data).data, mark_box())
    assert largest == 0
    assert fewest > 20


def test_a_first_frame_that_disposes_to_previous_leaves_a_transparent_canvas() -> None:
    frames = [ApngFrame(SIZE, noise(SIZE, 2, 8), disposal=PREVIOUS), ApngFrame(SPRITE, noise(SPRITE, 2, 8), (3, 3))]
    data = apng(SIZE, 2, 8, frames)
    done = watermark(data)
    assert done.warnings == ("transparent areas appear between frames: the picture got alpha",)
    assert compared(data, done.data, mark_box())[0] == 0


@pytest.mark.parametrize("color_type", [0, 2])
@pytest.mark.parametrize("depth", [8, 16])
def test_a_transparent_colour_fills_the_empty_canvas(color_type: int, depth: int) -> None:
    per_pixel = pictures.SAMPLES_A_PIXEL[color_type]
    key = chunk(b"tRNS", struct.pack(">H", 7) * per_pixel)
    sprite = [7] * (SPRITE[0] * SPRITE[1] * per_pixel)
    sprite[: 60 * per_pixel] = [200] * (60 * per_pixel)
    frames = [ApngFrame(SPRITE, sprite, at, blends=True, disposal=BACKGROUND) for at in PLACES]
    data = apng(SIZE, color_type, depth, frames, default=noise(SIZE, color_type, depth), before=[key])
    done = watermark(data)
    assert header(done.data)[2:4] == (depth, color_type)
    largest, fewest = compared(data, done.data, mark_box())
    assert largest == 0
    assert fewest > 20
    assert done.warnings == ()


def test_a_transparent_palette_entry_fills_the_empty_canvas() -> None:
    entries = [chunk(b"PLTE", palette(16)), chunk(b"tRNS", b"\xff\xff\xff\0")]
    frames = [ApngFrame(SPRITE, noise(SPRITE, 3, 4), at, blends=True, disposal=BACKGROUND) for at in PLACES]
    data = apng(SIZE, 3, 8, frames, default=noise(SIZE, 3, 4), before=entries)
    done = watermark(data)
    assert header(done.data)[2:4] == (8, 3)
    largest, fewest = compared(data, done.data, mark_box())
    assert largest == 0
    assert fewest > 20
    assert done.warnings == ()


def test_semitransparent_palette_colours_that_blend_need_true_colour() -> None:
    entries = [chunk(b"PLTE", palette(16)), chunk(b"tRNS", b"\x60\x90\xc0\0")]
    frames = [
        ApngFrame(SIZE, noise(SIZE, 3, 4)),
        *(ApngFrame(SPRITE, noise(SPRITE, 3, 2), at, blends=True) for at in PLACES),
    ]
    done = watermark(apng(SIZE, 3, 4, frames, before=entries))
    assert header(done.data)[2:4] == (8, 6)
    assert done.warnings == ("partly transparent colours of a palette are blended: the picture became RGBA",)
    largest, _ = compared(apng(SIZE, 3, 4, frames, before=entries), done.data, mark_box())
    assert largest < 2.5 / 255


def test_a_palette_without_colours_for_the_mark_gets_more_depth_with_a_warning() -> None:
    reds = chunk(b"PLTE", b"\xff\0\0\xf0\0\0")
    frames = [ApngFrame(SIZE, noise(SIZE, 3, 1)), ApngFrame(SPRITE, noise(SPRITE, 3, 1), (1, 1))]
    data = apng(SIZE, 3, 1, frames, before=[reds])
    done = watermark(data)
    assert header(done.data)[2:4] == (8, 3)
    assert done.warnings == ("1-bit palette had no room for the mark or for transparency and was converted to 8-bit",)
    largest, fewest = compared(data, done.data, mark_box())
    assert largest == 0
    assert fewest > 20


def test_a_default_image_that_is_not_a_frame_is_marked_and_stays_separate() -> None:
    frames = [ApngFrame(SIZE, noise(SIZE, 2, 8, 8)), ApngFrame(SIZE, noise(SIZE, 2, 8, 9))]
    data = apng(SIZE, 2, 8, frames, default=noise(SIZE, 2, 8))
    done = watermark(data)
    box = mark_box()
    before, after = colours(default_image(data)), colours(default_image(done.data))
    differing = [place for place, (one, other) in enumerate(zip(before, after, strict=True)) if one != other]
    assert len(differing) > 30
    assert all(box[0] <= place % SIZE[0] < box[2] and box[1] <= place // SIZE[0] < box[3] for place in differing)
    assert [name for name, _ in png_chunks(done.data)][:3] == [b"IHDR", b"acTL", b"IDAT"]
    assert compared(data, done.data, box)[0] == 0
    assert done.frames == 2


def test_frames_outside_the_mark_keep_the_sources_bytes() -> None:
    frames = [ApngFrame(SIZE, noise(SIZE, 2, 8)), *(ApngFrame(SPRITE, noise(SPRITE, 2, 8), at) for at in PLACES)]
    data = apng(SIZE, 2, 8, frames)
    coded = [
        [content[4:] for name, content in png_chunks(file) if name == b"fdAT"] for file in (data, watermark(data).data)
    ]
    assert [one == other for one, other in zip(*coded, strict=True)] == [True, True, False, False, True]


def test_text_profile_and_orientation_are_kept_and_the_location_removed() -> None:
    before = [chunk(b"gAMA", struct.pack(">I", 45455)), chunk(b"eXIf", pictures.exif(6, gps=True))]
    after = [chunk(b"tEXt", b"Author\0A. Author"), chunk(b"tEXt", b"exif:GPSLatitude\x0048,51N")]
    data = apng(SIZE, 6, 8, [ApngFrame(SIZE, noise(SIZE, 6, 8))] * 2, before=before, after=after)
    done = watermark(data)
    names = [name for name, _ in png_chunks(done.data)]
    assert names == [b"IHDR", b"acTL", b"gAMA", b"eXIf", b"fcTL", b"IDAT", b"tEXt", b"fcTL", b"fdAT", b"IEND"]
    assert b"A. Author" in done.data
    assert b"48,51N" not in done.data
    assert (done.width, done.height, done.warnings) == (SIZE[1], SIZE[0], ())


def test_a_tiled_mark_is_on_every_frame() -> None:
    spec = WatermarkSpec(position="tile")
    frames = [ApngFrame(SIZE, noise(SIZE, 6, 8))]
    frames += [ApngFrame(SPRITE, noise(SPRITE, 6, 8), at, disposal=BACKGROUND) for at in PLACES]
    data = apng(SIZE, 6, 8, frames)
    _, fewest = compared(data, watermark(data, Recipe(spec)).data, (0, 0, *SIZE))
    assert fewest > 300


def test_frames_and_their_pixels_are_counted_before_they_are_decoded() -> None:
    data = apng(SIZE, 2, 8, [ApngFrame(SIZE, noise(SIZE, 2, 8))] * 6)
    for limits, named in (
        (Limits(max_frames=5), "6 frames; at most 5"),
        (Limits(max_total_pixels=9000), "6 frames of 48 x 36"),
    ):
        with pytest.raises(Refused, match=named) as refusal:
            watermark(data, limits=limits)
        assert refusal.value.code == "too-many-frames"


@pytest.mark.parametrize(
    ("frame", "named"),
    [
        (ApngFrame(SPRITE, noise(SPRITE, 2, 8), (40, 0)), "a frame of 14 x 12 at 40, 0"),
        (ApngFrame(SPRITE, noise(SPRITE, 2, 8), disposal=3), "a frame of 14 x 12"),
    ],
)
def test_frames_out_of_place_are_corrupt(frame: ApngFrame, named: str) -> None:
    data = apng(SIZE, 2, 8, [ApngFrame(SIZE, noise(SIZE, 2, 8)), frame])
    with pytest.raises(Refused, match=named) as refusal:
        watermark(data)
    assert refusal.value.code == "corrupt"


@pytest.mark.parametrize(
    ("announced", "frames", "warning"),
    [
        (5, 3, "the animated PNG announces 5 frames and has 3: the copy has those that exist"),
        (0, 3, "the animated PNG announces 0 frames and has 3: the copy has those that exist"),
        (2, 2, "the animated PNG announces 2 frames: 1 more was left out"),
    ],
)
def test_a_wrong_number_of_frames_is_corrected(announced: int, frames: int, warning: str) -> None:
    data = apng(SIZE, 2, 8, [ApngFrame(SIZE, noise(SIZE, 2, 8, seed)) for seed in range(3)])
    right, wrong = (chunk(b"acTL", struct.pack(">II", number, 2)) for number in (3, announced))
    done = watermark(data.replace(right, wrong))
    assert (done.frames, done.warnings) == (frames, (warning,))
    assert dict(pictures.png_chunks(done.data))[b"acTL"] == struct.pack(">II", frames, 2)


def test_a_last_frame_without_pixels_is_left_out() -> None:
    data = apng(SIZE, 2, 8, [ApngFrame(SIZE, noise(SIZE, 2, 8, seed)) for seed in range(2)])
    chunks = [(name, content) for name, content in pictures.png_chunks(data) if name != b"fdAT"]
    done = watermark(data[:8] + b"".join(chunk(name, content) for name, content in chunks))
    assert done.frames == 1


@pytest.mark.parametrize("name", ["ball.apng", "over_previous.apng", "apng-16bit.png", "apng-2bit-palette.png"])
def test_a_real_animation_looks_the_same_outside_the_mark(name: str) -> None:
    path = animations.SHARED_PHOTOS / "animated" / name
    if not path.is_file():
        pytest.skip("no photos beside the checkout")
    data = path.read_bytes()
    done = watermark(data)
    largest, fewest = compared(data, done.data, mark_box(size=(done.width, done.height)), done.width)
    assert largest < 1.5 / 255
    assert fewest > 60


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([kind for kind in TYPES if kind[0] != 3]),
    st.lists(
        st.tuples(
            st.sampled_from([KEEP, BACKGROUND, PREVIOUS]),
            st.booleans(),
            st.integers(0, 30),
            st.integers(0, 20),
            st.integers(1, 18),
            st.integers(1, 16),
        ),
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
)
def test_any_animation_looks_the_same_outside_the_mark(
    kind: tuple[int, int], parts: list[tuple[int, bool, int, int, int, int]], has_default: bool
) -> None:
    color_type, depth = kind
    frames = [
        ApngFrame(
            (width, height), noise((width, height), color_type, depth, seed), (left, top), (1, 10), blends, disposal
        )
        for seed, (disposal, blends, left, top, width, height) in enumerate(parts)
    ]
    whole = noise(SIZE, color_type, depth, 99)
    if not has_default:
        frames.insert(0, ApngFrame(SIZE, whole))
    data = apng(SIZE, color_type, depth, frames, default=whole if has_default else None)
    largest, fewest = compared(data, watermark(data).data, mark_box())
    assert largest <= 3.5 / 255
    assert fewest > 0
