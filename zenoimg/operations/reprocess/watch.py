"""Watch the backfill queue, whoever filled it: its length, and what failed in the meantime."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile

from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.queues import QueueCounts, counts
from zenoimg.operations.reprocess.here import ReprocessResult, ResultKind
from zenoimg.operations.reprocess.waiting import OnPoll, Pace, pace_for, poll_queue
from zenoimg.pipeline.records import Status, utc_text


@dataclass(frozen=True)
class Watched:
    """The outcome of a watch: the approximate number of messages that left the queue, and what needs attention."""

    processed: int
    results: tuple[ReprocessResult, ...]
    dead_letters: int

    @property
    def is_clean(self) -> bool:
        """Return whether nothing failed permanently."""
        return not self.dead_letters and all(result.result != "failed" for result in self.results)


def watch(pipeline: LivePipeline, on_poll: OnPoll, pace: Pace | None = None) -> Watched:
    """Return when the backfill queue is empty. Raises ``ZenoError`` if the pipeline has no queue."""
    began = utc_text(datetime.now(UTC))
    largest, last = 0, 0

    def poll(queue: QueueCounts) -> None:
        nonlocal largest, last
        largest, last = max(largest, queue.total), queue.total
        on_poll(queue)

    for _ in poll_queue(pipeline, poll, pace or pace_for(pipeline)):
        pass
    dead = pipeline.deployment.dead_letter_queue_url
    results = tuple(_changed_since(pipeline, began))
    return Watched(largest - last, results, counts(pipeline, dead).total if dead else 0)


def _changed_since(pipeline: LivePipeline, moment: str) -> Iterator[ReprocessResult]:
    """Yield the images that were refused or failed since a time (in the format of records)."""
    statuses: tuple[tuple[Status, ResultKind], ...] = (("refused", "refused"), ("failed", "failed"))
    for status, result in statuses:
        newest_first = pipeline.catalog.attention(status)
        for record in takewhile(lambda record: record.updated_at >= moment, newest_first):
            yield ReprocessResult(record.image_id, result, record.error or "", record)
