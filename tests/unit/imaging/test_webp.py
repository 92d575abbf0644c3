from __future__ import annotations

import struct
from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image, ImageOps

from tests.drawn import animations, pictures
from tests.drawn.animations import (
    Frame,
    by_millisecond,
    largest_difference,
    moving_ball,
    outside,
    psnr,
    shown,
    webp,
    webp_chunk,
    webp_chunks,
    webp_file,
    webp_image_data,
    with_mark,
)
from zenoimg.imaging import EncoderSettings, Limits, Recipe, Refused, WatermarkSpec, watermark
from zenoimg.imaging.marking.mark import overlay_for
from zenoimg.imaging.recipe import MetadataPolicy

SIZE = (72, 56)


def still(picture: Image.Image, **options: object) -> bytes:
    encoded = BytesIO()
    picture.save(encoded, "WEBP", **options)
    return encoded.getvalue()


def names(data: bytes) -> list[bytes]:
    return [name for name, _ in webp_chunks(data)]


def decoded(data: bytes) -> Image.Image:
    picture = Image.open(BytesIO(data))
    picture.load()
    return picture


def see_through() -> Image.Image:
    picture = pictures.photo(SIZE, "RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(SIZE).point([max(0, level - 60) for level in range(256)]))
    return picture


@pytest.mark.parametrize("picture", [pictures.photo(SIZE), see_through()], ids=["opaque", "alpha"])
def test_lossless_pictures_stay_bit_exact_outside_the_mark_including_transparent_pixels(picture: Image.Image) -> None:
    data = still(picture, lossless=True, exact=True)
    done = watermark(data)
    assert names(done.data) == [b"VP8L"]
    expected = decoded(data)
    overlay = overlay_for(WatermarkSpec(), SIZE)
    after = decoded(done.data)
    box = overlay.boxes[0]
    assert outside(after, box).tobytes() == outside(expected, box).tobytes()
    (step,) = shown(done.data)
    (wanted,) = with_mark(shown(data))
    assert largest_difference(step.picture, wanted.picture) == 0
    assert (done.format, done.content_type, done.frames, done.warnings) == ("WebP", "image/webp", 1, ())


def test_lossy_pictures_stay_lossy_at_the_quality_of_the_recipe() -> None:
    data = still(pictures.photo((160, 120)), quality=80)
    fine, coarse = (watermark(data, Recipe(encoder=EncoderSettings(webp_quality=quality))) for quality in (95, 40))
    box = overlay_for(WatermarkSpec(), (160, 120)).boxes[0]
    source = outside(decoded(data), box)
    assert names(fine.data) == names(coarse.data) == [b"VP8 "]
    assert psnr(outside(decoded(watermark(data).data), box), source) > 39
    assert psnr(outside(decoded(fine.data), box), source) > psnr(outside(decoded(coarse.data), box), source) + 4
    assert len(fine.data) > 1.5 * len(coarse.data)


def test_alpha_of_a_lossy_picture_is_kept_exactly() -> None:
    data = still(see_through(), quality=80)
    done = watermark(data)
    assert names(done.data) == [b"VP8X", b"ALPH", b"VP8 "]
    box = overlay_for(WatermarkSpec(), SIZE).boxes[0]
    before, after = outside(decoded(data), box), outside(decoded(done.data), box)
    assert before.getchannel("A").tobytes() == after.getchannel("A").tobytes()


def test_the_mark_is_visible_on_a_transparent_background() -> None:
    after = decoded(watermark(still(Image.new("RGBA", SIZE), lossless=True)).data)
    assert after.getbbox(alpha_only=True) is not None
    assert after.getchannel("A").getextrema() == (0, 153)


def test_higher_effort_stores_the_same_pixels_in_fewer_bytes() -> None:
    data = still(pictures.photo(), lossless=True)
    quick, thorough = (
        watermark(data, Recipe(encoder=EncoderSettings(webp_lossless_effort=effort))) for effort in (0, 100)
    )
    assert decoded(quick.data).tobytes() == decoded(thorough.data).tobytes()
    assert len(thorough.data) < len(quick.data)


def test_profile_exif_xmp_and_unknown_chunks_are_kept() -> None:
    profile = pictures.icc_profile()
    block = pictures.exif(6, maker_note=True)
    body = webp_chunk(b"ICCP", profile) + webp_image_data(pictures.photo(SIZE))
    body += webp_chunk(b"EXIF", block) + webp_chunk(b"XMP ", pictures.xmp()) + webp_chunk(b"zeno", b"odd")
    data = webp_file(SIZE, body, flags=0x2C)
    done = watermark(data)
    chunks = dict(webp_chunks(done.data))
    assert list(chunks) == [b"VP8X", b"ICCP", b"VP8 ", b"EXIF", b"XMP ", b"zeno"]
    assert chunks[b"VP8X"][0] == 0x2C
    assert (chunks[b"ICCP"], chunks[b"EXIF"], chunks[b"XMP "], chunks[b"zeno"]) == (
        profile,
        pictures.exif(1, maker_note=True),
        pictures.xmp(),
        b"odd",
    )
    assert (done.width, done.height) == (SIZE[1], SIZE[0])
    copy = decoded(done.data)
    assert (copy.info["icc_profile"], copy.getexif()[0x0112], done.warnings) == (profile, 1, ())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_are_rotated_because_browsers_ignore_webp_orientation(orientation: int) -> None:
    stored = (56, 72) if orientation >= 5 else (72, 56)
    picture = pictures.photo(stored)
    body = webp_image_data(picture, lossless=True)
    done = watermark(webp_file(stored, body + webp_chunk(b"EXIF", pictures.exif(orientation)), flags=0x08))
    (marked,) = with_mark(shown(still(turned(picture, orientation), lossless=True)))
    assert (done.width, done.height) == (72, 56)
    assert largest_difference(shown(done.data)[0].picture, marked.picture) == 0
    assert decoded(done.data).getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize("orientation", [3, 5, 6, 8])
def test_animations_are_rotated(orientation: int) -> None:
    stored = (56, 72) if orientation >= 5 else (72, 56)
    frames = [Frame(picture, lossless=True) for picture in moving_ball(stored, mode="RGBA")]
    frames[1:] = [replace(frame, picture=frame.picture.crop((4, 6, 40, 50)), at=(4, 6)) for frame in frames[1:]]
    data = webp(stored, frames)
    body = data[30:] + webp_chunk(b"EXIF", pictures.exif(orientation))
    done = watermark(webp_file(stored, body, flags=0x1A))
    upright = [replace(one, picture=turned(one.picture, orientation)) for one in shown(data)]
    for one, other in zip(with_mark(upright), shown(done.data), strict=True):
        assert one.milliseconds == other.milliseconds
        assert largest_difference(one.picture, other.picture) == 0


def turned(picture: Image.Image, orientation: int) -> Image.Image:
    picture.getexif()[0x0112] = orientation
    upright = ImageOps.exif_transpose(picture)
    assert upright is not None
    return upright


@pytest.mark.parametrize(
    ("policy", "location", "camera"), [("keep", 1, 1), ("keep-no-location", 0, 1), ("strip", 0, 0)]
)
def test_metadata_follows_the_policy(policy: MetadataPolicy, location: bool, camera: bool) -> None:
    body = webp_image_data(pictures.photo(SIZE))
    body += webp_chunk(b"EXIF", b"Exif\0\0" + pictures.exif(8, gps=True))
    body += webp_chunk(b"XMP ", pictures.xmp('exif:GPSLatitude="48,51N" dc:creator="A. Author"'))
    done = watermark(webp_file(SIZE, body, flags=0x0C), Recipe(metadata=policy))
    tags = decoded(done.data).getexif()
    assert tags.get(0x0112, 1) == 1
    assert (0x8825 in tags) == location
    assert (b"48,51N" in done.data) == location
    assert (0x010F in tags) == camera
    assert b"A. Author" in done.data
    assert done.warnings == ()


def test_damaged_metadata_and_content_credentials_are_reported() -> None:
    body = webp_image_data(pictures.photo(SIZE)) + webp_chunk(b"EXIF", b"II*\0\xff\xff\xff\xff")
    body += webp_chunk(b"XMP ", b"<x") + webp_chunk(b"C2PA", b"\0")
    done = watermark(webp_file(SIZE, body, flags=0x0C))
    assert names(done.data) == [b"VP8 "]
    assert [warning.split()[0] for warning in done.warnings] == ["EXIF", "XMP", "Content"]


def ball_frames(kind: str) -> list[Frame]:
    """Return the ball as whole frames, as sprites over a background, and as sprites that are disposed of."""
    whole = moving_ball(SIZE)
    sprite = moving_ball((16, 16), steps=1, mode="RGBA")[0]
    places = [(0, 0), (14, 10), (28, 20), (42, 30), (56, 40)]
    match kind:
        case "whole":
            return [Frame(picture, duration=30 + 10 * step) for step, picture in enumerate(whole)]
        case "sprites":
            ground = Frame(pictures.photo(SIZE, "RGBA"), blends=False)
            return [ground, *(Frame(sprite, at) for at in places), Frame(sprite, (0, 40), duration=0)]
        case "disposing":
            return [Frame(sprite, at, dispose="background") for at in [*places, *places[:2]]]
        case "disposing whole":
            return [Frame(picture, dispose="background") for picture in moving_ball(SIZE, mode="RGBA")]
        case _:
            shade = Image.new("RGBA", (40, 30), (255, 0, 0, 90))
            ground = Frame(pictures.photo(SIZE, "RGBA"), duration=20)
            return [ground, Frame(shade, (30, 24)), Frame(shade, (32, 26), blends=False), Frame(shade, (2, 2))]


@pytest.mark.parametrize("kind", ["whole", "sprites", "disposing", "disposing whole", "half transparent"])
@pytest.mark.parametrize("position", ["bottom-right", "top-left", "tile"])
def test_an_animation_looks_the_same_apart_from_the_mark_at_every_millisecond(kind: str, position: str) -> None:
    spec = WatermarkSpec(position=position)  # type: ignore[arg-type]
    data = webp(SIZE, ball_frames(kind))
    done = watermark(data, Recipe(spec))
    before, after = by_millisecond(with_mark(shown(data), spec)), by_millisecond(shown(done.data))
    assert len(before) == len(after) > 100
    assert max(largest_difference(one, other) for one, other in zip(before, after, strict=True)) <= 1
    assert done.frames == len(ball_frames(kind))
    assert dict(webp_chunks(done.data))[b"ANIM"] == dict(webp_chunks(data))[b"ANIM"]


@pytest.mark.parametrize("width", [71, 72, 73, 74])
@pytest.mark.parametrize("height", [55, 56])
def test_a_frame_that_grows_starts_at_even_coordinates(width: int, height: int) -> None:
    sprite = moving_ball((16, 14), steps=1, mode="RGBA")[0]
    data = webp((width, height), [Frame(sprite, (at, 40), dispose="background") for at in (54, 52, 54)])
    before, after = with_mark(shown(data)), shown(watermark(data).data)
    pairs = zip(by_millisecond(before), by_millisecond(after), strict=True)
    assert max(largest_difference(one, other) for one, other in pairs) <= 1


def test_frames_outside_the_mark_keep_the_sources_bytes() -> None:
    frames = [Frame(pictures.photo(SIZE), lossless=False)]
    frames += [Frame(moving_ball((16, 16), 1)[0], (2 * step, 0), lossless=step % 2 == 0) for step in range(4)]
    data = webp(SIZE, frames)
    before, after = (
        [part for name, part in webp_chunks(file) if name == b"ANMF"] for file in (data, watermark(data).data)
    )
    assert before[1:] == after[1:]
    assert before[0] != after[0]


def test_in_an_animation_each_frame_stays_lossless_or_lossy() -> None:
    frames = [Frame(pictures.photo(SIZE), lossless=step % 2 == 0) for step in range(4)]
    done = watermark(webp(SIZE, frames))
    kinds = [part[16:20] for name, part in webp_chunks(done.data) if name == b"ANMF"]
    assert kinds == [b"VP8L", b"VP8 ", b"VP8L", b"VP8 "]


def test_lossy_frames_keep_their_quality_without_accumulating_losses() -> None:
    ground = Frame(pictures.photo((160, 120)), lossless=False)
    sprites = [Frame(moving_ball((40, 30), 1)[0], (100, 80), lossless=False) for _ in range(6)]
    data = webp((160, 120), [ground, *sprites])
    for one, other in zip(with_mark(shown(data)), shown(watermark(data).data), strict=False):
        assert psnr(one.picture.convert("RGB"), other.picture.convert("RGB")) > 38


def test_frames_and_their_pixels_are_counted_before_they_are_decoded() -> None:
    data = webp((64, 64), [Frame(Image.new("RGB", (64, 64)))] * 20)
    with pytest.raises(Refused, match="20 frames; at most 10") as refusal:
        watermark(data, limits=Limits(max_frames=10))
    assert refusal.value.code == "too-many-frames"
    with pytest.raises(Refused, match="20 frames of 64 x 64") as refusal:
        watermark(data, limits=Limits(max_total_pixels=70_000))
    assert refusal.value.code == "too-many-frames"


@pytest.mark.parametrize(
    "header",
    [
        webp_chunk(b"VP8X", struct.pack("<I", 2) + b"\xff\xff\xff" * 2),
        webp_chunk(b"VP8L", b"\x2f" + struct.pack("<I", 0x3FFF | 0x3FFF << 14)),
        webp_chunk(b"VP8 ", b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 16383, 16383)),
    ],
)
def test_the_size_is_checked_before_pixels_are_decoded(header: bytes) -> None:
    body = b"WEBP" + header + webp_chunk(b"ANMF", bytes(16))
    with pytest.raises(Refused) as refusal:
        watermark(b"RIFF" + struct.pack("<I", len(body)) + body)
    assert refusal.value.code == "too-large"


def test_a_frame_that_extends_past_the_edge_is_corrupt() -> None:
    data = webp((40, 40), [Frame(Image.new("RGB", (40, 40))), Frame(Image.new("RGB", (40, 40)), (2, 0))])
    with pytest.raises(Refused, match="extends past its canvas") as refusal:
        watermark(data)
    assert refusal.value.code == "corrupt"


@pytest.mark.parametrize(
    ("name", "decibels"), [("alpha-12-frames.webp", 38), ("random_lossless.webp", 99), ("random_lossy.webp", 34)]
)
def test_a_real_animation_looks_the_same_apart_from_the_mark(name: str, decibels: float) -> None:
    path = animations.SHARED_PHOTOS / "animated" / name
    if not path.is_file():
        pytest.skip("no photos beside the checkout")
    data = path.read_bytes()
    before, after = by_millisecond(with_mark(shown(data))), by_millisecond(shown(watermark(data).data))
    assert len(before) == len(after)
    for one, other in zip(before[::20], after[::20], strict=True):
        assert psnr(one, other) >= decibels


def test_an_animation_that_repeats_its_background_does_not_grow_by_one_mark_per_frame() -> None:
    ground = pictures.photo((240, 180)).convert("RGBA")
    frames = [Frame(ground)] + [Frame(ground.copy()) for _ in range(6)]
    for index, frame in enumerate(frames[1:]):
        frame.picture.paste((200, 30, 40, 255), (10 + 20 * index, 20, 30 + 20 * index, 40))
    data = webp((240, 180), frames)
    own = len(
        still(Image.open(BytesIO(watermark(data).data)).convert("RGBA").crop(mark_box((240, 180))), lossless=True)
    )
    assert len(watermark(data).data) < 1.03 * len(data) + own


def mark_box(size: tuple[int, int]) -> tuple[int, int, int, int]:
    return overlay_for(WatermarkSpec(), size).boxes[0]
