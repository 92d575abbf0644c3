"""Read an original, and refuse what can be refused without looking at its bytes."""

from __future__ import annotations

from zenoimg.imaging import Limits
from zenoimg.pipeline.outcome import Refusal
from zenoimg.pipeline.storage import Original, OriginalArchivedError, copy_key_fits
from zenoimg.pipeline.tools import Storage
from zenoimg.pipeline.verdict import ARCHIVED


def fetch(key: str, storage: Storage, limits: Limits) -> tuple[Original | None, Refusal | None]:
    """Return the original of a key (or ``None``), and the refusal of it (or ``None``).

    Raises whatever S3 raises, except for archived originals, which are refused.
    """
    refusal: Refusal | None = None
    try:
        original = storage.get_original(key, limits.max_bytes)
    except OriginalArchivedError as archived:
        original = storage.head_original(key)
        refusal = Refusal(ARCHIVED, str(archived))
    if not copy_key_fits(key):
        return original, Refusal(
            "key-too-long", f"a key of {len(key.encode())} bytes leaves no room for the prefix of the copy"
        )
    if refusal is None and original is not None and original.data is None:
        size = f"{original.size:,} bytes"
        if original.size <= limits.max_bytes:
            size += ", and larger than the limit when unpacked"
        return original, Refusal("too-large", f"{size}; the limit is {limits.max_bytes:,}")
    return original, refusal
