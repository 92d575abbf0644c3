"""TIFFs that viewers show although their directories are wrong."""

from __future__ import annotations

import struct
from io import BytesIO

import pytest
from PIL import Image

from tests.drawn import pictures
from tests.drawn.lossless_jpegs import lossless_jpeg
from tests.drawn.tiffs import Sheet, read, tiff
from zenoimg.imaging import Recipe, Refused, WatermarkSpec, watermark

PHOTO = pictures.photo((180, 120))
CODECS = ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"]
HIDDEN = b"bytes that are none of the picture's" * 40
COUNTS_WARNING = ("the byte counts of strips or tiles are missing or wrong and were computed",)


def saved(codec: str) -> bytes:
    encoded = BytesIO()
    options = {"quality": 90} if codec == "jpeg" else {}
    PHOTO.save(encoded, "TIFF", compression=codec, tiffinfo={278: 120}, strip_size=64_800, dpi=(72, 72), **options)
    return encoded.getvalue()


def entry_at(data: bytes, tag: int) -> int:
    (directory,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, directory)
    places = range(directory + 2, directory + 2 + 12 * count, 12)
    return next(at for at in places if struct.unpack_from("<H", data, at)[0] == tag)


def with_count(data: bytes, count: int | None) -> bytes:
    """Replace one strip's byte count; ``None`` turns its tag into an unknown one."""
    changed = bytearray(data)
    at = entry_at(data, 279)
    if count is None:
        struct.pack_into("<H", changed, at, 65_000)
        return bytes(changed)
    struct.pack_into("<I", changed, at + 8, count)
    return bytes(changed)


def pixels(data: bytes) -> bytes:
    with Image.open(BytesIO(data)) as picture:
        return picture.convert("RGB").tobytes()


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("count", [None, 0, 50_000_000])
def test_wrong_byte_counts_are_computed(codec: str, count: int | None) -> None:
    data = saved(codec)
    done = watermark(with_count(data, count))
    assert done.warnings == COUNTS_WARNING
    assert pixels(done.data) == pixels(watermark(data).data)


@pytest.mark.parametrize("codec", CODECS)
def test_bytes_after_pixels_of_unknown_length_are_not_in_the_copy(codec: str) -> None:
    done = watermark(with_count(saved(codec), 0) + HIDDEN)
    assert HIDDEN[:36] not in done.data


def test_excess_bytes_of_an_uncompressed_strip_are_not_in_the_copy() -> None:
    data = saved("raw")
    (start,) = struct.unpack_from("<I", data, entry_at(data, 273) + 8)
    moved = bytearray(data + data[start : start + 180 * 120 * 3] + HIDDEN)
    struct.pack_into("<I", moved, entry_at(data, 273) + 8, len(data))
    struct.pack_into("<I", moved, entry_at(data, 279) + 8, 180 * 120 * 3 + len(HIDDEN))
    done = watermark(bytes(moved))
    assert HIDDEN[:36] not in done.data
    assert pixels(done.data) == pixels(watermark(data).data)


def pixels_last(missing: int) -> bytes:
    """Return an uncompressed TIFF that ends with its pixels, without the last bytes."""
    data = saved("raw")
    moved = bytearray(data + PHOTO.tobytes()[: 180 * 120 * 3 - missing])
    struct.pack_into("<I", moved, entry_at(data, 273) + 8, len(data))
    return bytes(moved)


def test_a_truncated_last_row_is_completed() -> None:
    top_left = Recipe(WatermarkSpec(position="top-left"))
    done = watermark(pixels_last(7), top_left)
    assert done.warnings == ("the last 7 bytes of pixels are missing and were filled with zeros",)
    whole = watermark(pixels_last(0), top_left)
    assert whole.warnings == ()
    assert pixels(done.data) == pixels(whole.data)[:-7] + bytes(7)


def test_more_than_a_row_of_missing_pixels_is_refused() -> None:
    with pytest.raises(Refused, match="past its end"):
        watermark(pixels_last(180 * 3))


def test_lossless_jpeg_in_grey_becomes_jpeg_under_the_mark() -> None:
    grey = pictures.photo((120, 90), "L")
    strip = grey.crop((0, 0, 120, 30)), grey.crop((0, 30, 120, 60)), grey.crop((0, 60, 120, 90))
    encoded = [lossless_jpeg(part) for part in strip]
    sheet = Sheet((120, 90), [], 8, 1, photometric=1, compression=7, rows_per_strip=30, encoded=encoded)
    done = watermark(tiff(sheet))
    assert done.warnings == ("lossless JPEG under the mark cannot be written and was converted to JPEG of quality 95",)
    (page,) = read(done.data)
    assert list(page.segments[:2]) == encoded[:2]
    assert page.segments[2] != encoded[2]


def test_a_directory_without_its_next_pointer_is_read() -> None:
    data = bytearray(saved("raw"))
    (directory,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, directory)
    entries = data[directory : directory + 2 + 12 * count]
    struct.pack_into("<I", data, 4, len(data))
    done = watermark(bytes(data + entries))
    assert pixels(done.data) == pixels(watermark(saved("raw")).data)


def test_a_truncated_value_is_left_out_and_reported() -> None:
    data = bytearray(saved("raw"))
    struct.pack_into("<HHII", data, entry_at(bytes(data), 282), 305, 2, 400, len(data) - 10)
    assert watermark(bytes(data)).warnings == ("tag 305 cannot be read and was left out",)
