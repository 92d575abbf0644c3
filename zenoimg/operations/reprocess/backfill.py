"""The backfill queue: send keys in batches of ten messages, and read how many messages are left.

Messages that the processor hands over move to the large queue, so whoever waits for the work checks both.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from zenoimg.errors import ZenoError
from zenoimg.operations.concurrency import batches, map_ahead
from zenoimg.operations.inventory.selection import ImageState, ListedOriginal, SelectedImage
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.pipeline.calls.service import is_transient_code, server_time
from zenoimg.pipeline.events import KeyToCheck, backfill_body
from zenoimg.pipeline.records import utc_text

_SQS_BATCH = 10  # SQS's limit for one SendMessageBatch
_SEND_ATTEMPTS = 5
_SENDERS = 8


@dataclass(frozen=True)
class PendingKey:
    """A key in the backfill queue that has no result yet.

    ``at`` is when it was sent, by SQS's clock, in the format of records; ``updated_at`` is the ``UpdatedAt`` of its
    record at that time, empty if it had none. ``was_refused`` is set if its version had already been refused then.
    """

    key: str
    original: ListedOriginal | None
    state: ImageState
    updated_at: str
    at: str
    force: bool
    was_refused: bool = False

    @classmethod
    def of(cls, item: SelectedImage, at: str, *, force: bool) -> PendingKey:
        """Return the pending key of a selected image sent at a given time."""
        updated_at = item.record.updated_at if item.record else ""
        return cls(item.key, item.original, item.state, updated_at, at, force, item.was_refused)


def enqueue(pipeline: LivePipeline, chosen: Iterable[SelectedImage], *, force: bool) -> Iterator[PendingKey]:
    """Send keys to the backfill queue, several batches in parallel; yield each, in order, once it is in the queue.

    Raises ``ZenoError`` if one cannot be sent.
    """
    bucket = pipeline.settings.originals_bucket

    def send_batch(batch: list[SelectedImage]) -> list[PendingKey]:
        forced = [force or item.needs_force for item in batch]
        keys = [KeyToCheck(bucket, item.key, forces) for item, forces in zip(batch, forced, strict=True)]
        at = send(pipeline, keys)
        return [PendingKey.of(item, at, force=forces) for item, forces in zip(batch, forced, strict=True)]

    for sent in map_ahead(send_batch, batches(chosen, _SQS_BATCH), _SENDERS):
        yield from sent


def send(pipeline: LivePipeline, keys: Sequence[KeyToCheck], *, sleep: Callable[[float], None] = time.sleep) -> str:
    """Send at most ten keys; return the time of sending in the format of records.

    Messages that fail because of an SQS error or throttling are sent again. Raises ``ZenoError`` if one cannot be sent.
    """
    url = queue_url(pipeline)
    unsent: Mapping[str, KeyToCheck] = {str(number): key for number, key in enumerate(keys)}
    for attempt in range(_SEND_ATTEMPTS):
        entries = [
            {"Id": number, "MessageBody": backfill_body(key.bucket, key.key, force=key.force)}
            for number, key in unsent.items()
        ]
        answer = pipeline.aws.sqs.send_message_batch(QueueUrl=url, Entries=entries)  # type: ignore[arg-type]
        failed = {entry["Id"]: entry for entry in answer.get("Failed", [])}
        if not failed:
            return _moment_of(answer)
        rejected = next((entry for entry in failed.values() if _is_refused(entry)), None)
        if rejected is not None:
            raise ZenoError(f"SQS refused the message for {unsent[rejected['Id']].key!r}: {rejected.get('Message')}")
        unsent = {number: unsent[number] for number in failed}
        sleep(0.1 * 2**attempt)
    raise ZenoError(
        f"SQS did not accept {len(unsent)} of {len(keys)} messages in {_SEND_ATTEMPTS} attempts",
        next_step="Rerun the command to continue.",
    )


def queue_url(pipeline: LivePipeline) -> str:
    """Return the URL of the backfill queue. Raises ``ZenoError`` if the pipeline has none."""
    url = pipeline.deployment.backfill_queue_url
    if not url:
        raise ZenoError(
            "this pipeline has no backfill queue", next_step="Add --here to process the images on this machine."
        )
    return url


def _is_refused(entry: Mapping[str, Any]) -> bool:
    """Return whether the same message would fail again; SQS also counts throttling as a fault of the sender."""
    return bool(entry["SenderFault"]) and not is_transient_code(entry["Code"])


def _moment_of(answer: Any) -> str:
    """Return the time of the response by AWS's clock: the local clock may be minutes off, a function's is not."""
    return utc_text(server_time(answer) or datetime.now(UTC))
