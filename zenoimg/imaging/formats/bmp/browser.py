"""Prepare a BMP for display in a browser."""

from __future__ import annotations


def without_metadata(data: bytes) -> bytes:
    """Return the file unchanged, since a BMP has no metadata."""
    return data
