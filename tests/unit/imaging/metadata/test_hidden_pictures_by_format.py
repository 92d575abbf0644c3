"""Copies contain no other picture in the segments, chunks, extensions, tags and boxes of any format."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest

from tests.drawn import avifs, gifs, pictures, tiffs
from tests.drawn.apngs import ApngFrame, apng
from tests.drawn.tiffs import UNDEFINED, Sheet
from tests.unit.imaging.metadata import blocks
from tests.unit.imaging.metadata.blocks import (
    ASCII,
    LONG,
    PHOTO,
    PNG_PREVIEW,
    PREVIEW,
    in_base64,
    maker_note,
)
from tests.unit.imaging.metadata.carving import assert_none_is_left, carved, holds_none
from zenoimg.imaging import Recipe, watermark
from zenoimg.imaging.recipe import METADATA_POLICIES

HALF = len(PREVIEW) // 2
GOOGLE_IMAGE = "http://ns.google.com/photos/1.0/image/"


def extended_xmp(packet: bytes) -> list[pictures.Segment]:
    guid = b"0123456789ABCDEF" * 2
    head = b"http://ns.adobe.com/xmp/extension/\0" + guid
    parts = [
        (0xE1, head + struct.pack(">II", len(packet), at) + packet[at : at + 700]) for at in range(0, len(packet), 700)
    ]
    return [pictures.xmp_segment(pictures.xmp(f'xmpNote:HasExtendedXMP="{guid.decode()}"')), *parts]


PARTS = [PREVIEW[at : at + 400] for at in range(0, len(PREVIEW), 400)]
THERMAL = b"FLIR\0\1\0\0FFF\0" + bytes(60) + PNG_PREVIEW
BIG_EXIF = maker_note(b"MAKER" + bytes(64_000) + PREVIEW)
PROFILE = pictures.icc_profile()
IN_JPEG = {
    "JFXX": [(0xE0, b"JFXX\0\x10" + PREVIEW)],
    "segment": [(0xE4, b"preview" + PREVIEW)],
    "segment in base64": [(0xE4, b"preview" + in_base64(PREVIEW, 60).encode())],
    "comment": [(0xFE, PREVIEW)],
    "pieces": [(0xE5, b"PREV" + part) for part in PARTS],
    "pieces with a name": [(0xE5, b"PREV\0" + bytes((index,)) + part) for index, part in enumerate(PARTS)],
    "pieces in several kinds": [(0xE2 + index % 5, part) for index, part in enumerate(PARTS)],
    "FlashPix": [(0xE2, b"FPXR\0\0\2" + part) for part in PARTS],
    "extension of XMP": extended_xmp(pictures.xmp("", f"<dc:x>{in_base64(PREVIEW)}</dc:x>")),
    "extension of XMP, GImage": extended_xmp(
        pictures.xmp("", f'<g:Data xmlns:g="{GOOGLE_IMAGE}">{in_base64(PREVIEW)}</g:Data>')
    ),
    "thermal data": [(0xE1, THERMAL)],
    "EXIF over two segments": [
        (0xE1, b"Exif\0\0" + BIG_EXIF[:64_500]),
        (0xE1, b"Exif\0\0" + BIG_EXIF[64_500:]),
    ],
    "profile": [pictures.icc_segment(PROFILE + PREVIEW)],
    "profile in pieces": [
        (0xE2, b"ICC_PROFILE\0\1\2" + PROFILE + PREVIEW[:HALF]),
        (0xE2, b"ICC_PROFILE\0\2\2" + PREVIEW[HALF:]),
    ],
    "Photoshop 2.5": [(0xED, b"Adobe_Photoshop2.5:" + pictures.resource(0x0BB7, PREVIEW))],
}


@pytest.mark.parametrize("place", IN_JPEG)
def test_no_picture_is_left_in_jpeg(place: str) -> None:
    source = pictures.jpeg(PHOTO, IN_JPEG[place])
    assert holds_none(watermark(source, Recipe(None, metadata="keep")).data), "without a mark"
    for policy in METADATA_POLICIES:
        done = watermark(source, Recipe(metadata=policy))
        assert holds_none(done.data), policy
        assert not any(part in done.data for part in PARTS)
    if place != "JFXX":
        assert [warning for warning in watermark(source).warnings if "picture inside" in warning]


def test_a_profile_is_kept_with_the_picture_in_it_zeroed() -> None:
    done = watermark(pictures.jpeg(PHOTO, IN_JPEG["profile in pieces"]))
    assert blocks.decoded(done.data).info["icc_profile"] == PROFILE + bytes(len(PREVIEW))


IN_PNG = {
    "private chunk": [pictures.chunk(b"prVt", b"preview" + PREVIEW)],
    "pieces": [pictures.chunk(b"prVt", part) for part in PARTS],
    "text": [pictures.chunk(b"tEXt", b"Thumbnail\0" + in_base64(PREVIEW, 76).encode())],
    "text, bytes": [pictures.chunk(b"tEXt", b"Thumbnail\0" + PREVIEW)],
    "compressed text": [blocks.png_text(b"Thumbnail", PREVIEW, compressed=True)],
    "raw profile": [blocks.raw_profile(b"thumbnail", PREVIEW)],
    "hexadecimal": [pictures.chunk(b"tEXt", b"Thumbnail\0" + PREVIEW.hex().encode())],
    "profile": [pictures.chunk(b"iCCP", b"name\0\0" + zlib.compress(PROFILE + PREVIEW))],
    "suggested palette": [pictures.chunk(b"sPLT", b"name\0\x08" + PREVIEW)],
}


@pytest.mark.parametrize("place", IN_PNG)
def test_no_picture_is_left_in_png(place: str) -> None:
    source = blocks.png_with(*IN_PNG[place])
    assert holds_none(watermark(source, Recipe(None, metadata="keep")).data), "without a mark"
    for policy in METADATA_POLICIES:
        done = watermark(source, Recipe(metadata=policy))
        assert holds_none(done.data), policy
    assert len(watermark(source).warnings) == 1


def test_the_default_image_of_an_apng_is_marked() -> None:
    size = (64, 48)
    poster = list(pictures.photo(size).tobytes())
    frame = [255 - value for value in poster]
    data = apng(size, 2, 8, [ApngFrame(size, frame)], default=poster)
    copy = watermark(data).data
    default = pictures.png_samples(copy[:8] + copy[8:])
    assert default != poster
    assert holds_none(copy)


IN_WEBP = {
    "unknown chunk": [(b"PREV", b"a preview " + PREVIEW)],
    "pieces": [(b"PREV", part) for part in PARTS],
    "profile": [(b"ICCP", PROFILE + PREVIEW)],
}


@pytest.mark.parametrize("place", IN_WEBP)
def test_no_picture_is_left_in_webp(place: str) -> None:
    assert_none_is_left(blocks.webp_with(*IN_WEBP[place]), named=place != "profile")


IN_GIF = {
    "application": gifs.application(b"PREVIEW 1.0", gifs.in_blocks(b"preview" + PREVIEW)),
    "application in base64": gifs.application(b"PREVIEW 1.0", gifs.in_blocks(in_base64(PREVIEW).encode())),
    "pieces": b"".join(gifs.application(b"PREVIEW 1.0", gifs.in_blocks(part)) for part in PARTS),
    "comment": b"\x21\xfe" + gifs.in_blocks(PREVIEW),
    "loops": gifs.application(b"NETSCAPE2.0", b"\3\1\0\0" + gifs.in_blocks(PREVIEW)),
}


@pytest.mark.parametrize("place", IN_GIF)
def test_no_picture_is_left_in_gif(place: str) -> None:
    assert_none_is_left(blocks.gif_with(IN_GIF[place]), named=place != "loops")


SMALL_PAGE = Sheet((48, 32), list(pictures.photo((48, 32), "L").tobytes()), tags={254: (LONG, [1])})


IN_TIFF: dict[str, tiffs.Tags] = {
    "private tag": {65000: (UNDEFINED, b"preview " + PREVIEW)},
    "private tag of bytes": {65000: (1, PREVIEW)},
    "description": {270: (ASCII, in_base64(PREVIEW).encode() + b"\0")},
    "maker's notes": {34665: (LONG, {37500: (UNDEFINED, b"MAKER" + PREVIEW)})},
    "user comment": {34665: (LONG, {37510: (UNDEFINED, b"ASCII\0\0\0" + PREVIEW)})},
    "profile": {34675: (UNDEFINED, PROFILE + PREVIEW)},
    "smaller page": {330: (LONG, {256: (LONG, [48]), 65000: (UNDEFINED, PREVIEW)})},
}


@pytest.mark.parametrize("place", IN_TIFF)
def test_no_picture_is_left_in_tiff(place: str) -> None:
    assert_none_is_left(blocks.tiff_with(IN_TIFF[place]), named=place != "profile")


def test_a_reduced_page_of_a_tiff_is_marked() -> None:
    copy = watermark(blocks.tiff_with({}, SMALL_PAGE))
    assert copy.frames == 2
    assert bytes(SMALL_PAGE.samples) not in copy.data


@pytest.mark.parametrize("depth", [8, 24])
def test_no_picture_is_left_in_bmp(depth: int) -> None:
    file = BytesIO()
    (PHOTO if depth == 24 else PHOTO.quantize(64)).save(file, "BMP")
    source = file.getvalue()
    (at,) = struct.unpack_from("<I", source, 10)
    gap = source[:10] + struct.pack("<I", at + len(PREVIEW)) + source[14:at] + PREVIEW + source[at:]
    for data in (source + PREVIEW, source + b"profile" + PNG_PREVIEW, gap):
        for policy in METADATA_POLICIES:
            done = watermark(data, Recipe(metadata=policy))
            assert not carved(done.data)
            # A growing palette takes the space before the rows.
            assert depth == 8 or done.warnings == ("a picture inside unused bytes was left out",)
    assert watermark(source).warnings == ()


def test_no_picture_is_left_in_avif() -> None:
    for source in (
        avifs.avif(PHOTO, items=[(b"jpeg", PREVIEW)]),
        avifs.avif(PHOTO, top=avifs.box(b"uuid", bytes(16) + PREVIEW)),
        avifs.encoded(PHOTO) + avifs.box(b"free", PREVIEW),
        avifs.encoded(PHOTO, icc_profile=PROFILE + PREVIEW),
    ):
        for policy in METADATA_POLICIES:
            copy = watermark(source, Recipe(metadata=policy)).data
            assert not carved(copy)
