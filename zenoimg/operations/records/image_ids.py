"""Tell which strings can be an image id, that is, an S3 key; others would make an entire batch fail."""

from __future__ import annotations

from zenoimg.pipeline.records import MAX_KEY_BYTES


def is_possible(text: str) -> bool:
    """Return whether an image could have this id: S3 keys are 1 to 1,024 bytes of UTF-8."""
    try:
        return 0 < len(text.encode()) <= MAX_KEY_BYTES
    except UnicodeEncodeError:  # bytes on the command line that are not UTF-8
        return False
