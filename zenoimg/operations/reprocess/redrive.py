"""Redrive dead letters of both lanes: receive → send → delete, so that a kill between two steps loses none.

A letter that was received and not sent reappears when its visibility timeout ends; one that was sent and not deleted
is a duplicate, for which ``reconcile`` has nothing to do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from zenoimg.operations.concurrency import batches, map_ahead
from zenoimg.operations.inventory.current import Current
from zenoimg.operations.inventory.selection import SelectedImage, inspect_image
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.reprocess.backfill import PendingKey, send
from zenoimg.operations.reprocess.here import ReprocessResult, reconcile_one
from zenoimg.operations.selectors import Selectors
from zenoimg.pipeline.calls.service import server_time
from zenoimg.pipeline.events import KeyToCheck, UnreadableEventError, parse_body
from zenoimg.pipeline.tools import Tools

_SQS_BATCH = 10
_INSPECTIONS_AHEAD = 10
_HELD_SECONDS = 300  # visibility timeout while we work on a batch; --here processes ten photos in that time
_PEEK_SECONDS = 30
_POLL_SECONDS = 1  # a long poll queries all servers, so an empty answer means an empty queue
_MAX_KEPT = 10_000


@dataclass(frozen=True)
class DeadLetter:
    """A message of the dead-letter queue: its keys, and the function's error where the message contains it.

    ``problem`` is why it cannot be redriven; empty if it can.
    """

    message_id: str
    receipt: str
    keys: tuple[KeyToCheck, ...]
    reason: str = ""
    problem: str = ""


@dataclass(frozen=True)
class RedriveFilter:
    """Which dead letters to redrive: those of which all images are selected, and their maximum number."""

    selectors: Selectors = field(default_factory=Selectors)
    current: Current = field(default_factory=Current)
    limit: int | None = None


def redrive(pipeline: LivePipeline, which: RedriveFilter) -> Iterator[PendingKey | ReprocessResult]:
    """Send dead letters to the backfill queue; yield each key once its letter is deleted.

    A letter that cannot be parsed stays in its queue and yields a failed result. Raises ``ZenoError`` if one cannot be
    sent, botocore's ``ClientError`` for what SQS refuses.
    """
    with _put_back(pipeline) as kept:
        for letters, images in _matching(pipeline, which, kept):
            yield from _unreadable(letters)
            readable = [letter for letter in letters if not letter.problem]
            sent: list[PendingKey] = []
            for part in batches([key for letter in readable for key in letter.keys], _SQS_BATCH):
                at = send(pipeline, part)
                sent += [PendingKey.of(images[key.key], at, force=key.force) for key in part]
            _delete(pipeline, readable)
            yield from sent


def redrive_here(pipeline: LivePipeline, which: RedriveFilter, tools: Tools, workers: int) -> Iterator[ReprocessResult]:
    """Reconcile the keys of dead letters in this process; delete a letter once all of its keys are done."""
    reconcile_key = lambda key: reconcile_one(key.key, tools, force=key.force)  # noqa: E731
    with _put_back(pipeline) as kept:
        for letters, _ in _matching(pipeline, which, kept):
            yield from _unreadable(letters)
            readable = [letter for letter in letters if not letter.problem]
            keys = list(dict.fromkeys(key for letter in readable for key in letter.keys))
            results = dict(zip(keys, map_ahead(reconcile_key, keys, workers), strict=True))
            done = {key for key, result in results.items() if result.result != "failed"}
            _delete(pipeline, [letter for letter in readable if done.issuperset(letter.keys)])
            kept += [letter for letter in readable if not done.issuperset(letter.keys)]
            yield from results.values()


def reasons(pipeline: LivePipeline, keys: set[str]) -> dict[str, str]:
    """Return the keys that are in dead letters, each with its error (may be empty); the letters stay.

    Reads at most about 10,000 letters.
    """
    errors: dict[str, str] = {}
    letters_read = 0
    with _put_back(pipeline) as kept:
        for letters in _received(pipeline, _PEEK_SECONDS, kept):
            letters_read += len(letters)
            kept += letters
            errors |= {key.key: letter.reason for letter in letters for key in letter.keys if key.key in keys}
            if letters_read >= _MAX_KEPT:
                break
    return errors


def first_letters(pipeline: LivePipeline, count: int) -> list[DeadLetter]:
    """Return up to ``count`` dead letters; they stay. Raises botocore's ``ClientError``."""
    with _put_back(pipeline) as kept:
        for letters in _received(pipeline, _PEEK_SECONDS, kept):
            kept += letters
            if len(kept) >= count:
                break
        return kept[:count]


@contextmanager
def _put_back(pipeline: LivePipeline) -> Iterator[list[DeadLetter]]:
    """Yield a list of letters to keep; at the end make the first 10,000 of them visible again at once."""
    kept: list[DeadLetter] = []
    try:
        yield kept
    finally:
        with suppress(ClientError):  # they reappear anyway when their timeout ends
            change = pipeline.aws.sqs.change_message_visibility_batch
            _each_batch(change, pipeline, kept[:_MAX_KEPT], {"VisibilityTimeout": 0})


def _matching(
    pipeline: LivePipeline, which: RedriveFilter, kept: list[DeadLetter]
) -> Iterator[tuple[list[DeadLetter], Mapping[str, SelectedImage]]]:
    """Yield the matching letters in batches, with the current state of their keys; the others are kept."""
    inspect = lambda key: inspect_image(pipeline, key, which.current)  # noqa: E731
    remaining = which.limit
    for letters in _received(pipeline, _HELD_SECONDS, kept):
        prefix = which.selectors.prefix
        matching = [letter for letter in letters if all(key.key.startswith(prefix) for key in letter.keys)]
        keys = list(dict.fromkeys(key.key for letter in matching for key in letter.keys))
        images = dict(zip(keys, map_ahead(inspect, keys, _INSPECTIONS_AHEAD), strict=True))
        selected = {key for key, image in images.items() if image.is_selected_by(which.selectors)}
        matching = [letter for letter in matching if selected.issuperset(key.key for key in letter.keys)]
        if remaining is not None:
            matching = matching[:remaining]
            remaining -= len(matching)
        kept += [letter for letter in letters if letter not in matching or letter.problem]
        yield matching, images
        if remaining == 0:
            return


def _received(pipeline: LivePipeline, seconds: int, kept: list[DeadLetter]) -> Iterator[list[DeadLetter]]:
    """Yield the letters that are in the queue now, in batches, each hidden for a number of seconds.

    Letters that arrive after the start are kept: an image that fails again would otherwise be redriven in a loop.
    """
    url = pipeline.deployment.dead_letter_queue_url
    known: set[str] = set()
    started: float | None = None
    while url:
        answer: Any = pipeline.aws.sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=_SQS_BATCH,
            VisibilityTimeout=seconds,
            WaitTimeSeconds=_POLL_SECONDS,
            MessageSystemAttributeNames=["SentTimestamp"],
        )
        started = _clock_of(answer) if started is None else started
        messages = [message for message in answer.get("Messages", []) if message["MessageId"] not in known]
        if not messages:
            return
        if len(known) < _MAX_KEPT:
            known |= {message["MessageId"] for message in messages}
        fresh = [message for message in messages if _sent_at(message) >= started + 1]
        kept += [_letter(pipeline, message) for message in fresh]
        yield [_letter(pipeline, message) for message in messages if message not in fresh]


def _letter(pipeline: LivePipeline, message: Mapping[str, Any]) -> DeadLetter:
    handle = (message["MessageId"], message["ReceiptHandle"])
    try:
        keys = tuple(parse_body(message["Body"]))
    except UnreadableEventError as error:
        return DeadLetter(*handle, (), problem=str(error))
    foreign = next((key.bucket for key in keys if key.bucket != pipeline.settings.originals_bucket), None)
    if foreign is not None:
        return DeadLetter(*handle, (), problem=f"an event of another bucket: {foreign}")
    return DeadLetter(*handle, keys, reason=_reason(json.loads(message["Body"])))


def _reason(envelope: Mapping[str, Any]) -> str:
    payload = envelope.get("responsePayload")
    if not isinstance(payload, Mapping):
        return ""
    return ": ".join(str(payload[name]) for name in ("errorType", "errorMessage") if payload.get(name))


def _unreadable(letters: list[DeadLetter]) -> Iterator[ReprocessResult]:
    for letter in letters:
        if letter.problem:
            yield ReprocessResult(f"message {letter.message_id}", "failed", f"stays a dead letter: {letter.problem}")


def _delete(pipeline: LivePipeline, letters: list[DeadLetter]) -> None:
    _each_batch(pipeline.aws.sqs.delete_message_batch, pipeline, letters, {})


def _each_batch(
    call: Callable[..., Any], pipeline: LivePipeline, letters: list[DeadLetter], more: Mapping[str, Any]
) -> None:
    url = pipeline.deployment.dead_letter_queue_url
    for batch in batches(letters, _SQS_BATCH):
        entries = [{"Id": str(n), "ReceiptHandle": letter.receipt, **more} for n, letter in enumerate(batch)]
        call(QueueUrl=url, Entries=entries)


def _sent_at(message: Mapping[str, Any]) -> float:
    return int(message.get("Attributes", {}).get("SentTimestamp", 0)) / 1000


def _clock_of(answer: Mapping[str, Any]) -> float:
    """Return AWS's clock in whole seconds, infinity if the endpoint sends no date."""
    at = server_time(answer)
    return at.timestamp() if at else float("inf")
