"""What counts as a picture by its bytes, and what does not."""

from __future__ import annotations

import random
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
def test_a_picture_is_found_from_its_first_byte_to_its_last(picture: bytes, before: bytes) -> None:
    assert pictures_in(before + picture + b"behind") == [(len(before), len(before) + len(picture))]


def test_pictures_one_behind_another_are_all_found() -> None:
    data = PREVIEW + b"-" + PNG_PREVIEW + PROGRESSIVE
    assert [end - start for start, end in pictures_in(data)] == [len(PREVIEW), len(PNG_PREVIEW), len(PROGRESSIVE)]


@pytest.mark.parametrize("kind", ["WEBP", "GIF"])
def test_webp_and_gif_are_found(kind: str) -> None:
    data = encoded(kind, (48, 32))
    assert pictures_in(b"in front" + data) == [(8, 8 + len(data))]


@pytest.mark.parametrize(
    ("size", "counts"), [((16, 16), True), ((16, 8), True), ((15, 15), False), ((1, 1), False), ((300, 7), False)]
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
def test_a_picture_has_a_size(kind: str, size: tuple[int, int], counts: bool) -> None:
    assert holds_picture(encoded(kind, size)) == counts


@pytest.mark.parametrize("cut", range(1, len(PREVIEW), 61))
def test_a_picture_counts_as_soon_as_its_first_scan_begins(cut: int) -> None:
    part = PREVIEW[:cut]
    assert holds_picture(part) == (b"\xff\xda" in part[:-2]) or cut - PREVIEW.index(b"\xff\xda") < 10
    if carved(part):
        assert holds_picture(part)


def test_three_bytes_are_no_picture() -> None:
    dice = random.Random(4)
    for _ in range(300):
        assert not holds_picture(dice.randbytes(50) + b"\xff\xd8\xff" + dice.randbytes(400))


def test_junk_between_segments_does_not_hide_a_picture() -> None:
    at = PREVIEW.index(b"\xff\xdb")
    assert holds_picture(PREVIEW[:at] + b"junk" * 100 + b"\xff\xff\xff" + PREVIEW[at:])


def test_a_flood_of_beginnings_counts_as_a_picture_and_takes_no_time() -> None:
    flood = b"\xff\xd8\xff\xe0\0\2" * 200_000
    ((_, end),) = pictures_in(flood)
    assert end == len(flood)


@pytest.mark.parametrize("text", [b"/9j/", b"ffd8ff", b"A/Y/"])
def test_a_flood_of_encoded_beginnings_counts_as_a_picture(text: bytes) -> None:
    assert holds_picture(text * 100_000)


@pytest.mark.parametrize("text", [b"/9j/ ", b"ffd8ff, "])
def test_encoded_beginnings_do_not_hide_a_picture_behind_them(text: bytes) -> None:
    assert holds_picture(text * 3_000 + b"; " + in_base64(PREVIEW).encode())
    assert holds_picture(text.replace(b" ", b";") * 3_000 + b"; " + PREVIEW.hex().encode())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@pytest.mark.filterwarnings("ignore")  # what Pillow says of damaged pictures while they are carved
def test_a_real_files_copy_holds_no_other_picture(path: Path) -> None:
    for policy in METADATA_POLICIES:
        try:
            copy = watermark(path.read_bytes(), Recipe(metadata=policy)).data
        except Refused:
            return
        assert not any(carved(block) for block in outside_pixels(copy))
        with Image.open(BytesIO(copy)) as picture:
            picture.load()
