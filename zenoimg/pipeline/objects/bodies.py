"""Read object bodies from S3 and verify them: the only place that reads one.

botocore compares the checksum and the length of a body only when it is read through ``StreamingBody`` itself: a
``with`` statement on it yields urllib3's response, which compares neither. If S3 has no checksum of the entire
object (older clients, composite checksums of multipart uploads), the ETag is compared if it is an MD5 of the content
(https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html): not for multipart uploads, nor for objects encrypted
with KMS or customer-provided keys.

Failures are botocore's: ``FlexibleChecksumError`` for bytes that differ from those in S3, ``IncompleteReadError`` or
``ResponseStreamingError`` for a truncated body. They say nothing about the object, so a reader tries again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any, TypeVar

from botocore.exceptions import FlexibleChecksumError, IncompleteReadError, ResponseStreamingError
from botocore.httpchecksum import StreamingChecksumBody
from urllib3.exceptions import HTTPError

#: Maximum number of requests for one body. Each is retried by the client until its headers arrive.
TRIES = 3

#: The exceptions raised for a body that arrives damaged or incomplete.
BROKEN = (FlexibleChecksumError, IncompleteReadError, ResponseStreamingError)

_CHUNK_BYTES = 1 << 20

T = TypeVar("T")


def read_body(response: Mapping[str, Any]) -> bytes:
    """Return the verified body of a GetObject response. Raises one of ``BROKEN``."""
    with closing(response["Body"]) as body:
        try:
            data: bytes = body.read()
        except HTTPError as error:  # botocore translates two of urllib3's errors
            raise ResponseStreamingError(error=error) from error
        expected = _md5_of(response)
        if expected is not None:
            _compare(expected, hashlib.md5(data, usedforsecurity=False).hexdigest())
        return data


def iter_body(response: Mapping[str, Any], chunk_bytes: int = _CHUNK_BYTES) -> Iterator[bytes]:
    """Yield the body of a GetObject response in chunks.

    It is verified after the last chunk: the consumer must discard the chunks if one of ``BROKEN`` is raised.
    """
    expected = _md5_of(response)
    md5 = hashlib.md5(usedforsecurity=False)
    with closing(response["Body"]) as body:
        try:
            for chunk in body.iter_chunks(chunk_bytes):
                if expected is not None:
                    md5.update(chunk)
                yield chunk
        except HTTPError as error:
            raise ResponseStreamingError(error=error) from error
    if expected is not None:
        _compare(expected, md5.hexdigest())


def retrying(read: Callable[[], T]) -> T:
    """Call a function that requests an object and reads its body; call it again if the body was broken.

    Raises one of ``BROKEN`` after ``TRIES`` calls, and immediately whatever else the function raises.
    """
    for _ in range(TRIES - 1):
        try:
            return read()
        except BROKEN:
            continue
    return read()


def _md5_of(response: Mapping[str, Any]) -> str | None:
    """Return the MD5 that the body must have, if it is known and botocore does not compare a checksum."""
    etag = str(response.get("ETag", "")).strip('"')
    is_md5 = (
        re.fullmatch(r"[0-9a-f]{32}", etag)
        and response.get("ServerSideEncryption", "AES256") == "AES256"
        and "SSECustomerAlgorithm" not in response
        and "ContentRange" not in response
    )
    return etag if is_md5 and not isinstance(response["Body"], StreamingChecksumBody) else None


def _compare(expected: str, found: str) -> None:
    if found != expected:
        raise FlexibleChecksumError(error_msg=f"Expected MD5 {expected} did not match calculated MD5: {found}")
