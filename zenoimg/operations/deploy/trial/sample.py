"""Choose stored images to try a new recipe on.

Refusals depend on the format and the size of a picture, so the sample takes images of every kind in turn. Within a
kind the order is that of a hash of the key: the same records give the same sample.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from zenoimg.pipeline.records import ImageRecord


@dataclass(frozen=True)
class Bounds:
    """Upper bounds of a trial: number of images, bytes of their originals, seconds of work."""

    images: int = 24
    bytes: int = 200_000_000
    seconds: float = 60.0


def choose(records: Iterable[ImageRecord], bounds: Bounds) -> list[ImageRecord]:
    """Return the records of the images to try, at most ``bounds.images`` with ``bounds.bytes`` of originals.

    Failed images are left out: they say nothing about a recipe.
    """
    unique = {record.image_id: record for record in records if record.status != "failed"}
    chosen: list[ImageRecord] = []
    left = bounds.bytes
    for record in _in_turn(unique.values()):
        if len(chosen) == bounds.images:
            break
        size = record.original_size or 0
        if size <= left:
            chosen.append(record)
            left -= size
    return chosen


def _in_turn(records: Iterable[ImageRecord]) -> Iterator[ImageRecord]:
    """Yield one record of each kind, then another of each, and so on."""
    kinds: dict[tuple[str, ...], list[ImageRecord]] = defaultdict(list)
    for record in sorted(records, key=lambda each: _hash(each.image_id)):
        kinds[_kind(record)].append(record)
    queues = [kinds[kind] for kind in sorted(kinds)]
    for number in range(max(map(len, queues), default=0)):
        yield from (queue[number] for queue in queues if number < len(queue))


def _kind(record: ImageRecord) -> tuple[str, ...]:
    """Return status, format and size class; a class holds sizes within a factor of 8."""
    pixels = (record.width or 0) * (record.height or 0) or (record.original_size or 0)
    return record.status, record.format or "", str(pixels.bit_length() // 3)


def _hash(key: str) -> bytes:
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
