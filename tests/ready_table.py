"""A read-only DynamoDB table with prepared pages: 100,000 records in seconds.

Scan and DescribeTable as AWS answers them: pages of 1 MB or ``Limit`` items, segments, ``LastEvaluatedKey``.
"""

from __future__ import annotations

import json
import threading
import zlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.types import TypeSerializer

from tests.records import many
from zenoimg.pipeline.records import to_item

_PAGE_BYTES = 1024 * 1024
_SERIALIZE = TypeSerializer().serialize


@dataclass(frozen=True)
class Segment:
    """Ids in order, and the JSON of each item."""

    ids: Sequence[str]
    items: Sequence[str]

    def page(self, after: str | None, limit: int | None) -> bytes:
        """Return the response to one Scan."""
        start = end = 0 if after is None else bisect_right(self.ids, after)
        size = 0
        while end < len(self.ids) and end - start < (limit or len(self.ids)) and size < _PAGE_BYTES:
            size += len(self.items[end])
            end += 1
        count = end - start
        last = (
            f',"LastEvaluatedKey":{{"ImageId":{{"S":{json.dumps(self.ids[end - 1])}}}}}' if end < len(self.ids) else ""
        )
        items = ",".join(self.items[start:end])
        return f'{{"Items":[{items}],"Count":{count},"ScannedCount":{count}{last}}}'.encode()


class Table:
    """All records, split into segments when first requested."""

    def __init__(self, count: int) -> None:
        items = {
            each.image_id: {name: _SERIALIZE(value) for name, value in to_item(each).items()} for each in many(count)
        }
        self._items = {key: json.dumps(items[key], separators=(",", ":")) for key in sorted(items)}
        self._segments: dict[tuple[int, int], Segment] = {}
        self._lock = threading.Lock()

    def answer(self, operation: str, request: dict[str, Any]) -> bytes:
        """Return the body of the response to a request."""
        if operation == "DescribeTable":
            return json.dumps({"Table": {"TableName": request["TableName"], "ItemCount": len(self._items)}}).encode()
        after = request.get("ExclusiveStartKey", {}).get("ImageId", {}).get("S")
        segment = self._segment(request.get("Segment", 0), request.get("TotalSegments", 1))
        return segment.page(after, request.get("Limit"))

    def _segment(self, number: int, total: int) -> Segment:
        with self._lock:
            if (number, total) not in self._segments:
                chosen = {k: v for k, v in self._items.items() if zlib.crc32(k.encode()) % total == number}
                self._segments[number, total] = Segment(list(chosen), list(chosen.values()))
            return self._segments[number, total]
