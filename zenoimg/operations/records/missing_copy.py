"""Why an image has no copy, in words that every command shares."""

from __future__ import annotations

from zenoimg.pipeline.records import ImageRecord
from zenoimg.suggest import suggest


def why_no_copy(record: ImageRecord) -> str:
    """Return why the copy of an image is not there, and what helps."""
    if record.status == "refused":
        return f"it was refused and has no copy ({record.error}); --original downloads the original"
    if record.status == "failed":
        return f"it has no copy: processing failed ({record.error})"
    return f"its copy is gone; `{suggest('reprocess', ids=[record.image_id])}` creates it again"
