"""Find the images that match selectors, in constant memory, from the table or from buckets and table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from zenoimg.operations.concurrency import batches
from zenoimg.operations.inventory.selection import scan
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.records.image_ids import is_possible
from zenoimg.operations.records.listing import Query, from_table
from zenoimg.operations.selectors import Selectors
from zenoimg.pipeline.records import RESERVED_PREFIX, ImageRecord

_LOOKUP = 100  # one BatchGetItem

Source = Literal["records", "originals"]
"""What counts as an image: a record; or any original, copy or record, which requires listing the buckets."""


@dataclass(frozen=True)
class FoundImage:
    """A selected image: its record, or ``None``, and the size of its original in bytes, if known.

    An image selected by its id need not exist.
    """

    key: str
    record: ImageRecord | None = None
    size: int | None = None


@dataclass(frozen=True)
class Count:
    """The totals of a selection; ``by_status`` counts the images with a record."""

    images: int
    total_bytes: int
    by_status: dict[str, int]


def find_images(
    pipeline: LivePipeline, selectors: Selectors, *, today: date, source: Source = "records"
) -> Iterator[FoundImage]:
    """Yield the selected images: those given by id once each and in order, others in no particular order.

    Status and format are only in records, so selecting by them never reads the buckets. Raises botocore's
    ``ClientError`` during iteration.
    """
    if selectors.ids is not None:
        return _named(pipeline, selectors.ids)
    if source == "originals" and not selectors.needs_records:
        return _stored(pipeline, selectors)
    records = from_table(pipeline.catalog, Query(selectors, order="any"), today=today).records
    return (FoundImage(record.image_id, record, record.original_size) for record in records)


class Tally:
    """Counts images as they pass through."""

    def __init__(self) -> None:
        self._images = self._bytes = 0
        self._statuses: Counter[str] = Counter()

    def of(self, images: Iterable[FoundImage]) -> Iterator[FoundImage]:
        """Yield the images and count each."""
        for image in images:
            self._images += 1
            self._bytes += image.size or 0
            if image.record is not None:
                self._statuses[image.record.status] += 1
            yield image

    @property
    def count(self) -> Count:
        """Return the count so far."""
        return Count(self._images, self._bytes, dict(sorted(self._statuses.items())))


def _named(pipeline: LivePipeline, ids: Iterable[str]) -> Iterator[FoundImage]:
    for batch in batches(dict.fromkeys(ids), _LOOKUP):
        records = pipeline.catalog.get_many(filter(is_possible, batch))
        for key in batch:
            record = records.get(key)
            yield FoundImage(key, record, record.original_size if record else None)


def _stored(pipeline: LivePipeline, selectors: Selectors) -> Iterator[FoundImage]:
    for candidate, record in scan(pipeline, selectors.prefix):
        original = candidate.original
        created_at = original.created_at if original else record.created_at if record else ""
        if selectors.takes(candidate.key, created_at) and not candidate.key.startswith(RESERVED_PREFIX):
            yield FoundImage(candidate.key, record, original.size if original else None)
