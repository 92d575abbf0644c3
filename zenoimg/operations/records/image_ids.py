"""What can be the id of an image: an S3 key. What cannot is told apart before AWS fails a whole call for it."""

from __future__ import annotations

from zenoimg.pipeline.storage import MAX_KEY_BYTES


def is_possible(text: str) -> bool:
    """Whether an image could have this id: S3 keys are 1 to 1,024 bytes of UTF-8."""
    try:
        return 0 < len(text.encode()) <= MAX_KEY_BYTES
    except UnicodeEncodeError:  # bytes of the command line that are no UTF-8
        return False
