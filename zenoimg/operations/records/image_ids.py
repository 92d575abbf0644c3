"""Which texts can be an image id, that is, an S3 key. Others are filtered out before they fail a whole batch."""

from __future__ import annotations

from zenoimg.pipeline.records import MAX_KEY_BYTES


def is_possible(text: str) -> bool:
    """Return whether an image could have this id: S3 keys are 1 to 1,024 bytes of UTF-8."""
    try:
        return 0 < len(text.encode()) <= MAX_KEY_BYTES
    except UnicodeEncodeError:  # bytes of the command line that are not UTF-8
        return False
