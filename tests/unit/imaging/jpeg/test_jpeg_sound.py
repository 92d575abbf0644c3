"""Unusual JPEGs that viewers show: they are marked, or refused with the right reason."""

from __future__ import annotations

import struct
import subprocess
import sys
from typing import Any

import pytest
from PIL import Image, ImageDraw

from tests.drawn import pictures
from tests.drawn.lossless_jpegs import lossless_jpeg
from tests.unit.imaging.jpeg.test_jpeg import opened
from zenoimg.imaging import EncoderSettings, Recipe, Refused, watermark
from zenoimg.imaging.formats.jpeg import encoding
from zenoimg.imaging.formats.jpeg.stream import DHT, EncodedChunks

PHOTO = pictures.photo((240, 160))
PIXELS_ALONE = Recipe(encoder=EncoderSettings(jpeg_quality=60))
"""A quality of the recipe's own makes all pixels be encoded again."""


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("missing", [1, 2])
def test_a_jpeg_that_lacks_only_its_end_marker_is_marked(progressive: bool, missing: int) -> None:
    data = pictures.jpeg(PHOTO, progressive=progressive)
    done = watermark(data[:-missing])
    assert done.warnings == ("the file lacks its end marker, which the copy has",)
    assert done.data == watermark(data).data


@pytest.mark.parametrize("missing", [3, 4, 10, 200])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_lacks_pixels_is_refused(progressive: bool, missing: int) -> None:
    with pytest.raises(Refused, match="pixels at its end are missing"):
        watermark(pictures.jpeg(PHOTO, progressive=progressive)[:-missing])


def test_a_progressive_jpeg_that_ends_after_an_earlier_scan_is_refused() -> None:
    data = pictures.jpeg(PHOTO, progressive=True)
    with pytest.raises(Refused, match="pixels at its end are missing"):
        watermark(data[: data.rindex(b"\xff\xda")])


def test_a_lossless_grey_jpeg_becomes_a_baseline_one() -> None:
    grey = pictures.photo((120, 90), "L")
    done = watermark(lossless_jpeg(grey))
    assert done.warnings == ("lossless JPEG cannot be written and was converted to baseline JPEG of quality 95",)
    assert opened(done.data).mode == "L"
    assert done.data[done.data.index(b"\xff\xc0") :]
    assert opened(done.data).quantization == opened(pictures.jpeg(grey, quality=95)).quantization


def test_a_height_after_the_pixels_is_refused_with_its_own_message() -> None:
    data = bytearray(pictures.jpeg(PHOTO))
    at = data.index(b"\xff\xc0")
    height = bytes(data[at + 5 : at + 7])
    data[at + 5 : at + 7] = b"\0\0"
    data[-2:] = b"\xff\xdc\0\4" + height + b"\xff\xd9"
    with pytest.raises(Refused, match="gives its height after its pixels") as refused:
        watermark(bytes(data))
    assert refused.value.code == "unsupported-format"


def page(lines: int) -> Image.Image:
    picture = Image.new("RGB", (1200, 900), "white")
    for line in range(lines):
        ImageDraw.Draw(picture).text((40, 30 + 20 * line), f"line {line} of a page of text, and more of it", "black")
    return picture


@pytest.mark.parametrize("lines", [1, 40])
def test_tables_are_optimised_if_the_sources_are_and_standard_ones_would_be_larger(lines: int) -> None:
    data = pictures.jpeg(page(lines), quality=60, optimize=True)
    assert len(watermark(data, PIXELS_ALONE).data) < 1.03 * len(data) + 8_000
    assert len(pictures.jpeg(page(lines), quality=60)) > 1.08 * len(data)


def test_a_progressive_picture_that_grows_is_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pictures.jpeg(page(40), progressive=True, optimize=True) == pictures.jpeg(page(40), progressive=True)
    data = pictures.jpeg(page(1), quality=60, progressive=True)
    encoded: list[int] = []

    def counted(picture: Image.Image, options: dict[str, Any]) -> EncodedChunks:
        encoded.append(picture.width)
        return encode_with(picture, options)

    encode_with = encoding._encoded
    monkeypatch.setattr(encoding, "_encoded", counted)
    assert len(watermark(data, PIXELS_ALONE).data) > 1.03 * len(data)
    assert encoded == [1200]


def test_standard_tables_stay_standard() -> None:
    data = pictures.jpeg(page(3), quality=60)
    copy = watermark(data, PIXELS_ALONE).data
    tables = [segment for segment in pictures.jpeg_segments(copy) if segment[0] == DHT]
    assert tables == [segment for segment in pictures.jpeg_segments(data) if segment[0] == DHT]


def test_coarse_tables_print_no_warnings() -> None:
    program = (
        "import sys\n"
        "from zenoimg.imaging import EncoderSettings, Recipe, watermark\n"
        "from zenoimg.imaging.formats.jpeg.coefficients import editor\n"
        "editor.bundled_libjpeg = lambda: None\n"
        "assert watermark(sys.stdin.buffer.read()).encoding == 'pixels'\n"
        "sys.stderr.write('said by someone else')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], input=with_coarse_tables(), capture_output=True, check=True)
    assert done.stderr == b"said by someone else"


def with_coarse_tables() -> bytes:
    """Return a sequential JPEG whose quantization tables have 16-bit entries."""
    data, out, at = pictures.jpeg(PHOTO, quality=90), bytearray(b"\xff\xd8"), 2
    while data[at + 1] != 0xDA:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        payload = data[at + 4 : at + 2 + length]
        if marker == 0xDB:
            payload = bytes((0x10 | payload[0],)) + struct.pack(">64H", *(value * 40 for value in payload[1:65]))
        out += struct.pack(">BBH", 0xFF, 0xC1 if marker == 0xC0 else marker, len(payload) + 2) + payload
        at += 2 + length
    return bytes(out) + data[at:]
