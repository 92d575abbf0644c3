"""Explain why an image has no copy, in the same words for all commands."""

from __future__ import annotations

from zenoimg.pipeline.records import ImageRecord
from zenoimg.suggest import suggest


def why_no_copy(record: ImageRecord) -> str:
    """Return why an image has no copy, and what to do about it."""
    if record.status == "refused":
        return f"it was refused and has no copy ({record.error}); --original downloads the original"
    if record.status == "failed":
        return f"it has no copy: processing failed ({record.error})"
    return f"its copy is gone; `{suggest('reprocess', ids=[record.image_id])}` creates it again"
