"""Decompress originals stored with ``Content-Encoding: gzip``, as every HTTP client does."""

from __future__ import annotations

import zlib

_GZIP = 16 + zlib.MAX_WBITS


class TooLargeUnpackedError(Exception):
    """The content is larger than allowed; nothing beyond the limit was decompressed."""


def unpack(data: bytes, encoding: str | None, max_bytes: int) -> bytes:
    """Return the content of an object from its bytes and its Content-Encoding.

    Content that does not match its encoding, or has an unknown one, is returned unchanged for imaging to judge.
    Raises ``TooLargeUnpackedError`` above ``max_bytes``.
    """
    codings = {each.strip().lower() for each in (encoding or "").split(",")} - {"", "identity", "aws-chunked"}
    if codings not in ({"gzip"}, {"x-gzip"}):
        return data
    parts, size, left = [], 0, data
    while left:
        member = zlib.decompressobj(_GZIP)
        try:
            part = member.decompress(left, max_bytes - size + 1)
        except zlib.error:
            return data
        size += len(part)
        if size > max_bytes:
            raise TooLargeUnpackedError
        if not member.eof:  # truncated within a member
            return data
        parts.append(part)
        left = member.unused_data.lstrip(b"\0")  # padding is allowed after the last member (RFC 1952, section 2.2)
    return b"".join(parts)
