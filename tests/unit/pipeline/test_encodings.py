"""Originals stored compressed in S3."""

from __future__ import annotations

import gzip

import pytest

from zenoimg.pipeline.objects.encodings import TooLargeUnpackedError, unpack

DATA = b"a picture " * 100
PACKED = gzip.compress(DATA)


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip", "aws-chunked,gzip", "gzip, aws-chunked"])
def test_gzip_is_unpacked(encoding: str) -> None:
    assert unpack(PACKED, encoding, len(DATA)) == DATA


@pytest.mark.parametrize("encoding", [None, "", "identity", "aws-chunked", "br", "gzip, br"])
def test_other_encodings_are_left_as_they_are(encoding: str | None) -> None:
    assert unpack(PACKED, encoding, 1) == PACKED


def test_several_gzip_members_and_padding_are_joined() -> None:
    assert unpack(PACKED + PACKED + b"\0" * 10, "gzip", 2 * len(DATA)) == DATA + DATA


@pytest.mark.parametrize("data", [DATA, PACKED[:-20], PACKED + b"rest", b""], ids=["plain", "cut", "trailing", "empty"])
def test_content_that_is_not_gzip_is_returned_for_imaging_to_judge(data: bytes) -> None:
    assert unpack(data, "gzip", len(DATA)) == data


def test_the_limit_applies_to_all_members_together() -> None:
    with pytest.raises(TooLargeUnpackedError):
        unpack(PACKED, "gzip", len(DATA) - 1)
    with pytest.raises(TooLargeUnpackedError):
        unpack(PACKED + PACKED, "gzip", 2 * len(DATA) - 1)
