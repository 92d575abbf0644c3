"""Records of images that neither bucket knows, found in constant memory by comparing two streams of ids.

A digest is 4,096 sums over hashes of ids, one for each part that ids fall into. Two streams of the same ids
have the same sums, in whatever order they come; where a sum differs, only the ids of that part are looked at.
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
_LOOKS_AHEAD = 16


class Digest:
    """What a stream of ids comes to."""

    def __init__(self) -> None:
        self._sums = array("Q", bytes(8 * _PARTS))

    def add(self, image_id: str) -> None:
        """One more id."""
        part, number = _hash(image_id)
        self._sums[part] = (self._sums[part] + number) % 2**64

    def differs_from(self, other: Digest) -> frozenset[int]:
        """The parts whose ids are not the same in both."""
        return frozenset(part for part in range(_PARTS) if self._sums[part] != other._sums[part])


def lone_records(pipeline: LivePipeline, seen: Digest, prefix: str) -> Iterator[ImageRecord]:
    """The records in the table, other than those ``seen``, whose image has neither original nor copy.

    Scans the table once, and once more only where something differs. Images that came or went since
    ``seen`` was made are asked for one by one and cleared.
    """
    there = Digest()
    for record in pipeline.catalog.all():
        if record.image_id.startswith(prefix):
            there.add(record.image_id)
    parts = seen.differs_from(there)
    if not parts:
        return
    suspects = (
        record
        for record in pipeline.catalog.all()
        if record.image_id.startswith(prefix) and _hash(record.image_id)[0] in parts
    )

    def look(record: ImageRecord) -> ImageRecord | None:
        key = record.image_id
        has_copy = copy_key_fits(key) and pipeline.storage.get_copy_mark(key) is not None
        return record if not has_copy and pipeline.storage.head_original(key) is None else None

    yield from (record for record in map_ahead(look, suspects, _LOOKS_AHEAD) if record is not None)


def _hash(image_id: str) -> tuple[int, int]:
    digest = hashlib.blake2b(image_id.encode("utf-8", "surrogatepass"), digest_size=10).digest()
    return int.from_bytes(digest[:2], "big") % _PARTS, int.from_bytes(digest[2:], "big")
