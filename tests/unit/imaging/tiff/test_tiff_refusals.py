from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.drawn import pictures, tiffs
from tests.drawn.tiffs import LONG, SHORT, Sheet, random_sheet, tiff
from zenoimg.imaging import Limits, Refused, watermark

SIZE = (70, 50)
PHOTOS = Path(__file__).parents[5] / "shared" / "photos"

_LIMITS = Limits()


def refusal(data: bytes, limits: Limits = _LIMITS) -> Refused:
    with pytest.raises(Refused) as refused:
        watermark(data, limits=limits)
    return refused.value


def sheet(depth: int = 8, per_pixel: int = 1, **more: Any) -> Sheet:
    return random_sheet(SIZE, depth, per_pixel, **more)


UNSUPPORTED: list[tuple[Sheet, str]] = [
    (sheet(8, tags={339: (SHORT, [2])}), "8-bit signed samples"),
    (sheet(16, tags={339: (SHORT, [2])}), "16-bit signed samples"),
    (sheet(32, tags={339: (SHORT, [3])}), "32-bit floating-point samples"),
    (sheet(16, tags={339: (SHORT, [3])}), "16-bit floating-point samples"),
    (sheet(32, tags={339: (SHORT, [6])}), "32-bit complex floating-point samples"),
    (sheet(32), "32-bit samples"),
    (sheet(8, tags={258: (SHORT, [12])}), "12-bit samples"),
    (sheet(8, 3, photometric=2, tags={258: (SHORT, [8, 16, 8])}), "samples differ in depth"),
    (sheet(8, 3, photometric=8), "CIELab"),
    (sheet(16, photometric=32803), "camera raw"),
    (sheet(8, 3, photometric=2, tags={50706: (1, b"\1\4\0\0")}), "camera raw"),
    (sheet(8, 3, photometric=2, tags={330: (LONG, {262: (SHORT, [32803])})}), "camera raw"),
    (sheet(8, 4, photometric=5, tags={332: (SHORT, [2])}), "inks other than CMYK"),
    (sheet(8, 3, photometric=6), "subsampled YCbCr"),
    (sheet(8, compression=34712), "JPEG 2000"),
    (sheet(8, compression=50000), "Zstandard"),
    (sheet(8, compression=6), "old-style JPEG"),
    (sheet(8, compression=4711), "compression 4711"),
    (sheet(4, 3, photometric=2), "RGB TIFF of 4-bit samples"),
    (sheet(8, 2, photometric=3, tags={338: (SHORT, [2])}), "palette TIFF of 16 bits or with extra samples"),
    (sheet(8, 12, photometric=2), "12 samples per pixel"),
    (sheet(8, compression=8, tags={317: (SHORT, [3])}), "predictor 3"),
]


@pytest.mark.parametrize(("page", "named"), UNSUPPORTED, ids=[named for _, named in UNSUPPORTED])
def test_unsupported_variants_are_refused_by_name(page: Sheet, named: str) -> None:
    refused = refusal(tiff(page))
    assert refused.code == "unsupported-format"
    assert named in refused.message


def test_a_file_with_one_page_that_cannot_be_marked_is_refused() -> None:
    assert refusal(tiff(sheet(), sheet(32, tags={339: (SHORT, [3])}))).code == "unsupported-format"
    assert refusal(tiff(sheet(), random_sheet((9, 9), 8, 1))).code == "too-small"


def page_loop(*, to_itself: bool) -> bytes:
    data = bytearray(tiff(sheet(), sheet()))
    (first,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, first)
    pointer = first + 2 + 12 * count
    if to_itself:
        struct.pack_into("<I", data, pointer, first)
        return bytes(data)
    (second,) = struct.unpack_from("<I", data, pointer)
    (count,) = struct.unpack_from("<H", data, second)
    struct.pack_into("<I", data, second + 2 + 12 * count, first)
    return bytes(data)


@pytest.mark.parametrize("to_itself", [False, True])
def test_pages_in_a_loop_are_in_the_copy_once(to_itself: bool) -> None:
    done = watermark(page_loop(to_itself=to_itself))
    assert done.frames == (1 if to_itself else 2)
    assert done.warnings == ("the file's directories point back at an earlier one: each page is in the copy once",)


def test_reading_directories_that_contain_each_other_ends() -> None:
    data = bytearray(tiff(sheet(tags={34665: (LONG, {34665: (LONG, [0])})})))
    at = data.rindex(struct.pack("<HHI", 34665, LONG, 1))
    struct.pack_into("<I", data, at + 8, at - 2)
    assert watermark(bytes(data)).warnings == ("EXIF tag 34665 cannot be read and was left out",)


def test_limits_are_checked_before_pixels_are_decoded() -> None:
    broken = sheet(8, encoded=[b"no pixels"], compression=8)
    data = tiff(broken, broken, broken)
    pixels = SIZE[0] * SIZE[1]
    assert refusal(data, Limits(max_pixels=pixels - 1)).code == "too-large"
    assert refusal(data, Limits(max_frames=2)).code == "too-many-frames"
    assert refusal(data, Limits(max_total_pixels=3 * pixels - 1)).code == "too-many-frames"
    assert refusal(data, Limits(max_total_pixels=3 * pixels, max_frames=3, max_pixels=pixels)).code == "corrupt"


def test_a_tile_larger_than_allowed_is_too_large() -> None:
    page = sheet(8, tile=(16, 16), tags={322: (SHORT, [60_000]), 323: (SHORT, [60_000])})
    assert refusal(tiff(page)).code == "too-large"


def test_an_offset_beyond_the_end_counts_as_truncation() -> None:
    data = bytearray(tiff(sheet(), big=True))
    data[8:16] = b"\xff" * 8
    refused = refusal(bytes(data))
    assert (refused.code, refused.message.startswith("the TIFF is truncated")) == ("corrupt", True)


def test_deep_samples_are_counted_by_their_bytes() -> None:
    pixels = SIZE[0] * SIZE[1]
    watermark(tiff(sheet(16, 3, photometric=2)), limits=Limits(max_pixels=pixels))
    refused = refusal(tiff(sheet(16, 4, photometric=2)), Limits(max_pixels=pixels))
    assert (refused.code, "4 samples of 16 bits" in refused.message) == ("too-large", True)


def test_many_pages_that_share_bytes_are_refused() -> None:
    data = bytearray(tiff(*(sheet(tags={270: (2, bytes(2000))}) for _ in range(60))))
    (first,) = struct.unpack_from("<I", data, 4)
    at, length = first, len(data)
    data += bytes(50_000)
    while at:
        (count,) = struct.unpack_from("<H", data, at)
        for place in range(at + 2, at + 2 + 12 * count, 12):
            if struct.unpack_from("<H", data, place) == (270,):
                struct.pack_into("<II", data, place + 4, len(data), 0)
        (at,) = struct.unpack_from("<I", data, at + 2 + 12 * count)
    assert length < len(data)
    refused = refusal(bytes(data))
    assert (refused.code, "repeatedly" in refused.message) == ("corrupt", True)


CORRUPT: list[tuple[Sheet, str]] = [
    (sheet(8, tags={256: (LONG, [0])}), "0 x 50"),
    (sheet(8, tags={273: (LONG, [10**9])}), "truncated"),
    (sheet(8, tags={279: (LONG, [1, 1])}), "holds 1 of 3,500 bytes"),
    (sheet(8, tags={279: (LONG, [100])}), "holds 100 of 3,500 bytes"),
    (sheet(8, rows_per_strip=10, tags={278: (LONG, [1])}), "needs more"),
    (sheet(8, photometric=3), "no palette"),
    (sheet(8, tile=(16, 16), tags={322: (SHORT, [0])}), "without a size"),
    (sheet(8, compression=4), "a fax"),
    (sheet(8, compression=8, encoded=[b"no zlib"]), "incorrect header"),
    (sheet(8, compression=5, encoded=[b"\xff\xff\xff"]), "decoder error"),
    (sheet(8, compression=7, encoded=[b"\xff\xd8\xff\xd9"]), "no picture"),
    (sheet(8, compression=7, encoded=[pictures.jpeg(pictures.photo((64, 50), "L"))]), "64 x 50, unlike its tags"),
    (sheet(8, compression=7, encoded=[pictures.jpeg(pictures.photo(SIZE))]), "number of channels"),
    (sheet(8, tags={257: (2, b"text\0")}), "no whole numbers"),
]


@pytest.mark.parametrize(("page", "named"), CORRUPT, ids=[named for _, named in CORRUPT])
def test_damage_is_refused_as_corrupt_with_a_reason(page: Sheet, named: str) -> None:
    refused = refusal(tiff(page))
    assert refused.code == "corrupt"
    assert named in refused.message


def test_twelve_bit_and_arithmetic_lossless_jpeg_are_refused_by_name() -> None:
    data = bytearray(pictures.jpeg(pictures.photo(SIZE, "L")))
    data[data.index(b"\xff\xc0") + 1] = 0xCB
    assert refusal(tiff(sheet(8, compression=7, encoded=[bytes(data)]))).code == "unsupported-format"


def test_depth_is_kept_even_if_pillow_would_open_the_file_with_fewer_bits() -> None:
    data = tiff(sheet(16, 3, photometric=2))
    assert Image.open(BytesIO(data)).mode == "RGB"
    after = tiffs.read(watermark(data).data)[0]
    assert after.numbers(258) == (16, 16, 16)
    assert any(value & 255 not in (0, value >> 8) for value in tiffs.samples(after))


@pytest.mark.skipif(not PHOTOS.is_dir(), reason="no photos next to the checkout")
@pytest.mark.parametrize(
    ("name", "frames", "code"),
    [
        ("pages/fax-5-pages.tif", 5, ""),
        ("pages/multipage-3.tiff", 0, "too-small"),
        ("colour/gray-float32.tif", 0, "unsupported-format"),
        ("colour/cmyk-3c-16b.tiff", 1, ""),
    ],
)
def test_a_real_file_is_copied_or_refused_for_the_right_reason(name: str, frames: int, code: str) -> None:
    data = (PHOTOS / name).read_bytes()
    if code:
        assert refusal(data).code == code
        return
    done = watermark(data)
    assert (done.frames, done.warnings) == (frames, ())
    assert len(done.data) < 1.07 * len(data)
    for before, after in zip(tiffs.read(data), tiffs.read(done.data), strict=True):
        assert {tag: value for tag, value in before.tags.items() if tag not in (273, 279)} == {
            tag: value for tag, value in after.tags.items() if tag not in (273, 279)
        }
