"""Receive, release and delete dead letters.

A received letter is hidden from other receivers until it is released or its visibility timeout ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from botocore.exceptions import ClientError

from zenoimg.operations.concurrency import batches
from zenoimg.operations.dead_letters.letter import ATTRIBUTES, DeadLetter, Lane, letter_of
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.pipeline.calls.service import server_time

#: Number of letters that are released immediately; others reappear when their visibility timeout ends.
MAX_KEPT = 10_000
_SQS_BATCH = 10
_POLL_SECONDS = 1  # a long poll queries all servers, so an empty answer means an empty queue


def receive(pipeline: LivePipeline, seconds: int, kept: list[DeadLetter]) -> Iterator[list[DeadLetter]]:
    """Yield the letters now in the queue, in batches, each hidden for a number of seconds.

    Letters that arrive after the start are only added to ``kept``: otherwise an image that fails again would be
    redriven in a loop. Yield nothing if there is no queue. Raises botocore's ``ClientError``.
    """
    url = pipeline.deployment.dead_letter_queue_url
    if not url:
        return
    queues = _queues(pipeline)
    known: set[str] = set()
    started: float | None = None
    while True:
        answer: Any = pipeline.aws.sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=_SQS_BATCH,
            VisibilityTimeout=seconds,
            WaitTimeSeconds=_POLL_SECONDS,
            MessageSystemAttributeNames=[*ATTRIBUTES],
        )
        started = _clock_of(answer) if started is None else started
        messages = [message for message in answer.get("Messages", []) if message["MessageId"] not in known]
        if not messages:
            return
        if len(known) < MAX_KEPT:
            known |= {message["MessageId"] for message in messages}
        letters = [letter_of(message, pipeline.settings.originals_bucket, queues) for message in messages]
        fresh = [letter for letter in letters if letter.sent_at and letter.sent_at.timestamp() >= started + 1]
        kept += fresh
        yield [letter for letter in letters if letter not in fresh]


@contextmanager
def put_back(pipeline: LivePipeline) -> Iterator[list[DeadLetter]]:
    """Yield a list to add letters to; at the end, immediately make the first 10,000 of them visible again."""
    kept: list[DeadLetter] = []
    try:
        yield kept
    finally:
        with suppress(ClientError):  # they reappear in any case when their timeout ends
            change = pipeline.aws.sqs.change_message_visibility_batch
            for _ in _each_batch(change, pipeline, kept[:MAX_KEPT], {"VisibilityTimeout": 0}):
                pass


def delete(pipeline: LivePipeline, letters: Sequence[DeadLetter]) -> dict[str, str]:
    """Delete received letters; return SQS's reasons by message id for those that were not deleted."""
    call = pipeline.aws.sqs.delete_message_batch
    return dict(failed for answer in _each_batch(call, pipeline, letters, {}) for failed in answer)


def _each_batch(
    call: Callable[..., Any], pipeline: LivePipeline, letters: Sequence[DeadLetter], more: Mapping[str, Any]
) -> Iterator[list[tuple[str, str]]]:
    """Call SQS with ten letters at a time; yield the message ids and reasons of those that failed."""
    url = pipeline.deployment.dead_letter_queue_url
    for batch in batches(letters, _SQS_BATCH):
        entries = [{"Id": str(n), "ReceiptHandle": letter.receipt, **more} for n, letter in enumerate(batch)]
        failed = call(QueueUrl=url, Entries=entries).get("Failed", [])
        yield [(batch[int(each["Id"])].message_id, each.get("Message") or each["Code"]) for each in failed]


def _queues(pipeline: LivePipeline) -> dict[str, Lane]:
    """Return the lanes of the work queues by queue name."""
    deployment = pipeline.deployment
    urls: dict[Lane, str] = {"backfill": deployment.backfill_queue_url, "large": deployment.large_queue_url}
    return {url.rpartition("/")[2]: lane for lane, url in urls.items() if url}


def _clock_of(answer: Mapping[str, Any]) -> float:
    """Return AWS's clock in whole seconds, infinity if the endpoint sends no date."""
    at = server_time(answer)
    return at.timestamp() if at else float("inf")
