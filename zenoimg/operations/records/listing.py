"""Find records: in the table in the cheapest way, or through the HTTP API.

A table that fits in one page is read completely, without an index. In a larger one, the ``by-day`` index serves new
records, ``attention`` failed and refused ones, and a parallel scan everything else; a table without indexes is scanned.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import chain, islice
from typing import Any, Literal

from botocore.exceptions import ClientError

from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.records import api
from zenoimg.operations.selectors import Selectors
from zenoimg.pipeline.calls.service import is_denied
from zenoimg.pipeline.catalog import ATTENTION_INDEX, BY_DAY_INDEX, Catalog, TableFacts
from zenoimg.pipeline.records import ImageRecord, from_item
from zenoimg.pipeline.verdict import expected_copy

_Key = Callable[[ImageRecord], Any]
Order = Literal["created", "changed", "size", "id", "any"]
"""Newest first, latest change first, largest original first, by id, or ``any``: in the order read."""

#: How far back ``by-day`` is queried; older records are found by a scan, which is then cheaper.
WALKED_DAYS = 400


@dataclass(frozen=True)
class Query:
    """Which records to return, how many, and in which order."""

    selectors: Selectors = field(default_factory=Selectors)
    limit: int | None = None
    order: Order = "created"

    @property
    def is_filtered(self) -> bool:
        """Return whether it selects only some of the images, ignoring its limit."""
        return self.selectors.is_filtered

    def wants(self, record: ImageRecord) -> bool:
        """Return whether a record matches, ignoring order and limit."""
        return self.selectors.wants(record)


@dataclass(frozen=True)
class Found:
    """The records, read lazily, and the number of images that the query would select without its limit, if known."""

    records: Iterator[ImageRecord]
    images: int | None = None
    exact: bool = False


def from_table(catalog: Catalog, query: Query, *, today: date) -> Found:
    """Find records in the table, in constant memory for the order ``any``.

    Raises botocore's ``ClientError`` here or while the records are read.
    """
    if query.order == "any":
        needs_index = query.selectors.since or query.selectors.status in ("refused", "failed")
        return Found(_from_large(catalog, query, _facts(catalog) if needs_index else None, today))
    first = catalog.page()
    if first.next_after is None:
        selected = list(filter(query.wants, first.records))
        return Found(arranged(selected, query), len(selected), exact=True)
    facts = _facts(catalog)
    # DynamoDB counts only the entire table.
    return Found(_from_large(catalog, query, facts, today), facts.items if facts and not query.is_filtered else None)


def from_api(pipeline: LivePipeline, query: Query) -> Found:
    """Find records through all pages of ``GET /images``, in constant memory for the order ``any``.

    Raises ``NotDeployedError`` when there is no API, and while the records are read ``RefusedByAwsError`` for an
    error or a response that is not a page of records.
    """
    pages = api.pages(pipeline.aws, api.images_url(pipeline.aws, pipeline.deployment))
    records = (from_item(item) for page in pages for item in page)
    return Found(arranged(filter(query.wants, records), query))


def arranged(records: Iterable[ImageRecord], query: Query) -> Iterator[ImageRecord]:
    """Return the first ``limit`` records in the query's order, keeping no more than those in memory."""
    match query.order:
        case "any":
            return islice(records, query.limit)
        case "id":
            return _lowest(records, query.limit, key=lambda record: record.image_id)
        case "size":
            return _lowest(records, query.limit, key=lambda record: (-(record.original_size or 0), record.image_id))
        case "changed":
            return _highest(records, query.limit, key=lambda record: (record.updated_at, record.image_id))
        case "created":
            return _highest(records, query.limit, key=_creation)


def presigned(pipeline: LivePipeline, records: Iterable[ImageRecord], seconds: int) -> Iterator[ImageRecord]:
    """Yield the same records with presigned ``ProcessedUrl``, which anyone can open for the given number of seconds."""
    for record in records:
        if expected_copy(record) is None:
            yield record
            continue
        copy = {"Bucket": pipeline.settings.processed_bucket, "Key": pipeline.settings.copy_key(record.image_id)}
        url = pipeline.aws.s3.generate_presigned_url("get_object", Params=copy, ExpiresIn=seconds)
        yield replace(record, processed_url=url)


def _from_large(catalog: Catalog, query: Query, facts: TableFacts | None, today: date) -> Iterator[ImageRecord]:
    """Return records of a table larger than one page; without ``facts``, assume the template's indexes."""
    indexes = facts.indexes if facts else frozenset({BY_DAY_INDEX, ATTENTION_INDEX})
    status, since = query.selectors.status, query.selectors.since
    if status in ("refused", "failed") and ATTENTION_INDEX in indexes:
        found = filter(query.wants, catalog.attention(status))
        as_they_come = query.order in ("changed", "any")
        return islice(found, query.limit) if as_they_come else arranged(found, query)
    if BY_DAY_INDEX in indexes:
        if query.order == "created":
            return islice(_newest(catalog, query, today), query.limit)
        if since >= _walked_to(today):
            newest = catalog.newest(today=_last_day(query, today), oldest=since)
            return arranged(filter(query.wants, newest), query)
    return arranged(filter(query.wants, catalog.all()), query)


def _newest(catalog: Catalog, query: Query, today: date) -> Iterator[ImageRecord]:
    bound = _walked_to(today)
    # With a selective filter, small pages would take many calls.
    since = query.selectors.since
    is_selective = replace(query.selectors, since="").is_filtered
    few = {} if query.limit is None or is_selective else {"page_records": query.limit}
    walked = catalog.newest(today=_last_day(query, today), oldest=max(since, bound), **few)
    found = filter(query.wants, walked)
    return found if since >= bound else chain(found, _older(catalog, query, bound))


def _older(catalog: Catalog, query: Query, bound: str) -> Iterator[ImageRecord]:
    """Yield older records, lazily, so that the scan starts only if newer records do not suffice."""
    yield from arranged((record for record in filter(query.wants, catalog.all()) if record.created_at < bound), query)


def _last_day(query: Query, today: date) -> date:
    until = query.selectors.until
    return min(today, date.fromisoformat(until[:10])) if until else today


def _walked_to(today: date) -> str:
    return f"{(today - timedelta(days=WALKED_DAYS)).isoformat()}T00:00:00Z"


def _facts(catalog: Catalog) -> TableFacts | None:
    try:
        return catalog.facts()
    except ClientError as error:  # optional, since it needs a permission of its own
        if not is_denied(error):
            raise
        return None


def _creation(record: ImageRecord) -> tuple[str, str]:
    return record.created_at, record.image_id


def _lowest(
    records: Iterable[ImageRecord], limit: int | None, key: Callable[[ImageRecord], Any]
) -> Iterator[ImageRecord]:
    return iter(sorted(records, key=key) if limit is None else heapq.nsmallest(limit, records, key=key))


def _highest(
    records: Iterable[ImageRecord], limit: int | None, key: Callable[[ImageRecord], Any]
) -> Iterator[ImageRecord]:
    return iter(sorted(records, key=key, reverse=True) if limit is None else heapq.nlargest(limit, records, key=key))
