"""Read the ``by-day`` index backwards: newest first over all shards of a day, with a few pages in memory."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from zenoimg.pipeline.calls.threads import threads
from zenoimg.pipeline.records import DAY_SHARDS, ImageRecord, day_partition

_MOST_DAYS_AT_ONCE = 8


@dataclass(frozen=True)
class DayPage:
    """Some records in one partition, newest first, and the key of the next page; ``None`` after the last page."""

    records: list[ImageRecord]
    next_key: dict[str, Any] | None


ReadPage = Callable[[str, dict[str, Any] | None], DayPage]
"""Returns a page of an index partition; the key is the one returned with the previous page, or ``None``."""


def walk_back(read: ReadPage, newest: date, oldest: date) -> Iterator[ImageRecord]:
    """Yield the records of the days from ``newest`` back to ``oldest``, inclusive, by ``CreatedAt``, then id.

    The shards of a day are queried in parallel. After an empty day the number of days per round doubles, so that a gap
    of a year takes about fifty rounds; a busy day is not read ahead of its consumer.
    """
    at_once, day = 1, newest
    with threads(DAY_SHARDS * _MOST_DAYS_AT_ONCE // 2, "by-day") as pool:
        while day >= oldest:
            days = [day - timedelta(days=back) for back in range(min(at_once, (day - oldest).days + 1))]
            asked = [[pool.submit(read, part, None) for part in _partitions(each)] for each in days]
            empty = True
            for each, futures in zip(days, asked, strict=True):
                firsts = [future.result() for future in futures]
                empty = empty and not any(page.records for page in firsts)
                shards = [_shard(read, part, page) for part, page in zip(_partitions(each), firsts, strict=True)]
                yield from _merged(shards)
            at_once = min(2 * at_once, _MOST_DAYS_AT_ONCE) if empty else 1
            day = days[-1] - timedelta(days=1)


def _partitions(day: date) -> list[str]:
    return [day_partition(day.isoformat(), shard) for shard in range(DAY_SHARDS)]


def _shard(read: ReadPage, partition: str, page: DayPage) -> Iterator[ImageRecord]:
    while True:
        yield from page.records
        if page.next_key is None:
            return
        page = read(partition, page.next_key)


def _merged(shards: Iterable[Iterator[ImageRecord]]) -> Iterator[ImageRecord]:
    merged = heapq.merge(*shards, key=lambda record: record.created_at, reverse=True)
    # The index does not order records of the same second.
    for _, same_second in groupby(merged, key=lambda record: record.created_at):
        yield from sorted(same_second, key=lambda record: record.image_id, reverse=True)
