"""Take originals up again: send them to the backfill lane and follow it, or do the work in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Literal

from botocore.exceptions import ClientError

from zenoimg.errors import ZenoError
from zenoimg.operations.live import LivePipeline
from zenoimg.operations.selection import Selected
from zenoimg.pipeline.events import backfill_body
from zenoimg.pipeline.reconcile import Tools, reconcile
from zenoimg.pipeline.records import ImageRecord, utc_text

Result = Literal["processed", "unchanged", "removed", "refused", "failed", "unfinished", "queued"]
NOT_GOOD: frozenset[Result] = frozenset({"refused", "failed", "unfinished"})

#: SQS counts are approximate and "may not achieve consistency until at least 1 minute after the producers
#: stop sending messages" (API reference of GetQueueAttributes): an empty queue means nothing before that.
SETTLE_SECONDS = 90.0

_SQS_BATCH = 10  # the service's limit for one SendMessageBatch
_SEND_TRIES = 5


@dataclass(frozen=True)
class ReprocessResult:
    """What became of one key."""

    key: str
    result: Result
    reason: str = ""
    record: ImageRecord | None = None


@dataclass(frozen=True)
class Sent:
    """A key that lies in the backfill queue; ``at`` is when it was sent, as records write times."""

    item: Selected
    at: str


def enqueue(pipeline: LivePipeline, chosen: Iterable[Selected], *, force: bool) -> Iterator[Sent]:
    """Send keys to the backfill queue, ten a call; yields each when the queue has it.

    Messages that SQS refused by its own fault are sent again. Raises ``ZenoError`` when one cannot be sent.
    """
    url = pipeline.deployment.backfill_queue_url
    if not url:
        raise ZenoError("this pipeline has no backfill queue", next_step="Add --here to do the work in this process.")
    source = iter(chosen)
    while batch := list(islice(source, _SQS_BATCH)):
        at = utc_text(datetime.now(UTC))
        _send(pipeline, url, batch, force)
        yield from (Sent(item, at) for item in batch)


def watch(
    pipeline: LivePipeline,
    sent: Iterable[Sent],
    *,
    poll: float = 1.0,
    quiet_looks: int = 3,
    settle: float = SETTLE_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[ReprocessResult]:
    """Yield a result for each sent key as its record becomes final.

    Ends when all are, or when, ``settle`` seconds after the last was sent, the queue is empty ``quiet_looks``
    times in a row: what has no new record by then is ``failed`` or ``unfinished``.
    """
    waiting = {item.item.key: item for item in sent}
    started, empty = clock(), 0
    while waiting and empty < quiet_looks:
        records = pipeline.catalog.get_many(waiting)
        for key in list(waiting):
            result = _judge(waiting[key], records.get(key))
            if result is not None:
                del waiting[key]
                yield result
        may_trust = clock() - started >= settle
        empty = empty + 1 if may_trust and _queue_is_empty(pipeline) else 0
        if waiting and empty < quiet_looks:
            sleep(poll)
    records = pipeline.catalog.get_many(waiting)
    for key, item in waiting.items():
        yield _judge(item, records.get(key)) or _last_word(key, records.get(key))


def work_here(tools: Tools, chosen: Iterable[Selected], *, force: bool, workers: int) -> Iterator[ReprocessResult]:
    """Reconcile keys in this process; a few more than ``workers`` are in hand at a time."""
    source = iter(chosen)
    running: set[Future[ReprocessResult]] = set()
    with ThreadPoolExecutor(workers, thread_name_prefix="reconcile") as pool:
        try:
            while True:
                room = 2 * workers - len(running)
                running |= {pool.submit(_reconcile_one, item.key, tools, force) for item in islice(source, room)}
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        finally:
            for future in running:
                future.cancel()


def _reconcile_one(key: str, tools: Tools, force: bool) -> ReprocessResult:
    try:
        outcome = reconcile(key, tools, force=force)
    except Exception as error:  # noqa: BLE001 - one photo's failure is its own result; the others go on
        return ReprocessResult(key, "failed", f"{type(error).__name__}: {error}")
    if outcome.result == "ignored":
        return ReprocessResult(key, "unchanged")
    reason = (outcome.record.error or "") if outcome.record else ""
    return ReprocessResult(key, outcome.result, reason, outcome.record)


def _judge(sent: Sent, record: ImageRecord | None) -> ReprocessResult | None:
    """The result once the table says what this work leads to, ``None`` until then.

    A record counts as new when it was written in the second of the sending or later: the work's own clock
    and ours may differ by less than that, and a record of the same second is the one that is wanted anyway.
    """
    item = sent.item
    if item.original is None:
        return ReprocessResult(item.key, "removed") if record is None else None
    if record is None or record.status == "failed" or not item.original.is_told_by(record):
        return None
    if item.record is not None and record.updated_at == item.record.updated_at < sent.at:
        return None
    result: Result = "refused" if record.status == "refused" else "processed"
    return ReprocessResult(item.key, result, record.error or "", record)


def _last_word(key: str, record: ImageRecord | None) -> ReprocessResult:
    if record is not None and record.status == "failed":
        return ReprocessResult(key, "failed", record.error or "", record)
    reason = "no new record; its message is late, or lies in the dead-letter queue"
    return ReprocessResult(key, "unfinished", reason, record)


def _send(pipeline: LivePipeline, url: str, batch: Sequence[Selected], force: bool) -> None:
    left: Mapping[str, Selected] = {str(number): item for number, item in enumerate(batch)}
    bucket = pipeline.settings.originals_bucket
    for attempt in range(_SEND_TRIES):
        answer = pipeline.aws.sqs.send_message_batch(
            QueueUrl=url,
            Entries=[
                {"Id": number, "MessageBody": backfill_body(bucket, item.key, force=force)}
                for number, item in left.items()
            ],
        )
        failed = {entry["Id"]: entry for entry in answer.get("Failed", [])}
        if not failed:
            return
        blamed = next((entry for entry in failed.values() if entry["SenderFault"]), None)
        if blamed is not None:
            raise ZenoError(f"SQS refused the message for {left[blamed['Id']].key!r}: {blamed.get('Message')}")
        left = {number: left[number] for number in failed}
        time.sleep(0.1 * 2**attempt)
    raise ZenoError(f"SQS did not take {len(left)} of {len(batch)} messages after {_SEND_TRIES} tries")


def _queue_is_empty(pipeline: LivePipeline) -> bool:
    try:
        attributes = pipeline.aws.sqs.get_queue_attributes(
            QueueUrl=pipeline.deployment.backfill_queue_url,
            AttributeNames=[
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesNotVisible",
                "ApproximateNumberOfMessagesDelayed",
            ],
        )["Attributes"]
    except ClientError:
        return False  # a hiccup is no proof of emptiness; the next look decides
    return all(int(value) == 0 for value in attributes.values())
