"""Find records with neither original nor copy, in constant memory, by comparing two streams of ids.

A digest holds 4,096 sums over hashes of ids, one for each part of the hash space. Two streams of the same ids have
the same sums, in any order; if a sum differs, only the ids of that part are checked.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator

from zenoimg.operations.concurrency import map_ahead
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.pipeline.records import ImageRecord
from zenoimg.pipeline.storage import copy_key_fits

_PARTS = 4096
_CHECKS_AHEAD = 16


class Digest:
    """Order-independent sums over a stream of ids."""

    def __init__(self) -> None:
        self._sums = array("Q", bytes(8 * _PARTS))

    def add(self, image_id: str) -> None:
        """Add an id."""
        part, number = _hash(image_id)
        self._sums[part] = (self._sums[part] + number) % 2**64

    def differs_from(self, other: Digest) -> frozenset[int]:
        """Return the parts of the hash space whose ids differ."""
        return frozenset(part for part in range(_PARTS) if self._sums[part] != other._sums[part])


def orphans(pipeline: LivePipeline, seen: Digest, prefix: str) -> Iterator[ImageRecord]:
    """Yield the records whose image has neither original nor copy, except those already ``seen``.

    Scan the table once, and a second time only if something differs. Images that were added or deleted after ``seen``
    was computed are checked individually.
    """
    stored = Digest()
    for record in pipeline.catalog.all():
        if record.image_id.startswith(prefix):
            stored.add(record.image_id)
    parts = seen.differs_from(stored)
    if not parts:
        return
    suspects = (
        record
        for record in pipeline.catalog.all()
        if record.image_id.startswith(prefix) and _hash(record.image_id)[0] in parts
    )

    def if_orphan(record: ImageRecord) -> ImageRecord | None:
        key = record.image_id
        has_copy = copy_key_fits(key) and pipeline.storage.get_copy_mark(key) is not None
        return record if not has_copy and pipeline.storage.head_original(key) is None else None

    yield from (record for record in map_ahead(if_orphan, suspects, _CHECKS_AHEAD) if record is not None)


def _hash(image_id: str) -> tuple[int, int]:
    digest = hashlib.blake2b(image_id.encode("utf-8", "surrogatepass"), digest_size=10).digest()
    return int.from_bytes(digest[:2], "big") % _PARTS, int.from_bytes(digest[2:], "big")
