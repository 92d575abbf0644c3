"""Keys that are rejected before sending, whatever the file."""

from __future__ import annotations

from io import BufferedReader, BytesIO

import pytest

from tests.drawn import pictures
from zenoimg.imaging import Limits
from zenoimg.operations.content import check

PHOTO = pictures.jpeg(pictures.photo((32, 24)))


@pytest.mark.parametrize(
    ("key", "named"),
    [
        ("a folder/", "folder marker"),
        (".zenoimg/a.jpg", "is reserved for"),
        ("a" * 1015, "1015 bytes is too long"),
        ("a\udce4.jpg", "not valid UTF-8"),
        ("a.zenoimg/a.jpg", ""),
        ("a" * 1014, ""),
    ],
)
def test_invalid_keys_are_reported_before_anything_is_sent(key: str, named: str) -> None:
    refusal = check(key, BufferedReader(BytesIO(PHOTO)), len(PHOTO), Limits()).refusal
    assert named in refusal if named else not refusal
