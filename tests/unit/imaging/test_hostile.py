from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.drawn import pictures
from tests.drawn.pictures import chunk
from zenoimg.imaging import Recipe, Refused, watermark
from zenoimg.imaging.identify import identify

pytestmark = pytest.mark.fuzz

CODES = {"copied", "not-an-image", "unsupported-format", "corrupt", "too-large", "too-many-frames", "too-small"}


def rich_jpeg(**options: bool) -> bytes:
    block = pictures.exif(6, gps=True, maker_note=True, thumbnail=pictures.jpeg(pictures.photo((16, 12))))
    segments = [
        pictures.exif_segment(block),
        pictures.xmp_segment(pictures.xmp('exif:GPSLatitude="48"', "<photoshop:City>Paris</photoshop:City>")),
        pictures.photoshop_segment(pictures.resource(0x0404, pictures.iptc((90, b"Paris"), (80, b"A. Author")))),
    ]
    return pictures.jpeg(pictures.photo((64, 48)), segments, **options)


def rich_png(color_type: int, depth: int) -> bytes:
    dice = random.Random(4)
    count = 40 * 30 * pictures.SAMPLES_A_PIXEL[color_type]
    before = [
        chunk(b"PLTE", dice.randbytes(48)) if color_type == 3 else chunk(b"gAMA", struct.pack(">I", 45455)),
        chunk(b"eXIf", pictures.exif(6, gps=True)),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + pictures.xmp('exif:GPSLatitude="48"')),
    ]
    samples = [dice.randrange(min(16, 1 << depth)) for _ in range(count)]
    return pictures.png((40, 30), color_type, depth, samples, before=before)


FILES = {
    "baseline": rich_jpeg(),
    "progressive": rich_jpeg(progressive=True),
    "palette": rich_png(3, 4),
    "deep": rich_png(6, 16),
    "grey": rich_png(0, 8),
}


def outcome(data: bytes) -> str:
    """Return the code of the refusal, or "copied"; any other error is raised."""
    try:
        done = watermark(data)
    except Refused as refusal:
        return refusal.code
    return "copied" if identify(done.data) else "no picture"


@pytest.mark.parametrize("name", FILES)
def test_every_truncation_is_refused(name: str) -> None:
    data = FILES[name]
    assert watermark(data).data
    ends = sorted({*range(24), *range(0, len(data), 37), *range(len(data) - 24, len(data))})
    for end in ends:
        if data[:2] == b"\xff\xd8" and end >= len(data) - 2:
            continue  # a JPEG that only lacks its end marker has all of its pixels
        with pytest.raises(Refused) as refusal:
            watermark(data[:end])
        assert refusal.value.code == ("corrupt" if end >= 8 else refusal.value.code), end


@pytest.mark.parametrize("name", FILES)
def test_flipped_bits_result_in_a_copy_or_a_refusal(name: str) -> None:
    dice = random.Random(11)
    for _ in range(250):
        data = bytearray(FILES[name])
        for _ in range(dice.randint(1, 6)):
            data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        assert outcome(bytes(data)) in CODES


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.integers(0, 100_000), st.binary(max_size=40), st.integers(0, 60))
def test_inserted_and_deleted_bytes_result_in_a_copy_or_a_refusal(name: str, at: int, put_in: bytes, cut: int) -> None:
    data = FILES[name]
    at %= len(data)
    assert outcome(data[:at] + put_in + data[at + cut :]) in CODES


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([b"", b"\xff\xd8\xff", pictures.PNG_SIGNATURE, FILES["palette"][:33]]), st.binary(max_size=300))
def test_arbitrary_bytes_are_refused(head: bytes, rest: bytes) -> None:
    with pytest.raises(Refused):
        watermark(head + rest)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=120), st.sampled_from(["keep", "keep-no-location", "strip"]))
def test_no_exif_xmp_or_iptc_affects_the_picture(block: bytes, policy: str) -> None:
    segments = [
        pictures.exif_segment(b"II*\0\x08\0\0\0" + block),
        pictures.xmp_segment(block),
        pictures.photoshop_segment(pictures.resource(0x0404, block)),
        pictures.photoshop_segment(block),
    ]
    assert watermark(pictures.jpeg(pictures.photo((64, 48)), segments), Recipe(metadata=policy)).data  # type: ignore[arg-type]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_damaged_exif_never_keeps_a_gps_directory(data: st.DataObject) -> None:
    block = bytearray(pictures.exif(6, gps=True, maker_note=True))
    for _ in range(data.draw(st.integers(1, 4))):
        block[data.draw(st.integers(8, len(block) - 1))] = data.draw(st.integers(0, 255))
    gps_tag = b"\x25\x88\4\0\1\0\0\0"
    done = watermark(pictures.jpeg(pictures.photo((64, 48)), [pictures.exif_segment(bytes(block))]))
    first_directory = [content for marker, content in pictures.jpeg_segments(done.data) if marker == 0xE1]
    if gps_tag in bytes(block) and first_directory and block[8:10] == b"\4\0":
        assert gps_tag not in first_directory[0]


@pytest.mark.parametrize(
    ("data", "code", "named"),
    [
        (b"", "not-an-image", "empty"),
        (b"hello, world", "not-an-image", "not an image in a known format"),
        (b"\0" * 5000, "not-an-image", "not an image in a known format"),
        (b"8BPS\0\1" + bytes(50), "unsupported-format", "PSD is not supported; supported are JPEG, PNG"),
        (b"\xff\x0a" + bytes(50), "unsupported-format", "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(211), "unsupported-format", "JPEG 2000"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "unsupported-format", "EPS"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\4CgBI" + bytes(50), "unsupported-format", "CgBI"),
    ],
)
def test_unsupported_formats_are_refused_by_name(data: bytes, code: str, named: str) -> None:
    with pytest.raises(Refused) as refusal:
        watermark(data)
    assert refusal.value.code == code
    assert named in refusal.value.message
