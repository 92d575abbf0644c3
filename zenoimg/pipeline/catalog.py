"""The table of records in DynamoDB: one item per image, two indexes.

- ``by-day`` (partition: day and shard, sort: ``CreatedAt``) serves newest-first without reading the table;
- ``attention`` (partition: status, sort: ``UpdatedAt``) is sparse: it holds only refused and failed images.

All methods raise botocore's ``ClientError`` for calls that DynamoDB rejects.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from zenoimg.pipeline.calls.service import error_code
from zenoimg.pipeline.items.plain_items import leave_items_plain, tagged, value_of
from zenoimg.pipeline.records import RESERVED_PREFIX, ImageRecord, Status, from_item, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from zenoimg.pipeline.items.by_day import DayPage

BY_DAY_INDEX = "by-day"
ATTENTION_INDEX = "attention"

_BATCH_GET_KEYS = 100  # DynamoDB's limit for one BatchGetItem
_MAX_BACKOFF_SECONDS = 5.0
_DAY_PAGE_RECORDS = 1000
#: Several pages of 1 MB each would take 200 MB of memory as parsed JSON.
_SCAN_PAGE_RECORDS = 500


@dataclass(frozen=True)
class Page:
    """Some records, and the id after which the next page begins; ``None`` after the last page."""

    records: list[ImageRecord]
    next_after: str | None


@dataclass(frozen=True)
class TableFacts:
    """DynamoDB's description of the table. ``items`` is a count that is updated about every six hours."""

    items: int
    indexes: frozenset[str]


class Catalog:
    """The records in one table."""

    def __init__(self, client: DynamoDBClient, table: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        leave_items_plain(client)
        self._client = client
        self._table = table
        self._sleep = sleep

    def get(self, image_id: str) -> ImageRecord | None:
        """Return the record of one image, or ``None``; strongly consistent."""
        answer = self._client.get_item(TableName=self._table, Key=_key(image_id), ConsistentRead=True)
        return _record(answer["Item"]) if "Item" in answer else None

    def get_many(self, image_ids: Iterable[str]) -> dict[str, ImageRecord]:
        """Return the existing records of many ids, strongly consistent, 100 per call; throttled keys are read again."""
        found: dict[str, ImageRecord] = {}
        pending = iter(image_ids)
        while keys := [_key(image_id) for image_id in islice(pending, _BATCH_GET_KEYS)]:
            wait = 0.05
            while keys:
                answer = self._client.batch_get_item(RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}})
                for item in answer["Responses"].get(self._table, []):
                    record = _record(item)
                    found[record.image_id] = record
                left: Any = answer.get("UnprocessedKeys", {}).get(self._table, {})
                keys = list(left.get("Keys", []))
                if keys:
                    self._sleep(wait)
                    wait = min(wait * 2, _MAX_BACKOFF_SECONDS)
        return found

    def put(self, record: ImageRecord) -> None:
        """Write a record, replacing any other."""
        self._client.put_item(TableName=self._table, Item=_item(record))

    def put_failed(self, record: ImageRecord) -> bool:
        """Write a ``failed`` record, unless there is a processed one for the same version and recipe.

        Returns whether it was written.
        """
        try:
            self._client.put_item(
                TableName=self._table,
                Item=_item(record),
                ConditionExpression=(
                    "attribute_not_exists(ImageId) OR #status <> :processed "
                    "OR VersionId <> :version OR Recipe <> :recipe"
                ),
                ExpressionAttributeNames={"#status": "Status"},
                ExpressionAttributeValues={
                    ":processed": {"S": "processed"},
                    ":version": {"S": record.version_id or ""},
                    ":recipe": {"S": record.recipe or ""},
                },
            )
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def delete(self, image_id: str) -> None:
        """Delete the record of one image, if there is one."""
        self._client.delete_item(TableName=self._table, Key=_key(image_id))

    def page(self, *, after: str | None = None, limit: int | None = None) -> Page:
        """Return one page of the entire table in no particular order: at most 1 MB and ``limit`` records."""
        bounds: dict[str, Any] = {"ExclusiveStartKey": _key(after)} if after is not None else {}
        if limit is not None:
            bounds["Limit"] = limit
        answer = self._client.scan(TableName=self._table, **bounds)
        last = answer.get("LastEvaluatedKey")
        return Page(
            _shown(answer["Items"]),
            None if not last else str(value_of(last["ImageId"])),
        )

    def all(self, segments: int = 4) -> Iterator[ImageRecord]:
        """Return all records, in no particular order, by a parallel scan that holds a few pages at a time.

        A scan is eventually consistent: a record written in the last second may be missing.
        """
        from zenoimg.pipeline.items.parallel import in_parallel  # functions read only single records and pages

        return in_parallel([self._segment(number, segments) for number in range(segments)])

    def newest(self, *, today: date, oldest: str, page_records: int = _DAY_PAGE_RECORDS) -> Iterator[ImageRecord]:
        """Return the records since a ``CreatedAt``, newest first, from the ``by-day`` index.

        Starts with tomorrow, since clocks differ. ``page_records`` limits the page size of each partition, for callers
        that need few records.
        """

        from zenoimg.pipeline.items.by_day import walk_back  # functions do without the index

        def read(partition: str, start: dict[str, Any] | None) -> DayPage:
            return self._day_page(partition, oldest, start, min(page_records, _DAY_PAGE_RECORDS))

        return walk_back(read, today + timedelta(days=1), date.fromisoformat(oldest[:10]))

    def attention(self, status: Status) -> Iterator[ImageRecord]:
        """Return all records with a status other than ``processed``, most recently changed first."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=ATTENTION_INDEX,
            KeyConditionExpression="Attention = :status",
            ExpressionAttributeValues={":status": {"S": status}},
            ScanIndexForward=False,
        )
        return (record for answer in pages for record in _shown(answer["Items"]))

    def facts(self) -> TableFacts:
        """Return the approximate number of items, and the indexes."""
        table = self._client.describe_table(TableName=self._table)["Table"]
        indexes = table.get("GlobalSecondaryIndexes", [])
        return TableFacts(table.get("ItemCount", 0), frozenset(index["IndexName"] for index in indexes))

    def _day_page(self, partition: str, oldest: str, start: dict[str, Any] | None, size: int) -> DayPage:
        from zenoimg.pipeline.items.by_day import DayPage

        resumed: dict[str, Any] = {"ExclusiveStartKey": start} if start is not None else {}
        answer = self._client.query(
            TableName=self._table,
            IndexName=BY_DAY_INDEX,
            KeyConditionExpression="DayShard = :day AND CreatedAt >= :oldest",
            ExpressionAttributeValues={":day": {"S": partition}, ":oldest": {"S": oldest}},
            ScanIndexForward=False,
            Limit=size,
            **resumed,
        )
        return DayPage(_shown(answer["Items"]), answer.get("LastEvaluatedKey") or None)

    def _segment(self, number: int, segments: int) -> Iterator[list[ImageRecord]]:
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table,
            Segment=number,
            TotalSegments=segments,
            PaginationConfig={"PageSize": _SCAN_PAGE_RECORDS},
        )
        return (_shown(answer["Items"]) for answer in pages)


def _key(image_id: str) -> dict[str, Any]:
    return {"ImageId": {"S": image_id}}


def _item(record: ImageRecord) -> dict[str, Any]:
    return {name: tagged(value) for name, value in to_item(record).items()}


def _record(item: Any) -> ImageRecord:
    return from_item({name: value_of(value) for name, value in item.items()})


def _shown(items: Iterable[Any]) -> list[ImageRecord]:
    return [record for record in map(_record, items) if not record.image_id.startswith(RESERVED_PREFIX)]
