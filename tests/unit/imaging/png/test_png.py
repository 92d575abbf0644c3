from __future__ import annotations

import random
import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.drawn import pictures
from tests.drawn.pictures import chunk, png, png_chunks, png_samples
from tests.unit.imaging.png.png_cases import (
    SIZE,
    TYPES,
    changed,
    colours,
    header,
    mark_box,
    palette,
    patch,
    some_png,
    some_samples,
)
from zenoimg.imaging import EncoderSettings, Recipe, Refused, WatermarkSpec, watermark
from zenoimg.imaging.marking.mark import overlay_for


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("color_type", "depth"), TYPES)
def test_type_depth_and_interlacing_are_kept_and_only_the_mark_changes(
    color_type: int, depth: int, interlaced: bool
) -> None:
    data = some_png(color_type, depth, interlaced=interlaced)
    done = watermark(data)
    assert header(done.data) == (*SIZE, depth, color_type, 0, 0, interlaced)
    left, top, right, bottom = mark_box()
    pixels = changed(data, done.data)
    assert all(left <= x < right and top <= y < bottom for x, y in pixels)
    assert len(pixels) > 30
    assert (done.format, done.content_type, done.frames, done.warnings) == ("PNG", "image/png", 1, ())
    assert (done.width, done.height) == SIZE
    Image.open(BytesIO(done.data)).load()


@pytest.mark.parametrize(("color_type", "depth"), [(0, 16), (2, 16), (4, 16), (6, 16)])
def test_sixteen_bits_are_blended_at_sixteen_bits(color_type: int, depth: int) -> None:
    samples_a_pixel = pictures.SAMPLES_A_PIXEL[color_type]
    pixel = [1000, 20_003, 40_001, 65_535][:samples_a_pixel]
    if color_type == 4:
        pixel = [1000, 65_535]
    data = png(SIZE, color_type, depth, pixel * (SIZE[0] * SIZE[1]))
    after = png_samples(watermark(data, Recipe(patch(0.5))).data)
    inside = max(after[0::samples_a_pixel])
    assert inside == (1000 * 127 + 65_535 * 128 + 127) // 255


@pytest.mark.parametrize(("color_type", "depth"), [(4, 8), (4, 16), (6, 8), (6, 16)])
def test_on_a_transparent_background_only_the_mark_is_opaque(color_type: int, depth: int) -> None:
    data = png(SIZE, color_type, depth, [0] * (SIZE[0] * SIZE[1] * pictures.SAMPLES_A_PIXEL[color_type]))
    pixels = colours(watermark(data, Recipe(patch(0.6))).data)
    assert set(pixels) == {(0, 0, 0, 0), (65535, 65535, 65535, 153 * 257)}
    assert pixels.count((0, 0, 0, 0)) > len(pixels) / 2


def test_a_semitransparent_background_is_blended_by_its_alpha() -> None:
    data = png(SIZE, 6, 16, [0, 0, 0, 32_768] * (SIZE[0] * SIZE[1]))
    pixels = colours(watermark(data, Recipe(patch(0.5))).data)
    red, _, _, alpha = max(pixels, key=lambda pixel: pixel[3])
    assert alpha == pytest.approx(0.75 * 65535, rel=0.01)
    assert red == pytest.approx(65535 * 0.5 / 0.75, rel=0.02)


@pytest.mark.parametrize(("color_type", "depth"), [(0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16)])
@pytest.mark.parametrize("key", ["white", "black"])
def test_a_mark_on_a_transparent_colour_is_not_transparent(color_type: int, depth: int, key: str) -> None:
    value = (1 << depth) - 1 if key == "white" else 0
    per_pixel = pictures.SAMPLES_A_PIXEL[color_type]
    transparency = chunk(b"tRNS", struct.pack(">H", value) * per_pixel)
    data = png(SIZE, color_type, depth, [value] * (SIZE[0] * SIZE[1] * per_pixel), before=[transparency])
    done = watermark(data)
    pixels = colours(done.data)
    opaque = [pixel[:3] for pixel in pixels if pixel[3]]
    assert len(opaque) > 100
    assert max(opaque)[0] > 0.6 * 65535
    assert min(opaque)[0] < 0.4 * 65535
    assert len(opaque) < len(pixels) / 2
    assert dict(png_chunks(done.data))[b"tRNS"] == dict(png_chunks(data))[b"tRNS"]


@pytest.mark.parametrize(("color_type", "depth"), [(0, 4), (0, 8), (0, 16), (2, 8), (2, 16)])
def test_a_mark_in_the_transparent_colour_is_still_opaque(color_type: int, depth: int) -> None:
    value, per_pixel = (1 << depth) - 1, pictures.SAMPLES_A_PIXEL[color_type]
    transparency = chunk(b"tRNS", struct.pack(">H", value) * per_pixel)
    data = png(SIZE, color_type, depth, [value] * (SIZE[0] * SIZE[1] * per_pixel), before=[transparency])
    left, top, right, bottom = mark_box(patch(0.5))
    opaque = sum(pixel[3] > 0 for pixel in colours(watermark(data, Recipe(patch(0.5))).data))
    assert opaque == (right - left) * (bottom - top)


@pytest.mark.parametrize("key", [0, 1])
def test_a_mark_is_visible_on_a_transparent_one_bit_picture(key: int) -> None:
    data = png(SIZE, 0, 1, [key] * (SIZE[0] * SIZE[1]), before=[chunk(b"tRNS", struct.pack(">H", key))])
    assert sum(pixel[3] > 0 for pixel in colours(watermark(data).data)) > 60


@pytest.mark.parametrize("opacity", [0.1, 0.6, 1.0])
@pytest.mark.parametrize("ground", [0, 1])
def test_a_faint_mark_is_visible_even_with_two_levels(opacity: float, ground: int) -> None:
    data = png(SIZE, 0, 1, [ground] * (SIZE[0] * SIZE[1]))
    after = png_samples(watermark(data, Recipe(WatermarkSpec(opacity=opacity))).data)
    assert sum(value != ground for value in after) > 60


def test_a_full_palette_is_kept_and_the_mark_uses_its_colours() -> None:
    data = png(SIZE, 3, 8, some_samples(3, 8), before=[chunk(b"PLTE", palette(256))])
    done = watermark(data)
    assert dict(png_chunks(done.data))[b"PLTE"] == palette(256)
    assert changed(data, done.data)


def test_free_palette_entries_take_the_marks_colours_and_indices_stay_the_same() -> None:
    entries = palette(4)
    samples = [value % 4 for value in some_samples(3, 8)]
    data = png(SIZE, 3, 8, samples, before=[chunk(b"PLTE", entries)])
    done = watermark(data)
    grown = dict(png_chunks(done.data))[b"PLTE"]
    assert grown.startswith(entries)
    assert len(entries) < len(grown) <= 768
    left, top, right, bottom = mark_box()
    for index, (before, after) in enumerate(zip(samples, png_samples(done.data), strict=True)):
        if not (left <= index % SIZE[0] < right and top <= index // SIZE[0] < bottom):
            assert before == after


def test_a_palette_without_colours_for_the_mark_gets_more_depth_with_a_warning() -> None:
    data = png(SIZE, 3, 1, some_samples(3, 1), before=[chunk(b"PLTE", b"\xff\0\0\xf0\0\0")])
    done = watermark(data)
    assert header(done.data)[2:4] == (4, 3)
    assert done.warnings == ("1-bit palette had no colours for the mark and was converted to 4-bit",)
    assert changed(data, done.data)


def test_a_small_picture_gets_few_colours_of_the_mark() -> None:
    entries = b"".join(bytes((200, index * 8, 40)) for index in range(20))
    data = png((40, 30), 3, 8, [at % 20 for at in range(1200)], before=[chunk(b"PLTE", entries)])
    assert 20 < len(dict(png_chunks(watermark(data).data))[b"PLTE"]) // 3 <= 44


@pytest.mark.parametrize("transparent", [False, True])
def test_a_full_palette_without_colours_for_the_mark_becomes_true_colour_with_a_warning(transparent: bool) -> None:
    reds = b"".join(bytes((200 + index % 40, 0, index // 8)) for index in range(256))
    before = [chunk(b"gAMA", struct.pack(">I", 45455)), chunk(b"PLTE", reds), chunk(b"bKGD", b"\3")]
    if transparent:
        before.insert(2, chunk(b"tRNS", b"\0\x80"))
    data = png(SIZE, 3, 8, some_samples(3, 8), before=before)
    done = watermark(data)
    mode = "RGBA" if transparent else "RGB"
    assert header(done.data)[2:4] == (8, 6 if transparent else 2)
    assert done.warnings == (
        f"the palette had no colours for the mark and was converted to {mode}",
        "chunk bKGD belongs to a palette and was left out",
    )
    left, top, right, bottom = mark_box()
    pixels = changed(data, done.data)
    assert pixels
    assert all(left <= x < right and top <= y < bottom for x, y in pixels)
    assert [name for name, _ in png_chunks(done.data)] == [b"IHDR", b"gAMA", b"IDAT", b"IEND"]


def test_transparent_entries_are_kept_and_the_mark_on_them_is_visible() -> None:
    before = [chunk(b"PLTE", palette(8)), chunk(b"tRNS", b"\xff\xff\0\x40")]
    data = png(SIZE, 3, 8, [2] * (SIZE[0] * SIZE[1]), before=before)
    done = watermark(data)
    assert dict(png_chunks(done.data))[b"tRNS"].startswith(b"\xff\xff\0\x40")
    pixels = colours(done.data)
    assert sum(pixel[3] > 0.5 * 65535 for pixel in pixels) > 60
    assert done.warnings == ()


def test_a_tiled_mark_on_a_palette_covers_the_picture() -> None:
    data = png(SIZE, 3, 8, [0] * (SIZE[0] * SIZE[1]), before=[chunk(b"PLTE", palette(256))])
    pixels = changed(data, watermark(data, Recipe(WatermarkSpec(position="tile"))).data)
    assert {(x // 31, y // 22) for x, y in pixels} == {(0, 0), (1, 0), (0, 1), (1, 1)}


def test_palette_indices_without_a_palette_are_corrupt() -> None:
    with pytest.raises(Refused, match="no palette") as refusal:
        watermark(png(SIZE, 3, 8, some_samples(3, 8)))
    assert refusal.value.code == "corrupt"


def test_a_wrong_checksum_of_pixels_is_corrupt() -> None:
    data = bytearray(some_png(2, 8))
    data[data.index(b"IDAT") + 20] ^= 1
    with pytest.raises(Refused, match="'IDAT' fails its checksum"):
        watermark(bytes(data))


def test_the_size_is_checked_before_pixels_are_decoded() -> None:
    bomb = pictures.PNG_SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0))
    bomb += chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    with pytest.raises(Refused, match="2500 megapixels") as refusal:
        watermark(bomb)
    assert refusal.value.code == "too-large"


@pytest.mark.parametrize(("transfer", "white"), [(1, 1.0), (13, 1.0), (16, 0.581), (18, 0.75)])
def test_a_white_mark_is_reference_white_in_hdr(transfer: int, white: float) -> None:
    data = some_png(2, 8, before=[chunk(b"cICP", bytes((9, transfer, 0, 1)))])
    samples = png_samples(watermark(data, Recipe(patch(1.0))).data)
    left, top, right, bottom = mark_box(patch(1.0))
    centre = ((top + bottom) // 2 * SIZE[0] + (left + right) // 2) * 3
    assert samples[centre] / 255 == pytest.approx(white, abs=0.004)


def test_compression_comes_from_the_recipe() -> None:
    data = some_png(2, 8)
    stored = watermark(data, Recipe(encoder=EncoderSettings(png_compression=0)))
    assert len(stored.data) > SIZE[0] * SIZE[1] * 3
    assert len(watermark(png(SIZE, 2, 8, [0] * (SIZE[0] * SIZE[1] * 3))).data) < 2000


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(TYPES),
    st.booleans(),
    st.integers(26, 70),
    st.integers(26, 70),
    st.integers(0, 1000),
)
def test_any_size_keeps_every_pixel_outside_the_mark(
    kind: tuple[int, int], interlaced: bool, width: int, height: int, seed: int
) -> None:
    color_type, depth = kind
    dice = random.Random(seed)
    count = width * height * pictures.SAMPLES_A_PIXEL[color_type]
    samples = [dice.randrange(1 << depth) for _ in range(count)]
    before = [chunk(b"PLTE", palette(1 << depth, seed))] if color_type == 3 else []
    data = png((width, height), color_type, depth, samples, interlaced=interlaced, before=before)
    left, top, right, bottom = overlay_for(WatermarkSpec(), (width, height)).boxes[0]
    for index, (one, other) in enumerate(zip(colours(data), colours(watermark(data).data), strict=True)):
        if not (left <= index % width < right and top <= index // width < bottom):
            assert one == other
