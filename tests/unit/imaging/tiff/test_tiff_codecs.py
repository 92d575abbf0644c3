from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image, ImageChops, ImageSequence, ImageStat

from tests.drawn import pictures
from tests.drawn.tiffs import SHORT, Sheet, read, tiff
from tests.unit.imaging.tiff.tiff_cases import mark_box, tiff_of
from zenoimg.imaging import Recipe, WatermarkSpec, watermark


def test_the_rotated_mark_is_upright() -> None:
    shown = pictures.photo((200, 120), "RGB")
    stored = tiff_of(shown.transpose(Image.Transpose.ROTATE_90), tiffinfo={274: 6})
    turned = Image.open(BytesIO(watermark(stored).data))
    turned.load()  # Pillow rotates it
    upright = Image.open(BytesIO(watermark(tiff_of(shown)).data))
    assert ImageChops.difference(turned, upright).getbbox() is None


@pytest.mark.parametrize("strip_size", [2000, 1_000_000])
@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "tiff_adobe_deflate"])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "CMYK", "P", "1"])
def test_libtiffs_codecs_are_lossless(mode: str, compression: str, strip_size: int) -> None:
    picture = pictures.photo((160, 120), mode)
    done = watermark(tiff_of(picture, compression, strip_size=strip_size))
    after = Image.open(BytesIO(done.data))
    assert (after.mode, after.info["compression"]) == (mode, compression)
    box = ImageChops.difference(picture.convert("RGBA"), after.convert("RGBA")).getbbox(alpha_only=False)
    assert box is not None
    left, top, right, bottom = mark_box((160, 120))
    assert left <= box[0] < box[2] <= right
    assert top <= box[1] < box[3] <= bottom


@pytest.mark.parametrize("predictor", [1, 2])
def test_lzw_keeps_its_predictor(predictor: int) -> None:
    picture = pictures.photo((160, 120))
    data = tiff_of(picture, "tiff_lzw", tiffinfo={317: predictor})
    done = watermark(data)
    assert read(done.data)[0].number(317, 1) == predictor
    assert len(done.data) < len(data) * 1.03


FAXES = ["tiff_ccitt", "group3", "group4"]


@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize("compression", FAXES)
def test_fax_pages_stay_faxes_with_an_opaque_outlined_mark(compression: str, photometric: int) -> None:
    page = Image.new("1", (400, 300), 255)
    page.paste(0, (0, 0, 400, 4))
    data = tiff_of(page, compression, tiffinfo={262: photometric})
    for spec in (WatermarkSpec(), WatermarkSpec(outline="none", opacity=0.1)):
        after = Image.open(BytesIO(watermark(data, Recipe(spec)).data))
        assert (after.mode, after.info["compression"]) == ("1", compression)
        difference = ImageChops.difference(page.convert("L"), after.convert("L"))
        left, top, right, bottom = mark_box((400, 300))
        box = difference.getbbox()
        assert box is not None
        assert (box[0] >= left, box[1] >= top, box[2] <= right, box[3] <= bottom) == (True,) * 4
        assert sum(difference.histogram()[1:]) > 100


def test_reversed_bits_stay_reversed() -> None:
    page = Image.new("1", (400, 300), 255)
    (source,) = read(tiff_of(page, "group4"))
    reverse = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))
    sheet = Sheet(
        (400, 300),
        [],
        1,
        compression=4,
        rows_per_strip=source.number(278),
        tags={266: (SHORT, [2])},
        encoded=[segment.translate(reverse) for segment in source.segments],
    )
    data = tiff(sheet)
    assert_white(Image.open(BytesIO(data)))
    done = watermark(data)
    after = Image.open(BytesIO(done.data))
    assert read(done.data)[0].number(266) == 2
    left, top = mark_box((400, 300))[:2]
    assert ImageChops.invert(after.convert("L")).getbbox() is not None
    assert_white(after.crop((0, 0, 400, top)))
    assert_white(after.crop((0, 0, left, 300)))


def assert_white(picture: Image.Image) -> None:
    assert picture.convert("L").getextrema() == (255, 255)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK", "YCbCr"])
def test_jpeg_strips_keep_their_tables_and_strips_outside_the_mark_are_unchanged(mode: str) -> None:
    picture = pictures.photo((320, 240), mode)
    data = tiff_of(picture, "jpeg", quality=80, strip_size=20_000)
    done = watermark(data)
    (before,), (after,) = read(data), read(done.data)
    assert done.warnings == ()
    assert after.tags[347] == before.tags[347]
    top, bottom = mark_box((320, 240))[1::2]
    rows = before.number(278)
    for index, (one, other) in enumerate(zip(before.segments, after.segments, strict=True)):
        touched = index * rows < bottom and top < (index + 1) * rows
        assert (one != other) == touched
    first, second = (Image.open(BytesIO(encoded)).convert("RGB") for encoded in (data, done.data))
    left = mark_box((320, 240))[0]
    beside = (0, top, left - 16, 240)
    difference = ImageStat.Stat(ImageChops.difference(first.crop(beside), second.crop(beside)))
    assert max(difference.mean) < (1.2 if mode == "YCbCr" else 0.5)  # this one has half the chroma samples


def test_every_page_is_marked_and_keeps_mode_compression_and_resolution() -> None:
    modes = [("1", "group4"), ("RGB", "jpeg"), ("L", "tiff_lzw"), ("CMYK", "raw"), ("P", "packbits")]
    sheets = []
    for index, (mode, compression) in enumerate(modes):
        sheet = pictures.photo((160 + 20 * index, 120), mode)
        sheet.encoderinfo = {"compression": compression, "dpi": (100 + index, 100 + index)}
        sheets.append(sheet)
    encoded = BytesIO()
    sheets[0].save(encoded, "TIFF", save_all=True, append_images=sheets[1:], **sheets[0].encoderinfo)
    done = watermark(encoded.getvalue())
    assert (done.frames, done.warnings, done.width, done.height) == (5, (), 160, 120)
    before, after = Image.open(BytesIO(encoded.getvalue())), Image.open(BytesIO(done.data))
    assert after.n_frames == 5  # type: ignore[attr-defined]
    for one, other, (mode, compression) in zip(
        ImageSequence.Iterator(before), ImageSequence.Iterator(after), modes, strict=True
    ):
        assert (other.mode, other.info["compression"]) == (mode, compression)
        assert (other.size, other.info["dpi"]) == (one.size, one.info["dpi"])
        assert ImageChops.difference(one.convert("RGB"), other.convert("RGB")).getbbox() is not None
