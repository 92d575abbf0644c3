"""Compare files with the pipeline's limits and, by content, with objects in S3.

``check``    determines a file's media type, and why the pipeline would refuse it
``is_same``  tells whether an object has the content of a file
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BufferedReader
from typing import Any

from zenoimg.imaging import Limits
from zenoimg.imaging.formats import SUPPORTED
from zenoimg.imaging.formats.heif.availability import SWITCHED_OFF
from zenoimg.imaging.identify import HEAD_BYTES, Identified, identify
from zenoimg.pipeline.objects.headers import DIGEST_ENTRY
from zenoimg.pipeline.records import MAX_KEY_BYTES, RESERVED_PREFIX
from zenoimg.pipeline.storage import copy_key_fits, identity_of

_BLOCK_BYTES = 1024 * 1024
#: The part size that the AWS CLI and boto3 use.
_FOREIGN_PART_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Checked:
    """A file's media type, from its first bytes, and why the pipeline would refuse it; empty if it would not."""

    content_type: str
    refusal: str


@dataclass(frozen=True)
class Remote:
    """An object in S3. ``sha256`` is the hex digest of its content, empty unless zenoimg uploaded it."""

    identity: str
    sha256: str
    etag: str


def check(key: str, file: BufferedReader, size: int, limits: Limits) -> Checked:
    """Check a file's key, size (in bytes) and first bytes, and rewind the file."""
    head = file.read(HEAD_BYTES)
    file.seek(0)
    found = identify(head)
    content_type = "application/octet-stream" if found is None else found.content_type
    return Checked(content_type, _refusal_of_key(key) or _refusal_of_content(found, size, limits))


def digest(file: BufferedReader, algorithm: str) -> str:
    """Return the hex digest of an entire file, and rewind it."""
    file.seek(0)
    found = hashlib.file_digest(file, algorithm).hexdigest()
    file.seek(0)
    return found


def crc32(file: BufferedReader) -> str:
    """Return the CRC-32 of an entire file as S3 encodes it (big-endian, base64), and rewind it."""
    found = 0
    while block := file.read(_BLOCK_BYTES):
        found = zlib.crc32(block, found)
    file.seek(0)
    return base64.b64encode(found.to_bytes(4, "big")).decode()


def remote_of(answer: Mapping[str, Any]) -> Remote:
    """Return the object described by a HeadObject response."""
    return Remote(identity_of(answer), answer["Metadata"].get(DIGEST_ENTRY, ""), answer["ETag"].strip('"'))


def is_same(remote: Remote, file: BufferedReader, sha256: str) -> bool:
    """Return whether an object has the content of an open file with the given SHA-256 (hex)."""
    if remote.sha256:
        return remote.sha256 == sha256
    # Uploaded by another client: the ETag of a one-part object is the MD5 of its bytes (SSE-S3, as our buckets are).
    if "-" not in remote.etag:
        return remote.etag == digest(file, "md5")
    return remote.etag == _multipart_etag(file)


def _multipart_etag(file: BufferedReader) -> str:
    """Return the ETag of an upload with the AWS CLI or boto3: the MD5 of the MD5s of its 8 MiB parts."""
    file.seek(0)
    parts = []
    while part := file.read(_FOREIGN_PART_BYTES):
        parts.append(hashlib.md5(part, usedforsecurity=False).digest())
    file.seek(0)
    return f"{hashlib.md5(b''.join(parts), usedforsecurity=False).hexdigest()}-{len(parts)}"


def _refusal_of_key(key: str) -> str:
    if not key or key.endswith("/"):
        return "a key that ends in '/' is a folder marker, not an image"
    if key.startswith(RESERVED_PREFIX):
        return f"the prefix {RESERVED_PREFIX} is reserved for the photos of deploy's smoke test"
    try:
        length = len(key.encode())
    except UnicodeEncodeError:
        return "its name is not valid UTF-8, as S3 keys must be"
    if not copy_key_fits(key):
        return f"its key of {length} bytes is too long: the copy's key, with its prefix, may have {MAX_KEY_BYTES}"
    return ""


def _refusal_of_content(found: Identified | None, size: int, limits: Limits) -> str:
    if size == 0:
        return "the file is empty"
    if size > limits.max_bytes:
        return f"{size:,} bytes; at most {limits.max_bytes:,} are accepted"
    if found is not None and found.format == "HEIF" and not limits.heic:
        return SWITCHED_OFF
    supported = ", ".join(SUPPORTED)
    if found is None:
        return f"not an image in a known format; supported are {supported}"
    return "" if found.supported else f"{found.format} is not supported; supported are {supported}"
