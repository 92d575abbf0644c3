"""Recognize Content Credentials, which vouch for the unmarked picture and so are in no copy (C2PA 2.2, annex A)."""

from __future__ import annotations

TIFF_TAG = 52545
"""The tag of TIFF directories, including EXIF's."""

GIF_APPLICATION = b"C2PA_GIF"
"""The application identifier of a GIF's extension; an authentication code of three bytes follows."""

JPEG_IDENTIFIER = b"JP"
"""The first bytes of an APP11 segment with a JUMBF box."""

PNG_CHUNK, WEBP_CHUNK = b"caBX", b"C2PA"

_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_NAMED_WITHIN = 64  # bytes


def is_credentials_box(data: bytes, start: int, end: int) -> bool:
    """Return whether the ``uuid`` box with its content at these offsets is C2PA's, or says so at its start."""
    head = data[start : min(end, start + _NAMED_WITHIN)]
    return head.startswith(_UUID) or b"c2pa" in head
