"""What can be said of a file before it is sent: whether the pipeline would refuse it, its type, its digests."""

from __future__ import annotations

import base64
import hashlib
import zlib
from dataclasses import dataclass
from io import BufferedReader

from zenoimg.imaging import Limits
from zenoimg.imaging.identify import HEAD_BYTES, SUPPORTED, Identified, identify
from zenoimg.pipeline.records import RESERVED_PREFIX
from zenoimg.pipeline.storage import MAX_KEY_BYTES, copy_key_fits

_BLOCK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Checked:
    """A file's media type by its first bytes, and why the pipeline would refuse it (empty: it would not)."""

    content_type: str
    refusal: str


def check(key: str, file: BufferedReader, size: int, limits: Limits) -> Checked:
    """Look at a file's key, size (bytes) and first bytes; the file is left at its beginning."""
    head = file.read(HEAD_BYTES)
    file.seek(0)
    found = identify(head)
    content_type = "application/octet-stream" if found is None else found.content_type
    return Checked(content_type, _refusal_of_key(key) or _refusal_of_content(found, size, limits))


def digest(file: BufferedReader, algorithm: str) -> str:
    """Hex digest of a whole file, which is left at its beginning."""
    file.seek(0)
    found = hashlib.file_digest(file, algorithm).hexdigest()
    file.seek(0)
    return found


def crc32(file: BufferedReader) -> str:
    """CRC-32 of a whole file, as S3 writes it (big-endian, base64); the file is left at its beginning."""
    found = 0
    while block := file.read(_BLOCK_BYTES):
        found = zlib.crc32(block, found)
    file.seek(0)
    return base64.b64encode(found.to_bytes(4, "big")).decode()


def _refusal_of_key(key: str) -> str:
    if not key or key.endswith("/"):
        return "a key that ends in '/' is a folder's marker, not a picture"
    if key.startswith(RESERVED_PREFIX):
        return f"keys below {RESERVED_PREFIX} are hidden from lists: they belong to the photos that deploy tests with"
    try:
        length = len(key.encode())
    except UnicodeEncodeError:
        return "its name is not valid UTF-8, and S3 keys are"
    if not copy_key_fits(key):
        return f"its key of {length} bytes is too long: with its prefix the copy's may have {MAX_KEY_BYTES}"
    return ""


def _refusal_of_content(found: Identified | None, size: int, limits: Limits) -> str:
    if size == 0:
        return "the file is empty"
    if size > limits.max_bytes:
        return f"{size:,} bytes; at most {limits.max_bytes:,} are accepted"
    supported = ", ".join(SUPPORTED)
    if found is None:
        return f"not a picture in a known format; supported are {supported}"
    return "" if found.supported else f"{found.format} is not supported; supported are {supported}"
