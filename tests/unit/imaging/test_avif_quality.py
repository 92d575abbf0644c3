"""A copy of an AVIF is coded as finely as its source, and more finely where that would lose too much."""

from __future__ import annotations

import math
import struct
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter

from tests.drawn import pictures
from tests.drawn.animations import moving_ball, outside, psnr
from tests.drawn.avifs import changed, encoded, sequence
from zenoimg.imaging import EncoderSettings, Recipe, watermark
from zenoimg.imaging.formats.avif import encoding
from zenoimg.imaging.formats.avif.closeness import outside_mask
from zenoimg.imaging.formats.avif.closeness import psnr as psnr_outside
from zenoimg.imaging.formats.avif.header import read_header
from zenoimg.imaging.formats.avif.levels import speed_for
from zenoimg.imaging.formats.avif.quantizers import Quantizers
from zenoimg.imaging.formats.avif.search import CLOSE, Attempt, close_enough
from zenoimg.imaging.marking.mark import Overlay, overlay_for
from zenoimg.imaging.result import Watermarked

SIZE = (320, 240)


def soft(mode: str = "RGB") -> Image.Image:
    """Return a photo that compresses well: even a coarse quantizer keeps it close to its source."""
    picture = pictures.photo(SIZE).filter(ImageFilter.GaussianBlur(3)).convert(mode)
    if mode == "RGBA":
        picture.putalpha(Image.linear_gradient("L").resize(SIZE))
    return picture


def busy() -> Image.Image:
    """Return a picture of fine lines, which a coarse quantizer ruins."""
    picture = Image.new("RGB", SIZE, "#506070")
    draw = ImageDraw.Draw(picture)
    for step in range(0, 560, 5):
        draw.line((step, 0, step - 240, 240), fill="#c0b090" if step % 3 else "#304010", width=2)
    return picture


def coded_at(picture: Image.Image, colour: int, alpha: int = 0, **options: str) -> bytes:
    advanced = {"c:end-usage": "q", "c:cq-level": str(colour), "a:end-usage": "q", "a:cq-level": str(alpha)}
    return encoded(picture, speed=6, advanced=advanced, **options)


def quantizers(data: bytes) -> Quantizers:
    return read_header(data).quantizers


def decibels(source: bytes, copy: bytes, frame: int = 0) -> float:
    before, after = Image.open(BytesIO(source)), Image.open(BytesIO(copy))
    before.seek(frame)
    after.seek(frame)
    box = overlay_for(Recipe().watermark, before.size).boxes[0]
    return psnr(outside(before.convert("RGB"), box), outside(after.convert("RGB"), box))


@pytest.mark.parametrize("level", [1, 9, 20, 31])
@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4"])
def test_a_copy_has_the_quantizer_of_its_source(level: int, subsampling: str) -> None:
    data = coded_at(soft(), level, subsampling=subsampling)
    done = watermark(data)
    assert quantizers(data) == quantizers(done.data) == Quantizers(4 * level, None)
    assert decibels(data, done.data) > CLOSE
    assert done.warnings == ()


@pytest.mark.parametrize(("colour", "alpha"), [(12, 25), (25, 4), (20, 0)])
def test_alpha_has_its_own_quantizer(colour: int, alpha: int) -> None:
    done = watermark(coded_at(soft("RGBA"), colour, alpha))
    assert quantizers(done.data) == Quantizers(4 * colour, 4 * alpha)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("quality", [75, 85, 95])
@pytest.mark.parametrize("size", [(96, 72), (400, 300)])
def test_the_first_frame_of_an_animation_has_its_quantizer(mode: str, quality: int, size: tuple[int, int]) -> None:
    data = sequence(moving_ball(size, 3, mode), [40] * 3, quality=quality, speed=8)
    before, after = quantizers(data), quantizers(watermark(data).data)
    assert before.colour is not None
    assert after.colour is not None
    assert abs(before.colour - after.colour) <= 4
    assert (before.alpha is None) == (after.alpha is None)
    if before.alpha is not None and after.alpha is not None:
        assert abs(before.alpha - after.alpha) <= 4


def test_a_source_whose_quantizer_cannot_be_read_gets_a_typical_one(monkeypatch: pytest.MonkeyPatch) -> None:
    data = coded_at(soft(), 30)
    monkeypatch.setattr("zenoimg.imaging.formats.avif.quantizers.base_q_idx", lambda *_: None)
    copy = watermark(data).data
    monkeypatch.undo()
    assert quantizers(copy).colour == 72


def test_a_coarse_source_is_coded_more_finely_until_the_copy_is_close() -> None:
    data = coded_at(pictures.photo(SIZE).filter(ImageFilter.GaussianBlur(1)), 55)
    done = watermark(data)
    colour = quantizers(done.data).colour
    assert colour is not None
    assert 4 < colour < 4 * 55
    assert decibels(data, done.data) >= CLOSE
    assert len(done.data) <= 1.5 * len(data)
    assert done.warnings == ()


def test_a_copy_that_would_grow_too_much_reports_how_close_it_is() -> None:
    data = coded_at(busy(), 55)
    done = watermark(data)
    (warning,) = done.warnings
    assert warning.startswith("the original is coded coarsely, and its copy has ")
    reported = float(warning.split(" has ")[1].split()[0])
    assert reported < CLOSE
    assert reported == pytest.approx(decibels(data, done.data), abs=0.3)
    assert len(done.data) <= 1.5 * len(data)
    assert (quantizers(done.data).colour or 0) < 4 * 55


@pytest.mark.parametrize("level", [20, 55])
def test_a_large_picture_is_tested_on_square_samples(level: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole picture is encoded at most twice, however long the search."""
    whole, saved = [], encoding._saved

    def counted(picture: Image.Image, options: dict[str, object]) -> bytes:
        whole.append(picture.size == SIZE)
        return saved(picture, options)

    monkeypatch.setattr(encoding, "_SAMPLED", 50_000)
    monkeypatch.setattr(encoding, "_saved", counted)
    data = coded_at(busy() if level == 55 else soft(), level)
    done = watermark(data)
    assert 1 <= sum(whole) <= 2
    assert whole.count(False) >= 1
    if level == 20:
        assert sum(whole) == 1
        assert quantizers(done.data).colour == 80
    else:
        assert len(done.data) <= 1.5 * len(data)
        assert (quantizers(done.data).colour or 0) < 4 * 55


def panned(frames: int, *, lines: bool = False) -> list[Image.Image]:
    """Draw a photo with a panning camera; a coarse quantizer ruins fine lines."""
    width, height = SIZE[0] + 5 * frames, SIZE[1] + 4 * frames
    wide = pictures.photo((width, height))
    for step in range(0, width + height if lines else 0, 9):
        ink = "#c0b090" if step % 4 else "#304010"
        ImageDraw.Draw(wide).line((step, 0, step - height, height), fill=ink, width=2)
    return [wide.crop((5 * step, 4 * step, 5 * step + SIZE[0], 4 * step + SIZE[1])) for step in range(frames)]


def times_coded(data: bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[Watermarked, int]:
    """Return a copy, and how often all frames were encoded for it."""
    coded, saved = [], encoding._saved

    def counted(picture: Image.Image, options: dict[str, object]) -> bytes:
        coded.append(options)
        return saved(picture, options)

    monkeypatch.setattr(encoding, "_saved", counted)
    monkeypatch.setattr(encoding, "_SAMPLED", 250_000)
    return watermark(data), len(coded)


def test_an_animation_with_a_close_copy_is_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    data = sequence(panned(4), [40] * 4, quality=60, speed=8)
    done, times = times_coded(data, monkeypatch)
    assert times == 1
    assert quantizers(done.data) == quantizers(data)
    assert 0.8 * len(data) < len(done.data) < 1.25 * len(data)
    assert all(decibels(data, done.data, frame) > CLOSE for frame in range(4))
    assert done.warnings == ()


@pytest.mark.parametrize("quality", [5, 15, 40])
def test_a_coarse_animation_uses_its_byte_budget(quality: int, monkeypatch: pytest.MonkeyPatch) -> None:
    data = sequence(panned(6, lines=True), [40] * 6, quality=quality, speed=8)
    done, times = times_coded(data, monkeypatch)
    assert 2 <= times <= 3
    assert 1.3 * len(data) < len(done.data) <= 1.5 * len(data)
    colour = quantizers(done.data).colour
    assert colour is not None
    assert 4 < colour < (quantizers(data).colour or 0)
    (warning,) = done.warnings
    reported = float(warning.split(" has ")[1].split()[0])
    errors = [10 ** (-decibels(data, done.data, frame) / 10) for frame in range(6)]
    assert reported == pytest.approx(-10 * math.log10(sum(errors) / 6), abs=0.3)
    assert reported < CLOSE


@pytest.mark.parametrize("level", [30, 55])
def test_an_animation_with_some_finer_frames_does_not_grow(level: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the first frame's quantizer in all frames it would take up to 1.47 times the bytes."""
    advanced = {"c:end-usage": "q", "c:cq-level": str(level)}
    data = sequence(panned(8), [40] * 8, speed=8, advanced=advanced)
    done, times = times_coded(data, monkeypatch)
    assert times == 2
    assert len(done.data) < 1.2 * len(data)
    assert quantizers(done.data) == quantizers(data)
    assert done.warnings == ()


def test_animated_alpha_finer_than_colours_stays_finer(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [frame.convert("RGBA") for frame in panned(4)]
    for frame in frames:
        frame.putalpha(Image.linear_gradient("L").resize(SIZE))
    data = sequence(frames, [40] * 4, quality=60, speed=8, advanced={"a:end-usage": "q", "a:cq-level": "20"})
    done, _ = times_coded(data, monkeypatch)
    assert quantizers(data).alpha != quantizers(data).colour
    assert quantizers(done.data) == quantizers(data)


def test_an_animation_finer_than_any_quality_setting_stays_as_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [frame.resize((480, 360)) for frame in moving_ball(SIZE, 2)]
    data = sequence(frames, [40] * 2, speed=8, advanced={"c:end-usage": "q", "c:cq-level": "2"})
    done, times = times_coded(data, monkeypatch)
    assert times == 1
    assert quantizers(data).colour == quantizers(done.data).colour
    assert (quantizers(data).colour or 99) < 16


def test_lossless_grey_stays_lossless() -> None:
    data = encoded(pictures.photo(SIZE, "L"), quality=100)
    done = watermark(data)
    box = overlay_for(Recipe().watermark, SIZE).boxes[0]
    before, after = (outside(Image.open(BytesIO(file)).convert("RGB"), box) for file in (data, done.data))
    assert before.tobytes() == after.tobytes()
    assert done.warnings == ()


@pytest.mark.parametrize(("matrix", "words"), [(0, "coding as RGB without loss"), (6, "coding without loss")])
def test_lossless_colours_are_rounded_and_that_is_reported(matrix: int, words: str) -> None:
    data = encoded(pictures.photo(SIZE), quality=100, subsampling="4:4:4")
    done = watermark(changed(data, b"colr", 8, struct.pack(">H", matrix)))
    assert quantizers(done.data).colour == 0
    (warning,) = done.warnings
    assert warning.startswith(f"{words} cannot be written as such: the copy has ")
    assert float(warning.split(" has ")[1].split()[0]) > 45


def test_a_configured_quality_is_passed_to_libavif() -> None:
    data = coded_at(soft("RGBA"), 30, 30)
    copy = watermark(data, Recipe(encoder=EncoderSettings(avif_quality=60))).data
    expected = encoded(soft("RGBA"), quality=60, speed=6)
    assert quantizers(copy) == Quantizers(quantizers(expected).colour, 0)


def test_speed_depends_on_the_amount_of_work() -> None:
    assert [speed_for(samples, animated=False) for samples in (1e6, 3e6, 18e6, 36e6)] == [6, 6, 8, 9]
    assert [speed_for(samples, animated=True) for samples in (1e6, 36e6, 180e6)] == [8, 8, 9]


def test_psnr_is_measured_outside_the_mark_on_colours_or_alpha_whichever_is_worse() -> None:
    before = Image.new("RGBA", (40, 300), (100, 100, 100, 200))
    mask = outside_mask(Overlay(Image.new("RGBA", (60, 20)), ((-20, 270, 40, 290),)), before.size)
    marked = before.copy()
    marked.paste((255, 0, 0, 255), (0, 270, 40, 290))
    assert psnr_outside([(before, marked)], mask) == float("inf")
    marked.paste((110, 100, 100, 200), (0, 0, 40, 10))
    by_hand = 20 * math.log10(255) - 10 * math.log10(400 * 100 / (3 * 40 * 280))
    assert psnr_outside([(before, marked)], mask) == pytest.approx(by_hand)
    marked.putalpha(180)
    assert psnr_outside([(before, marked)], mask) == pytest.approx(20 * math.log10(255) - 10 * math.log10(400))


@given(
    start=st.integers(0, 63),
    budget=st.floats(500, 500_000),
    size=st.floats(500, 100_000),
    growth=st.floats(1.01, 1.2),
    decibels_at_start=st.floats(15, 60),
    slope=st.floats(0.05, 1.0),
)
def test_the_search_ends_close_or_within_its_budget(
    start: int, budget: float, size: float, growth: float, decibels_at_start: float, slope: float
) -> None:
    tried = []

    def code(level: int) -> Attempt:
        tried.append(level)
        finer = start - level
        return Attempt(level, size * growth**finer, decibels_at_start + slope * finer)

    found = close_enough(start, budget, code)
    assert len(tried) <= 7
    assert len(tried) == len(set(tried))
    assert 0 <= found.level <= start
    if decibels_at_start >= CLOSE:
        assert tried == [start]
    if found.level < start:
        assert found.level > 0
        assert found.size <= budget
        assert found.psnr < CLOSE + 0.6 + slope or len(tried) > 2


@given(
    start=st.integers(1, 63),
    most=st.integers(2, 7),
    budget=st.floats(500, 500_000),
    size=st.floats(500, 100_000),
    growth=st.floats(1.01, 1.2),
    decibels_at_start=st.floats(15, 60) | st.just(math.inf),
    slope=st.floats(0.05, 1.0),
)
def test_a_search_in_both_directions_keeps_the_best(
    start: int, most: int, budget: float, size: float, growth: float, decibels_at_start: float, slope: float
) -> None:
    tried: list[Attempt] = []

    def code(level: int) -> Attempt:
        finer = start - level
        tried.append(Attempt(level, size * growth**finer, decibels_at_start + slope * finer))
        return tried[-1]

    found = close_enough(start, budget, code, coarsest=63, most=most)
    levels = [attempt.level for attempt in tried]
    assert 1 <= len(levels) == len(set(levels)) <= most
    assert 1 <= min(levels) <= max(levels) <= 63
    affordable = [attempt for attempt in tried if attempt.size <= budget]
    if affordable:
        assert found.size <= budget
        assert min(CLOSE, found.psnr) == max(min(CLOSE, attempt.psnr) for attempt in affordable)
    else:
        assert found.size == min(attempt.size for attempt in tried)


def test_a_search_that_begins_above_its_budget_returns_to_it() -> None:
    def code(level: int) -> Attempt:
        return Attempt(level, 1000 * 1.05 ** (60 - level), 30 + 0.3 * (60 - level))

    found = close_enough(40, 1500, code, coarsest=63, most=3)
    assert 1400 < found.size <= 1500
