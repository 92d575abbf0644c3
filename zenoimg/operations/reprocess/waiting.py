"""Wait for the backfill lane: which of the keys that were sent have their final record, and when to stop asking."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from zenoimg.operations.concurrency import map_ahead
from zenoimg.operations.inventory.selection import look_at
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.reprocess.backfill import QueueCounts, Sent, counts_if_known, queue_url
from zenoimg.operations.reprocess.here import ReprocessResult
from zenoimg.operations.reprocess.pending_keys import SentKeys
from zenoimg.operations.reprocess.redrive import reasons
from zenoimg.pipeline.records import ImageRecord

#: SQS counts are "approximate … at least 1 minute after the producers stop sending messages" (API reference
#: of GetQueueAttributes): an empty queue means nothing before that.
SETTLE_SECONDS = 90.0

#: How many keys are asked about at each look, the oldest first: the queue hands them out in about that order.
_WINDOW = 200
#: Looks after which a window in which nothing happens makes way for the next: its images wait for a retry.
_PATIENCE = 30
_LOOKS_AHEAD = 16

OnLook = Callable[[QueueCounts], None]


@dataclass(frozen=True)
class Pace:
    """When to look, in seconds: each ``poll``; an empty queue counts ``settle`` after the start at the earliest."""

    poll: float = 1.0
    quiet_looks: int = 3
    settle: float = SETTLE_SECONDS
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


def pace_for(pipeline: LivePipeline) -> Pace:
    """Return the pace for a pipeline: where a queue's count is exact, an empty one needs no time to settle."""
    return Pace(settle=0) if pipeline.aws.platform.counts_queues_exactly else Pace()


def watch(
    pipeline: LivePipeline, sent: SentKeys, fingerprint: str, *, on_look: OnLook, pace: Pace
) -> Iterator[ReprocessResult]:
    """Yield a result for each sent key as its record becomes final.

    Ends when all have one, or when the queue is empty ``quiet_looks`` times in a row: then each key that is
    left is looked at itself and among the dead letters, and is ``unfinished`` when nothing tells of it.
    """
    window: dict[str, Sent] = {}
    idle = 0
    for queue_looked in looks(pipeline, on_look, pace):
        while True:
            window |= {item.key: item for item in sent.take(_WINDOW - len(window))}
            before = len(window)
            yield from _resolved(pipeline, window, fingerprint)
            if len(window) > before // 2:  # else the next ones are probably done too
                break
            if not window and not len(sent):
                return
        idle = idle + 1 if len(window) == before else 0
        if idle >= _PATIENCE and len(sent):
            for item in window.values():
                sent.put(item)
            window, idle = {}, 0
        if queue_looked == "empty":
            break
    while window or len(sent):
        window |= {item.key: item for item in sent.take(_WINDOW - len(window))}
        yield from _resolved(pipeline, window, fingerprint)
        yield from _last_words(pipeline, window, fingerprint)
        window = {}


def looks(pipeline: LivePipeline, on_look: OnLook, pace: Pace) -> Iterator[str]:
    """Look at the queue again and again: yields ``busy``, at last ``empty`` and ends."""
    url = queue_url(pipeline)
    started, quiet = pace.clock(), 0
    while True:
        found = counts_if_known(pipeline, url)
        if found is not None:
            on_look(found)
        may_trust = pace.clock() - started >= pace.settle
        quiet = quiet + 1 if found is not None and found.total == 0 and may_trust else 0
        if quiet >= pace.quiet_looks:
            yield "empty"
            return
        yield "busy"
        pace.sleep(pace.poll)


def _resolved(pipeline: LivePipeline, window: dict[str, Sent], fingerprint: str) -> Iterator[ReprocessResult]:
    """The results that the table knows by now; their keys leave the window."""
    records = pipeline.catalog.get_many(window)
    for key in list(window):
        result = judge(window[key], records.get(key), fingerprint)
        if result is not None:
            del window[key]
            yield result


def judge(sent: Sent, record: ImageRecord | None, fingerprint: str) -> ReprocessResult | None:
    """The result once the table says what this work leads to, ``None`` until then.

    A record counts as new when it was written in the second of the sending or later; one of the same second
    is the one that is wanted anyway.
    """
    if sent.original is None:
        return ReprocessResult(sent.key, "removed") if record is None else None
    if record is None or record.status == "failed" or not sent.original.is_told_by(record):
        return None
    if sent.state == "current" and not sent.force:
        return ReprocessResult(sent.key, "unchanged", "", record)
    if record.updated_at == sent.updated_at < sent.at:
        return None
    if record.status == "refused":
        return ReprocessResult(sent.key, "refused", record.error or "", record)
    if fingerprint and record.recipe != fingerprint:
        return None  # by a function that still ran with the recipe before
    return ReprocessResult(sent.key, "processed", "", record)


def _last_words(pipeline: LivePipeline, window: dict[str, Sent], fingerprint: str) -> Iterator[ReprocessResult]:
    """What is to be said of keys that the table told nothing new of, now that no message is left."""
    if not window:
        return
    dead = reasons(pipeline, set(window))
    word = lambda sent: _last_word(pipeline, sent, dead.get(sent.key), fingerprint)  # noqa: E731
    yield from map_ahead(word, window.values(), _LOOKS_AHEAD)


def _last_word(pipeline: LivePipeline, sent: Sent, dead: str | None, fingerprint: str) -> ReprocessResult:
    found = look_at(pipeline, sent.key, fingerprint)
    record, told = found.record, found.record.error or "" if found.record else ""
    is_done = not sent.force or (record is not None and record.updated_at != sent.updated_at)
    if found.original is None and found.state == "current":
        return ReprocessResult(sent.key, "removed")
    if found.state == "current" and is_done:
        return ReprocessResult(sent.key, "processed", "", record)
    if found.state == "refused" and is_done:
        return ReprocessResult(sent.key, "refused", told, record)
    if found.state == "failed" or dead is not None:
        return ReprocessResult(sent.key, "failed", told or dead or "it lies in the dead-letter queue", record)
    return ReprocessResult(sent.key, "unfinished", "no new record and no dead letter: its message was lost or is late")
