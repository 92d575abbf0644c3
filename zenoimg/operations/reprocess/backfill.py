"""The backfill queue: keys go in, ten a message batch; how many are left is asked of its attributes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from zenoimg.errors import ZenoError
from zenoimg.operations.concurrency import batches, map_ahead
from zenoimg.operations.inventory.selection import Listed, Selected, State
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.pipeline.events import KeyToCheck, backfill_body
from zenoimg.pipeline.records import utc_text
from zenoimg.pipeline.service import server_time

_SQS_BATCH = 10  # the service's limit for one SendMessageBatch
_SEND_TRIES = 5
_SENDERS = 8


@dataclass(frozen=True)
class Sent:
    """A key that lies in the backfill queue.

    ``at`` is when it was sent, by SQS's clock, as records write times; ``updated_at`` is that of the record
    it had then, empty where it had none.
    """

    key: str
    original: Listed | None
    state: State
    updated_at: str
    at: str
    force: bool

    @classmethod
    def of(cls, item: Selected, at: str, *, force: bool) -> Sent:
        """What was selected, as sent."""
        return cls(item.key, item.original, item.state, item.record.updated_at if item.record else "", at, force)


@dataclass(frozen=True)
class QueueCounts:
    """Messages of one queue, about: waiting, and handed out without being deleted yet."""

    waiting: int
    in_flight: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.waiting + self.in_flight


def enqueue(pipeline: LivePipeline, chosen: Iterable[Selected], *, force: bool) -> Iterator[Sent]:
    """Send keys to the backfill queue, several batches at once; yields each, in order, when the queue has it.

    Raises ``ZenoError`` when one cannot be sent.
    """
    bucket = pipeline.settings.originals_bucket

    def send_batch(batch: list[Selected]) -> list[Sent]:
        at = send(pipeline, [KeyToCheck(bucket, item.key, force) for item in batch])
        return [Sent.of(item, at, force=force) for item in batch]

    for sent in map_ahead(send_batch, batches(chosen, _SQS_BATCH), _SENDERS):
        yield from sent


def send(pipeline: LivePipeline, keys: Sequence[KeyToCheck], *, sleep: Callable[[float], None] = time.sleep) -> str:
    """Send at most ten keys; returns when that was, as records write times.

    What SQS did not take by its own fault is sent again. Raises ``ZenoError`` when one cannot be sent.
    """
    url = queue_url(pipeline)
    left: Mapping[str, KeyToCheck] = {str(number): key for number, key in enumerate(keys)}
    for attempt in range(_SEND_TRIES):
        entries = [
            {"Id": number, "MessageBody": backfill_body(key.bucket, key.key, force=key.force)}
            for number, key in left.items()
        ]
        answer = pipeline.aws.sqs.send_message_batch(QueueUrl=url, Entries=entries)  # type: ignore[arg-type]
        failed = {entry["Id"]: entry for entry in answer.get("Failed", [])}
        if not failed:
            return _moment_of(answer)
        blamed = next((entry for entry in failed.values() if entry["SenderFault"]), None)
        if blamed is not None:
            raise ZenoError(f"SQS refused the message for {left[blamed['Id']].key!r}: {blamed.get('Message')}")
        left = {number: left[number] for number in failed}
        sleep(0.1 * 2**attempt)
    raise ZenoError(
        f"SQS did not take {len(left)} of {len(keys)} messages after {_SEND_TRIES} tries",
        next_step="Run the same command again; it goes on from there.",
    )


def queue_url(pipeline: LivePipeline) -> str:
    """The backfill queue. Raises ``ZenoError`` where a pipeline has none."""
    url = pipeline.deployment.backfill_queue_url
    if not url:
        raise ZenoError("this pipeline has no backfill queue", next_step="Add --here to do the work in this process.")
    return url


def counts(pipeline: LivePipeline, url: str) -> QueueCounts:
    """What SQS says of a queue. Raises botocore's ``ClientError``.

    The counts are approximate and "may not achieve consistency until at least 1 minute after the producers
    stop sending messages" (API reference of GetQueueAttributes).
    """
    attributes: Mapping[Any, str] = pipeline.aws.sqs.get_queue_attributes(
        QueueUrl=url,
        AttributeNames=[
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ],
    )["Attributes"]
    waiting = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed")
    return QueueCounts(
        waiting=sum(int(attributes.get(name, 0)) for name in waiting),
        in_flight=int(attributes.get("ApproximateNumberOfMessagesNotVisible", 0)),
    )


def counts_if_known(pipeline: LivePipeline, url: str) -> QueueCounts | None:
    """``counts``, or ``None`` when SQS does not say: a hiccup is no proof of emptiness, the next look decides."""
    try:
        return counts(pipeline, url)
    except ClientError:
        return None


def _moment_of(answer: Any) -> str:
    """When AWS answered, by its own clock: this machine's may be minutes off, the functions' is not."""
    return utc_text(server_time(answer) or datetime.now(UTC))
