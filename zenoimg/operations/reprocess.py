"""Take originals up again: select by state, then send to the backfill lane or do the work in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from botocore.exceptions import ClientError

from zenoimg.errors import ZenoError
from zenoimg.operations.live import LivePipeline
from zenoimg.pipeline.events import backfill_body
from zenoimg.pipeline.reconcile import Tools, reconcile
from zenoimg.pipeline.records import ImageRecord, utc_text

Selection = Literal["missing", "all"]
Result = Literal["processed", "unchanged", "removed", "refused", "failed", "unfinished"]
NOT_GOOD: frozenset[Result] = frozenset({"refused", "failed", "unfinished"})

_SQS_BATCH = 10  # the service's limit for one SendMessageBatch
_LOOKUP = 100  # one BatchGetItem


@dataclass(frozen=True)
class Listed:
    """An original as the bucket lists it; ``created_at`` as records write it."""

    key: str
    etag: str
    size: int
    created_at: str


@dataclass(frozen=True)
class Selected:
    """An original that is taken up, with the record that it has so far."""

    original: Listed
    record: ImageRecord | None


@dataclass(frozen=True)
class ReprocessResult:
    """What became of one original."""

    key: str
    result: Result
    reason: str = ""
    record: ImageRecord | None = None


def wanted(original: Listed, record: ImageRecord | None, selection: Selection) -> bool:
    """Whether a selection takes an original up.

    A listing tells no VersionIds; ETag and time of the current version tell it apart as well as the table's
    whole seconds allow. A failed record is no record for this purpose.
    """
    if selection == "all":
        return True
    if record is None or record.status == "failed":
        return True
    return (record.etag, record.created_at) != (original.etag, original.created_at)


def select(
    pipeline: LivePipeline, selection: Selection, *, ids: Sequence[str] = (), prefix: str = ""
) -> Iterator[Selected]:
    """The originals that a selection takes up, streamed: the listing against batched reads of the table.

    Named ``ids`` are taken up whatever their state. Raises ``ZenoError`` for an id that has no original.
    """
    if ids:
        selection = "all"
        originals: Iterator[Listed] = _named(pipeline, list(dict.fromkeys(ids)))
    else:
        originals = _listing(pipeline, prefix)
    while batch := list(islice(originals, _LOOKUP)):
        records = pipeline.catalog.get_many(original.key for original in batch)
        for original in batch:
            record = records.get(original.key)
            if wanted(original, record, selection):
                yield Selected(original, record)


def enqueue(pipeline: LivePipeline, chosen: Iterable[Selected], *, force: bool) -> Iterator[Selected]:
    """Send originals to the backfill queue, ten a call; yields each when the queue has it.

    Messages that SQS refused by its own fault are sent again. Raises ``ZenoError`` when one cannot be sent.
    """
    url = pipeline.deployment.backfill_queue_url
    if not url:
        raise ZenoError("this pipeline has no backfill queue", next_step="Add --here to do the work in this process.")
    source = iter(chosen)
    while batch := list(islice(source, _SQS_BATCH)):
        _send(pipeline, url, batch, force)
        yield from batch


def watch(
    pipeline: LivePipeline,
    sent: Iterable[Selected],
    *,
    poll: float = 1.0,
    quiet_looks: int = 3,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[ReprocessResult]:
    """Yield a result for each sent original as its record becomes final.

    Ends when all are, or when the queue is empty ``quiet_looks`` times in a row: what has no new record by
    then lies in the dead-letter queue or is still being worked on elsewhere, and is ``failed`` or
    ``unfinished``.
    """
    waiting = {item.original.key: item for item in sent}
    empty = 0
    while waiting:
        records = pipeline.catalog.get_many(waiting)
        for key in list(waiting):
            result = _judge(waiting[key], records.get(key))
            if result is not None:
                del waiting[key]
                yield result
        empty = empty + 1 if _queue_is_empty(pipeline) else 0
        if empty >= quiet_looks:
            break
        if waiting:
            sleep(poll)
    records = pipeline.catalog.get_many(waiting)
    for key, item in waiting.items():
        yield _last_word(item, records.get(key))


def work_here(tools: Tools, chosen: Iterable[Selected], *, force: bool, workers: int) -> Iterator[ReprocessResult]:
    """Reconcile originals in this process; a few more than ``workers`` are in hand at a time."""
    source = iter(chosen)
    running: set[Future[ReprocessResult]] = set()
    with ThreadPoolExecutor(workers, thread_name_prefix="reconcile") as pool:
        try:
            while True:
                room = 2 * workers - len(running)
                running |= {pool.submit(_reconcile_one, item, tools, force) for item in islice(source, room)}
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        finally:
            for future in running:
                future.cancel()


def _reconcile_one(item: Selected, tools: Tools, force: bool) -> ReprocessResult:
    key = item.original.key
    try:
        outcome = reconcile(key, tools, force=force)
    except Exception as error:  # noqa: BLE001 - one photo's failure is its own result; the others go on
        return ReprocessResult(key, "failed", f"{type(error).__name__}: {error}")
    if outcome.result == "ignored":
        return ReprocessResult(key, "unchanged")
    reason = (outcome.record.error or "") if outcome.record else ""
    return ReprocessResult(key, outcome.result, reason, outcome.record)


def _judge(item: Selected, record: ImageRecord | None) -> ReprocessResult | None:
    """The result once the record is about the original as it was listed, and newer than the one before."""
    if record is None or record.status == "failed":
        return None
    if (record.etag, record.created_at) != (item.original.etag, item.original.created_at):
        return None
    if item.record is not None and record.updated_at == item.record.updated_at:
        return None
    return ReprocessResult(item.original.key, _result_of(record), record.error or "", record)


def _last_word(item: Selected, record: ImageRecord | None) -> ReprocessResult:
    key = item.original.key
    if record is None:
        return ReprocessResult(key, "unfinished", "no record; its message may lie in the dead-letter queue")
    if record.status == "failed":
        return ReprocessResult(key, "failed", record.error or "", record)
    if (record.etag, record.created_at) != (item.original.etag, item.original.created_at):
        return ReprocessResult(key, "unfinished", "the record is about another version", record)
    # Redone within the same second as before: the record looks the same and is right.
    return ReprocessResult(key, _result_of(record), record.error or "", record)


def _result_of(record: ImageRecord) -> Result:
    return "refused" if record.status == "refused" else "processed"


def _named(pipeline: LivePipeline, ids: Sequence[str]) -> Iterator[Listed]:
    for key in ids:
        found = pipeline.storage.head_original(key)
        if found is None:
            raise ZenoError(
                f"there is no original {key!r} in {pipeline.settings.originals_bucket}",
                next_step="`zenoimg list` shows the ids.",
                code="no-such-image",
            )
        yield Listed(key, found.etag, found.size, utc_text(found.last_modified))


def _listing(pipeline: LivePipeline, prefix: str) -> Iterator[Listed]:
    owner: dict[str, Any] = (
        {"ExpectedBucketOwner": pipeline.settings.account_id} if pipeline.settings.account_id else {}
    )
    pages = pipeline.aws.s3.get_paginator("list_objects_v2").paginate(
        Bucket=pipeline.settings.originals_bucket, Prefix=prefix, **owner
    )
    for page in pages:
        for item in page.get("Contents", []):
            if not item["Key"].endswith("/"):
                yield Listed(item["Key"], item["ETag"].strip('"'), item["Size"], utc_text(item["LastModified"]))


def _send(pipeline: LivePipeline, url: str, batch: Sequence[Selected], force: bool) -> None:
    left: Mapping[str, Selected] = {str(number): item for number, item in enumerate(batch)}
    for attempt in range(5):
        answer = pipeline.aws.sqs.send_message_batch(
            QueueUrl=url,
            Entries=[
                {
                    "Id": number,
                    "MessageBody": backfill_body(pipeline.settings.originals_bucket, item.original.key, force=force),
                }
                for number, item in left.items()
            ],
        )
        failed = {entry["Id"]: entry for entry in answer.get("Failed", [])}
        if not failed:
            return
        blamed = next((entry for entry in failed.values() if entry["SenderFault"]), None)
        if blamed is not None:
            raise ZenoError(f"SQS refused the message for {left[blamed['Id']].original.key!r}: {blamed.get('Message')}")
        left = {number: left[number] for number in failed}
        time.sleep(0.1 * 2**attempt)
    raise ZenoError(f"SQS did not take {len(left)} of {len(batch)} messages after five tries")


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
