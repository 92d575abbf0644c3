"""Wait for the backfill lane: detect which sent keys have their final record, and when to stop polling."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from zenoimg.operations.concurrency import map_ahead
from zenoimg.operations.inventory.current import Current
from zenoimg.operations.inventory.selection import inspect_image
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.queues import QueueCounts, counts_if_known
from zenoimg.operations.reprocess.backfill import PendingKey, queue_url
from zenoimg.operations.reprocess.here import ReprocessResult
from zenoimg.operations.reprocess.pending_keys import PendingKeys
from zenoimg.operations.reprocess.redrive import reasons
from zenoimg.pipeline.records import ImageRecord

#: SQS counts are "approximate … at least 1 minute after the producers stop sending messages" (API reference
#: of GetQueueAttributes): an empty queue proves nothing before that.
SETTLE_SECONDS = 90.0

#: Number of keys looked up at each poll, oldest first, which is roughly the order in which the queue delivers them.
_WINDOW = 200
#: Number of polls after which a window without progress yields to the next: its images are waiting for a retry.
_IDLE_POLLS = 30
_INSPECTIONS_AHEAD = 16

OnPoll = Callable[[QueueCounts], None]


@dataclass(frozen=True)
class Pace:
    """The polling interval ``poll``, and the time ``settle`` after which an empty queue counts as such, in seconds."""

    poll: float = 1.0
    quiet_polls: int = 3
    settle: float = SETTLE_SECONDS
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


def pace_for(pipeline: LivePipeline) -> Pace:
    """Return the pace for a pipeline; where queue counts are exact, an empty queue needs no time to settle."""
    return Pace(settle=0) if pipeline.aws.platform.counts_queues_exactly else Pace()


def wait_for_results(
    pipeline: LivePipeline, pending: PendingKeys, current: Current, *, on_poll: OnPoll, pace: Pace
) -> Iterator[ReprocessResult]:
    """Yield a result for each sent key as its record becomes final.

    Ends when all have one, or when the queue is empty ``quiet_polls`` times in a row: then each remaining key is
    inspected directly and looked up in the dead letters, and is ``unfinished`` if neither has a result.
    """
    window: dict[str, PendingKey] = {}
    idle = 0
    for queue_state in poll_queue(pipeline, on_poll, pace):
        while True:
            window |= {item.key: item for item in pending.take(_WINDOW - len(window))}
            before = len(window)
            yield from _resolved(pipeline, window, current)
            if len(window) > before // 2:  # the next ones are probably done as well
                break
            if not window and not len(pending):
                return
        idle = idle + 1 if len(window) == before else 0
        if idle >= _IDLE_POLLS and len(pending):
            for item in window.values():
                pending.put(item)
            window, idle = {}, 0
        if queue_state == "empty":
            break
    while window or len(pending):
        window |= {item.key: item for item in pending.take(_WINDOW - len(window))}
        yield from _resolved(pipeline, window, current)
        yield from _final_results(pipeline, window, current)
        window = {}


def poll_queue(pipeline: LivePipeline, on_poll: OnPoll, pace: Pace) -> Iterator[str]:
    """Poll the backfill queue and the large one: yield ``busy`` at each poll, and ``empty`` at the end."""
    queue_url(pipeline)  # raises if there is none
    started, quiet = pace.clock(), 0
    while True:
        queue = counts_if_known(pipeline, *pipeline.deployment.queue_urls)
        if queue is not None:
            on_poll(queue)
        is_settled = pace.clock() - started >= pace.settle
        quiet = quiet + 1 if queue is not None and queue.total == 0 and is_settled else 0
        if quiet >= pace.quiet_polls:
            yield "empty"
            return
        yield "busy"
        pace.sleep(pace.poll)


def _resolved(pipeline: LivePipeline, window: dict[str, PendingKey], current: Current) -> Iterator[ReprocessResult]:
    """Yield the results known to the table and remove their keys from the window."""
    records = pipeline.catalog.get_many(window)
    for key in list(window):
        result = result_of(window[key], records.get(key), current)
        if result is not None:
            del window[key]
            yield result


def result_of(sent: PendingKey, record: ImageRecord | None, current: Current) -> ReprocessResult | None:
    """Return the result once the table has the record that this key was sent for, and ``None`` until then.

    A record counts as new if it was written in the second of sending or later; one written within that second is the
    wanted one anyway.
    """
    if sent.original is None:
        return ReprocessResult(sent.key, "removed") if record is None else None
    if record is None or record.status == "failed" or not sent.original.is_described_by(record):
        return None
    if sent.state == "current" and not sent.force:
        return ReprocessResult(sent.key, "unchanged", "", record)
    if record.updated_at == sent.updated_at < sent.at:
        return None
    if current.recipe_for(sent.key) not in ("", record.recipe):
        return None  # written by a function that still had the previous recipe
    if record.status == "refused":
        return ReprocessResult(sent.key, "refused", record.error or "", record, as_before=sent.was_refused)
    return ReprocessResult(sent.key, "processed", "", record)


def _final_results(
    pipeline: LivePipeline, window: dict[str, PendingKey], current: Current
) -> Iterator[ReprocessResult]:
    """Yield results for the keys without a new record, now that no message is left."""
    if not window:
        return
    dead = reasons(pipeline, set(window))
    final = lambda sent: _final_result(pipeline, sent, dead.get(sent.key), current)  # noqa: E731
    yield from map_ahead(final, window.values(), _INSPECTIONS_AHEAD)


def _final_result(pipeline: LivePipeline, sent: PendingKey, dead: str | None, current: Current) -> ReprocessResult:
    """Return the result for one key; ``dead`` is its error if it is in a dead letter."""
    image = inspect_image(pipeline, sent.key, current)
    record, error = image.record, image.record.error or "" if image.record else ""
    is_done = not sent.force or (record is not None and record.updated_at != sent.updated_at)
    if image.original is None and image.state == "current":
        return ReprocessResult(sent.key, "removed")
    if image.state == "current" and is_done:
        return ReprocessResult(sent.key, "processed", "", record)
    if image.state in ("refused", "kept") and is_done:
        return ReprocessResult(sent.key, "refused", error, record, as_before=sent.was_refused)
    if image.state == "failed" or dead is not None:
        return ReprocessResult(sent.key, "failed", error or dead or "its message is in the dead-letter queue", record)
    return ReprocessResult(sent.key, "unfinished", "no new record and no dead letter: its message was lost or is late")
