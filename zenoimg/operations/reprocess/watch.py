"""Look at the backfill queue from outside: how it shrinks, and what went wrong meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.reprocess.backfill import QueueCounts
from zenoimg.operations.reprocess.here import ReprocessResult, Result
from zenoimg.operations.reprocess.waiting import OnLook, Pace, looks, pace_for
from zenoimg.pipeline.records import Status


def look_on(pipeline: LivePipeline, on_look: OnLook, pace: Pace | None = None) -> int:
    """Return when the queue is empty: by how many messages about it has shrunk.

    Raises ``ZenoError`` where a pipeline has no queue.
    """
    most, last = 0, 0

    def look(found: QueueCounts) -> None:
        nonlocal most, last
        most, last = max(most, found.total), found.total
        on_look(found)

    for _ in looks(pipeline, look, pace or pace_for(pipeline)):
        pass
    return most - last


def changed_since(pipeline: LivePipeline, moment: str) -> Iterator[ReprocessResult]:
    """The images that were refused or failed since then (as records write times)."""
    statuses: tuple[tuple[Status, Result], ...] = (("refused", "refused"), ("failed", "failed"))
    for status, result in statuses:
        newest_first = pipeline.catalog.attention(status)
        for record in takewhile(lambda record: record.updated_at >= moment, newest_first):
            yield ReprocessResult(record.image_id, result, record.error or "", record)
