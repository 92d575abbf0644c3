"""Which EXIF of a HEIF belongs to its picture."""

from __future__ import annotations

import pytest

from tests.drawn import heifs, pictures
from tests.drawn.heifs import needs_heic
from zenoimg.imaging.formats.heif.header import read_header

PICTURE, THUMBNAIL, NOTHING = 1, 2, 0


@needs_heic
@pytest.mark.parametrize(
    ("described", "expected"),
    [
        ((PICTURE, THUMBNAIL), b"MM\0*0"),
        ((THUMBNAIL, PICTURE), b"MM\0*1"),
        ((NOTHING, PICTURE), b"MM\0*1"),
        ((THUMBNAIL, NOTHING), b"MM\0*1"),
        ((THUMBNAIL,), b""),
        ((), b""),
    ],
)
def test_the_exif_of_another_picture_is_ignored(described: tuple[int, ...], expected: bytes) -> None:
    picture = heifs.encoded(pictures.photo((64, 64)))
    blocks = [(b"MM\0*%d" % number, item) for number, item in enumerate(described)]
    assert read_header(heifs.with_exif(picture, *blocks)).exif == expected
