"""Which checksums bodies are compared with."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import FlexibleChecksumError, IncompleteReadError, ResponseStreamingError
from botocore.response import StreamingBody
from urllib3.exceptions import SSLError

from zenoimg.pipeline.objects.bodies import TRIES, iter_body, read_body, retrying

DATA = bytes(range(256)) * 20
MD5 = hashlib.md5(DATA, usedforsecurity=False).hexdigest()
READERS = [
    pytest.param(read_body, id="whole"),
    pytest.param(lambda response: b"".join(iter_body(response, 1000)), id="in chunks"),
]

pytestmark = pytest.mark.parametrize("read", READERS)
Read = Callable[[dict[str, Any]], bytes]


class Raw(io.BytesIO):
    """The connection over which a body arrives."""


def response(data: bytes = DATA, length: int = len(DATA), **more: Any) -> dict[str, Any]:
    return {"Body": StreamingBody(Raw(data), length), "ETag": f'"{MD5}"', **more}


def flipped() -> bytes:
    return DATA[:100] + b"\0" + DATA[101:]


def test_intact_bytes_are_returned(read: Read) -> None:
    assert read(response()) == DATA


@pytest.mark.parametrize("more", [{}, {"ServerSideEncryption": "AES256"}], ids=["default", "SSE-S3"])
def test_without_a_checksum_the_etag_is_compared(read: Read, more: dict[str, Any]) -> None:
    with pytest.raises(FlexibleChecksumError, match=MD5):
        read(response(flipped(), **more))


@pytest.mark.parametrize(
    "more",
    [
        {"ETag": f'"{MD5}-2"'},
        {"ServerSideEncryption": "aws:kms"},
        {"ServerSideEncryption": "aws:kms:dsse"},
        {"SSECustomerAlgorithm": "AES256"},
        {"ContentRange": "bytes 0-9/100"},
        {"ETag": '"not an md5"'},
    ],
    ids=["multipart", "KMS", "DSSE-KMS", "SSE-C", "a range", "another server"],
)
def test_an_etag_that_is_not_an_md5_is_not_compared(read: Read, more: dict[str, Any]) -> None:
    assert read(response(flipped(), **more)) == flipped()


def test_the_length_is_always_compared(read: Read) -> None:
    with pytest.raises(IncompleteReadError):
        read(response(DATA[:-1], ETag='"x-2"'))


def test_the_connection_is_closed_whatever_happens(read: Read) -> None:
    sound, cut = response(), response(DATA[:-1])
    read(sound)
    with pytest.raises(IncompleteReadError):
        read(cut)
    assert sound["Body"]._raw_stream.closed
    assert cut["Body"]._raw_stream.closed


def test_connection_errors_become_botocores(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bytes:
        raise SSLError("bad record mac")

    monkeypatch.setattr(Raw, "read", fail)
    with pytest.raises(ResponseStreamingError, match="bad record mac"):
        read(response())


@pytest.mark.parametrize(("damaged", "calls"), [(0, 1), (TRIES - 1, TRIES)])
def test_a_damaged_body_is_requested_again(read: Read, damaged: int, calls: int) -> None:
    asked = [flipped()] * damaged + [DATA] * 9
    left = list(asked)
    assert retrying(lambda: read(response(left.pop(0)))) == DATA
    assert len(asked) - len(left) == calls


def test_the_failure_is_raised_after_a_few_tries(read: Read) -> None:
    with pytest.raises(FlexibleChecksumError):
        retrying(lambda: read(response(flipped())))
