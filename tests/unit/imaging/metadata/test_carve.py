"""Which bytes count as a picture, and which do not."""

from __future__ import annotations

import base64
import random
import struct
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.drawn import pictures
from tests.unit.imaging.metadata.blocks import PNG_PREVIEW, PREVIEW, PROGRESSIVE, in_base64
from tests.unit.imaging.metadata.carving import carved, outside_pixels
from zenoimg.imaging import Recipe, Refused, watermark
from zenoimg.imaging.metadata.carve import holds_picture, pictures_in
from zenoimg.imaging.recipe import METADATA_POLICIES

PHOTOS = Path(__file__).parents[5] / "shared" / "photos"
FILES = sorted(path for path in PHOTOS.rglob("*.*") if path.suffix != ".tsv")


def encoded(kind: str, size: tuple[int, int]) -> bytes:
    file = BytesIO()
    pictures.photo(size).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("picture", [PREVIEW, PROGRESSIVE, PNG_PREVIEW], ids=["JPEG", "progressive", "PNG"])
@pytest.mark.parametrize("before", [b"", b"1", b"\xff\xd8\xff\xd8", b"before" * 99])
def test_a_picture_is_found_from_its_first_to_its_last_byte(picture: bytes, before: bytes) -> None:
    assert pictures_in(before + picture + b"behind") == [(len(before), len(before) + len(picture))]


def test_several_pictures_in_a_row_are_all_found() -> None:
    data = PREVIEW + b"-" + PNG_PREVIEW + PROGRESSIVE
    assert [end - start for start, end in pictures_in(data)] == [len(PREVIEW), len(PNG_PREVIEW), len(PROGRESSIVE)]


KINDS = ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "JPEG2000", "TIFF"]


@pytest.mark.parametrize("kind", KINDS[2:])
def test_pictures_of_other_formats_are_found(kind: str) -> None:
    data = encoded(kind, (48, 32))
    ((start, end),) = pictures_in(b"in front" + data)
    assert 8 <= start <= 20  # JPEG 2000's first box of 12 bytes has no pixels
    assert end == 8 + len(data)


def test_a_jpeg_2000_codestream_and_a_tiff_of_the_other_byte_order_are_found() -> None:
    data = encoded("JPEG2000", (48, 32))
    assert holds_picture(data[data.index(b"\xff\x4f\xff\x51") :])
    file = BytesIO()
    pictures.photo((48, 32)).convert("I;16B").save(file, "TIFF")
    assert file.getvalue().startswith(b"MM")
    assert holds_picture(b"in front" + file.getvalue())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("before", [b"", b"1", b"22"])
def test_a_picture_of_any_format_is_found_in_base64_and_in_hexadecimal_digits(kind: str, before: bytes) -> None:
    data = before + encoded(kind, (48, 32))
    assert holds_picture(b"text: " + base64.b64encode(data))
    assert holds_picture(b"text: " + data.hex().encode())


def test_an_exif_block_is_not_a_picture_although_it_starts_like_a_tiff() -> None:
    exif = Image.Exif()
    exif[256], exif[257], exif[271] = 4000, 3000, "Maker"
    block = exif.tobytes()[6:]
    assert block[:4] in (b"II*\0", b"MM\0*")
    assert not holds_picture(block)
    assert not holds_picture(b"Nikon\0\2\x10\0\0" + block)


def test_boxes_without_a_known_brand_are_not_a_picture() -> None:
    assert not holds_picture(b"\0\0\0\x10ftypabcd\0\0\0\0" + bytes(64))


@pytest.mark.parametrize(
    ("size", "counts"), [((16, 16), True), ((16, 8), True), ((15, 15), False), ((1, 1), False), ((300, 7), False)]
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
def test_pictures_below_16_x_8_pixels_do_not_count(kind: str, size: tuple[int, int], counts: bool) -> None:
    assert holds_picture(encoded(kind, size)) == counts


@pytest.mark.parametrize("cut", range(1, len(PREVIEW), 61))
def test_a_jpeg_counts_as_soon_as_its_first_scan_starts(cut: int) -> None:
    part = PREVIEW[:cut]
    assert holds_picture(part) == (b"\xff\xda" in part[:-2]) or cut - PREVIEW.index(b"\xff\xda") < 10
    if carved(part):
        assert holds_picture(part)


def test_three_bytes_are_not_a_picture() -> None:
    dice = random.Random(4)
    for _ in range(300):
        assert not holds_picture(dice.randbytes(50) + b"\xff\xd8\xff" + dice.randbytes(400))


def test_junk_between_segments_does_not_hide_a_picture() -> None:
    at = PREVIEW.index(b"\xff\xdb")
    assert holds_picture(PREVIEW[:at] + b"junk" * 100 + b"\xff\xff\xff" + PREVIEW[at:])


def test_a_flood_of_signatures_counts_as_a_picture_without_a_long_search() -> None:
    flood = b"\xff\xd8\xff\xe0\0\2" * 200_000
    ((_, end),) = pictures_in(flood)
    assert end == len(flood)


@pytest.mark.parametrize("beginning", [b"II*\0", b"MM\0*", b"RIFF", b"GIF8", b"\xff\x4f\xff\x51", b"\0\0\0\0ftyp"])
def test_a_flood_of_signatures_without_pictures_counts_as_a_picture(beginning: bytes) -> None:
    flood = beginning * 60_000
    assert pictures_in(flood)[-1][1] == len(flood)


def test_a_flood_of_tiffs_without_their_strips_counts_as_a_picture() -> None:
    strips = b"".join(struct.pack("<HHII", tag, 4, 4096, 0) for tag in (273, 279, 324, 325))
    directory = struct.pack("<H", 4) + strips + bytes(4)
    header, length = 8, 4096 * 8
    starts = b"".join(b"II*\0" + struct.pack("<I", length - at) for at in range(0, length, header))
    ((start, end),) = pictures_in(starts + directory)
    assert (start, end) == (start, len(starts + directory))
    assert start < length // 4, "stopped long before the last signature"


@pytest.mark.parametrize("text", [b"/9j/", b"ffd8ff", b"A/Y/"])
def test_a_flood_of_encoded_signatures_counts_as_a_picture(text: bytes) -> None:
    assert holds_picture(text * 100_000)


@pytest.mark.parametrize("text", [b"/9j/ ", b"ffd8ff, "])
def test_encoded_signatures_do_not_hide_a_picture_after_them(text: bytes) -> None:
    assert holds_picture(text * 3_000 + b"; " + in_base64(PREVIEW).encode())
    assert holds_picture(text.replace(b" ", b";") * 3_000 + b"; " + PREVIEW.hex().encode())


@pytest.mark.thorough
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@pytest.mark.filterwarnings("ignore")  # Pillow's warnings about damaged pictures during carving
def test_the_copy_of_a_real_file_contains_no_other_picture(path: Path) -> None:
    for policy in METADATA_POLICIES:
        try:
            copy = watermark(path.read_bytes(), Recipe(metadata=policy)).data
        except Refused:
            return
        assert not any(carved(block) for block in outside_pixels(copy))
        with Image.open(BytesIO(copy)) as picture:
            picture.load()
