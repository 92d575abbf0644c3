from __future__ import annotations

import math
import random
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageFile, ImageOps, ImageStat
from PIL.JpegImagePlugin import JpegImageFile, get_sampling

from tests.drawn import pictures
from zenoimg.imaging import EncoderSettings, Limits, Recipe, Refused, WatermarkSpec, watermark
from zenoimg.imaging.formats.jpeg.coefficients import editor
from zenoimg.imaging.marking.mark import overlay_for


def opened(data: bytes) -> JpegImageFile:
    picture = JpegImageFile(BytesIO(data))
    picture.load()
    return picture


@pytest.fixture
def pixels_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disable the coefficient path, as where Pillow bundles no libjpeg."""
    monkeypatch.setattr(editor, "bundled_libjpeg", lambda: None)


def outside(size: tuple[int, int], orientation: int = 1, spread: int = 16) -> Image.Image:
    """Return a mask that is 255 outside the default mark and the blocks around it."""
    mask = Image.new("L", size, 255)
    left, top, right, bottom = overlay_for(WatermarkSpec(), size, orientation).boxes[0]
    mask.paste(0, (left - spread, top - spread, right + spread, bottom + spread))
    return mask


def psnr(one: Image.Image, other: Image.Image, mask: Image.Image) -> float:
    difference = ImageChops.difference(one, other).point(lambda level: min(255, level * level))
    error = sum(ImageStat.Stat(difference, mask).mean) / len(one.getbands())
    return 99.0 if error == 0 else 10 * math.log10(255 * 255 / error)


def reencoded(picture: JpegImageFile, **options: Any) -> Image.Image:
    encoded = BytesIO()
    picture.save(encoded, "JPEG", qtables=picture.quantization, **options)
    return opened(encoded.getvalue())


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("quality", [60, 95])
def test_tables_sampling_progression_and_mode_are_kept(mode: str, progressive: bool, quality: int) -> None:
    data = pictures.jpeg(pictures.photo((320, 240), mode), progressive=progressive, quality=quality)
    done = watermark(data)
    before, after = opened(data), opened(done.data)
    assert after.mode == before.mode == mode
    assert after.size == before.size == (done.width, done.height)
    assert after.quantization == before.quantization
    assert after.layer == before.layer
    assert ("progressive" in after.info) == progressive
    assert (done.format, done.content_type, done.frames, done.warnings) == ("JPEG", "image/jpeg", 1, ())


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_pixels_outside_the_mark_are_as_good_as_after_plain_re_encoding_by_pillow(mode: str) -> None:
    data = pictures.jpeg(pictures.photo((320, 240), mode))
    before = opened(data)
    mask = outside(before.size)
    plain = psnr(before, reencoded(before, subsampling=get_sampling(before)), mask)
    assert psnr(before, opened(watermark(data).data), mask) >= plain - 0.5
    assert plain > 40


@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_chroma_sampling_is_kept(subsampling: int) -> None:
    data = pictures.jpeg(pictures.photo(), subsampling=subsampling)
    assert get_sampling(opened(watermark(data).data)) == subsampling


def with_sampling(data: bytes, factors: bytes) -> bytes:
    """Rewrite the sampling factors of a 4:4:4 JPEG: the picture is wrong then, but the file stays decodable."""
    at = data.index(b"\xff\xc0") + 10
    changed = bytearray(data)
    for component, factor in enumerate(factors):
        changed[at + 1 + 3 * component] = factor
    return bytes(changed)


@pytest.mark.usefixtures("pixels_alone")
def test_a_sampling_that_cannot_be_written_becomes_finer_with_a_warning() -> None:
    data = with_sampling(pictures.jpeg(pictures.photo((64, 64)), subsampling=0), b"\x11\x12\x12")
    done = watermark(data)
    assert get_sampling(opened(done.data)) == 0
    assert done.warnings == ("the chroma sampling cannot be written and was converted to 4:4:4, which is finer",)


def test_three_tables_stay_three() -> None:
    tables = [[2] * 64, [3] * 64, [5] * 64]
    data = pictures.jpeg(pictures.photo(), qtables=tables)
    after = opened(watermark(data).data)
    assert [after.quantization[component[3]][0] for component in after.layer] == [2, 3, 5]


def test_coarse_tables_of_16_bits_stay() -> None:
    data = pictures.jpeg(pictures.photo(), qtables=[[300] * 64, [400] * 64])
    assert opened(watermark(data).data).quantization == {0: [300] * 64, 1: [400] * 64}


def test_rgb_coding_stays_rgb() -> None:
    data = pictures.jpeg(pictures.photo(), keep_rgb=True)
    done = watermark(data)
    after = opened(done.data)
    assert bytes(component[0] for component in after.layer) == b"RGB"
    assert psnr(opened(data), after, outside(after.size)) > 40


def test_restart_markers_are_kept() -> None:
    data = pictures.jpeg(pictures.photo(), restart_marker_blocks=4)
    restart = [content for marker, content in pictures.jpeg_segments(watermark(data).data) if marker == 0xDD]
    assert restart == [b"\0\4"]


@pytest.mark.parametrize("progressive", [False, True])
def test_noise_at_the_finest_tables_fits(progressive: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = Image.frombytes("RGB", (300, 300), random.Random(3).randbytes(270_000))
    monkeypatch.setattr(ImageFile, "MAXBLOCK", 2_000_000)  # Pillow cannot write the source otherwise
    data = pictures.jpeg(noise, qtables=[[1] * 64], subsampling=0, progressive=progressive)
    monkeypatch.undo()
    done = watermark(data)
    assert psnr(noise, opened(done.data), outside(noise.size)) > 45


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("order", "<>")
def test_the_mark_is_upright_in_its_corner_in_all_orientations(orientation: int, order: str) -> None:
    shown = pictures.photo((240, 160))
    stored = _stored(shown, orientation)
    data = pictures.jpeg(stored, [pictures.exif_segment(pictures.exif(orientation, order=order))], quality=95)
    done = watermark(data)
    after = opened(done.data)
    assert (done.width, done.height) == (240, 160)
    assert after.getexif()[0x0112] == orientation
    assert after.size == stored.size
    displayed = ImageOps.exif_transpose(after)
    expected = opened(watermark(pictures.jpeg(shown, quality=95)).data)
    assert psnr(displayed, expected, Image.new("L", (240, 160), 255)) > 30


def _stored(shown: Image.Image, orientation: int) -> Image.Image:
    ways = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    way = ways[orientation]
    return shown if way is None else shown.transpose(way)


def test_an_invalid_orientation_counts_as_upright() -> None:
    data = pictures.jpeg(pictures.photo(), [pictures.exif_segment(pictures.exif(9))])
    assert (watermark(data).width, watermark(data).height) == (160, 120)


def test_a_white_mark_is_white_on_cmyk_with_and_without_adobes_marker() -> None:
    # Without the marker, samples are inks by the standard; viewers invert them all the same.
    dark = Image.new("CMYK", (200, 150), (0, 0, 0, 100))
    data = pictures.jpeg(dark)
    recipe = Recipe(WatermarkSpec(opacity=1, outline="none"))
    box = overlay_for(recipe.watermark, dark.size).boxes[0]
    adobe = opened(watermark(data, recipe).data)
    assert ImageStat.Stat(adobe.crop(box).getchannel("K")).extrema[0][0] < 40

    at = data.index(b"\xff\xee")
    bare = data[:at] + data[at + 16 :]
    assert b"Adobe" not in bare
    done = watermark(bare, recipe)
    assert b"Adobe" not in done.data
    assert ImageStat.Stat(opened(done.data).crop(box).getchannel("K")).extrema[0][0] < 40


def test_black_outlines_use_only_black_ink() -> None:
    white = Image.new("CMYK", (300, 200))
    data = pictures.jpeg(white, quality=95)
    cyan, _, _, black = opened(watermark(data).data).split()
    assert ImageStat.Stat(black).extrema[0][1] > 100
    assert ImageStat.Stat(cyan).extrema[0][1] < 40


@pytest.mark.usefixtures("pixels_alone")
def test_ycck_stays_ycck_with_its_tables() -> None:
    data = bytearray(pictures.jpeg(pictures.photo((200, 150), "CMYK"), qtables=[[2] * 64, [9] * 64]))
    data[data.index(b"Adobe") + 11] = 2
    done = watermark(bytes(data))
    before, after = opened(bytes(data)), opened(done.data)
    assert (after.mode, after.quantization) == ("CMYK", before.quantization)
    assert pictures.jpeg_segments(done.data)[0][1][11] == 2
    assert done.warnings == ()
    assert psnr(before, after, outside(after.size)) > 40
    assert len(done.data) < 1.1 * len(data)


@pytest.mark.usefixtures("pixels_alone")
def test_subsampled_ycck_becomes_cmyk_with_the_finer_table_and_a_warning() -> None:
    done = watermark(subsampled_ycck((64, 64)))
    after = opened(done.data)
    assert (after.mode, after.quantization) == ("CMYK", {0: [2] * 64})
    assert pictures.jpeg_segments(done.data)[0][1][11] == 0
    assert done.warnings == (
        "subsampled YCCK cannot be written and was converted to CMYK: the same inks, a larger file",
    )


def subsampled_ycck(size: tuple[int, int]) -> bytes:
    """Return a YCCK JPEG whose first component has twice the samples of the others in both directions."""
    data = pictures.jpeg(pictures.photo(size, "CMYK"), qtables=[[2] * 64, [9] * 64], subsampling="4:2:0")
    assert [layer[1:3] for layer in opened(data).layer] == [(2, 2), (1, 1), (1, 1), (1, 1)]
    return data.replace(data[data.index(b"Adobe") : data.index(b"Adobe") + 12], b"Adobe\0\x64\0\0\0\0\2")


def test_a_quality_in_the_recipe_replaces_the_sources_tables() -> None:
    data = pictures.jpeg(pictures.photo(), quality=98)
    done = watermark(data, Recipe(encoder=EncoderSettings(jpeg_quality=40)))
    expected = opened(pictures.jpeg(pictures.photo(), quality=40)).quantization
    assert opened(done.data).quantization == expected
    assert len(done.data) < len(data) / 2


def test_the_same_input_gives_the_same_bytes() -> None:
    data = pictures.jpeg(pictures.photo(), [pictures.exif_segment(pictures.exif(6, gps=True))])
    assert watermark(data).data == watermark(data).data


def test_twelve_bits_and_lossless_are_refused_by_name() -> None:
    data = pictures.jpeg(pictures.photo())
    at = data.index(b"\xff\xc0")
    for changed, named in (
        (data[: at + 4] + b"\x0c" + data[at + 5 :], "12-bit"),
        (data[: at + 1] + b"\xc3" + data[at + 2 :], "lossless"),
    ):
        with pytest.raises(Refused, match=named) as refusal:
            watermark(changed)
        assert refusal.value.code == "unsupported-format"


def test_the_size_is_checked_before_pixels_are_decoded() -> None:
    data = bytearray(pictures.jpeg(pictures.photo((16, 16))))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = b"\xff\xff\xff\xff"
    with pytest.raises(Refused, match=r"65535 x 65535 is 4294\.8 megapixels; at most 100 ") as refusal:
        watermark(bytes(data))
    assert refusal.value.code == "too-large"


def test_the_callers_limits_apply() -> None:
    data = pictures.jpeg(pictures.photo((160, 120)))
    watermark(data, limits=Limits(max_pixels=160 * 120, max_bytes=len(data)))
    for limits in (Limits(max_pixels=160 * 120 - 1), Limits(max_bytes=len(data) - 1)):
        with pytest.raises(Refused) as refusal:
            watermark(data, limits=limits)
        assert refusal.value.code == "too-large"


@pytest.mark.parametrize(("scans", "accepted"), [(90, True), (101, False)])
def test_a_picture_with_too_many_scans_is_refused(scans: int, accepted: bool) -> None:
    """Each costs an attacker a few bytes, and the decoder a pass over the whole picture."""
    whole = pictures.jpeg(pictures.photo((64, 48)), progressive=True)
    last = whole.rindex(b"\xff\xda")
    told = scans - whole.count(b"\xff\xda")
    check_count(whole[:-2] + whole[last:-2] * told + b"\xff\xd9", accepted, "100 scans")


@pytest.mark.parametrize(("segments", "accepted"), [(3_900, True), (4_001, False)])
def test_a_flood_of_segments_is_refused(segments: int, accepted: bool) -> None:
    whole = pictures.jpeg(pictures.photo((64, 48)))
    check_count(whole[:2] + b"\xff\xe5\0\2" * segments + whole[2:], accepted, "4,000 segments")


def check_count(data: bytes, accepted: bool, named: str) -> None:
    if accepted:
        assert watermark(data).format == "JPEG"
        return
    with pytest.raises(Refused, match=named) as caught:
        watermark(data)
    assert caught.value.code == "corrupt"
