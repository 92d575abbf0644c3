"""Dead letters of both lanes, brought back: receive → send → delete, so that a kill between two steps loses none.

A letter that was received and not sent comes back by itself when its visibility timeout ends; one that was
sent and not deleted is a duplicate, which ``reconcile`` finds done.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from zenoimg.operations.concurrency import batches, map_ahead
from zenoimg.operations.inventory.selection import Selected, look_at
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.reprocess.backfill import Sent, send
from zenoimg.operations.reprocess.here import ReprocessResult, reconcile_one
from zenoimg.pipeline.events import KeyToCheck, UnreadableEventError, parse_body
from zenoimg.pipeline.reconcile import Tools
from zenoimg.pipeline.service import server_time

_SQS_BATCH = 10
_LOOKS_AHEAD = 10
_HELD_SECONDS = 300  # as long as a letter is ours; --here works on ten photos in that time
_PEEK_SECONDS = 30
_POLL_SECONDS = 1  # a long poll asks all servers, so that nothing means nothing
_MOST_KEPT = 10_000


@dataclass(frozen=True)
class DeadLetter:
    """A message of the dead-letter queue: the keys in it and what the function said, where that is told.

    ``trouble`` is why it cannot be redriven; empty when it can.
    """

    message_id: str
    receipt: str
    keys: tuple[KeyToCheck, ...]
    reason: str = ""
    trouble: str = ""


@dataclass(frozen=True)
class Redrive:
    """Which dead letters to bring back, and how many at most.

    Those whose keys start with ``prefix`` and whose originals are no older than ``since``.
    """

    prefix: str = ""
    since: str = ""
    fingerprint: str = ""
    limit: int | None = None


def redrive(pipeline: LivePipeline, which: Redrive) -> Iterator[Sent | ReprocessResult]:
    """Send dead letters to the backfill queue; yields each key when its letter is deleted.

    A letter that cannot be read stays where it is, and is a result. Raises ``ZenoError`` when one cannot be
    sent, botocore's ``ClientError`` for what SQS refuses.
    """
    with _put_back(pipeline) as kept:
        for letters, looks in _wanted(pipeline, which, kept):
            yield from _troubles(letters)
            good = [letter for letter in letters if not letter.trouble]
            sent: list[Sent] = []
            for part in batches([key for letter in good for key in letter.keys], _SQS_BATCH):
                at = send(pipeline, part)
                sent += [Sent.of(looks[key.key], at, force=key.force) for key in part]
            _delete(pipeline, good)
            yield from sent


def redrive_here(pipeline: LivePipeline, which: Redrive, tools: Tools, workers: int) -> Iterator[ReprocessResult]:
    """Reconcile the keys of dead letters in this process; a letter goes when all of its keys are done."""
    work = lambda key: reconcile_one(key.key, tools, force=key.force)  # noqa: E731
    with _put_back(pipeline) as kept:
        for letters, _ in _wanted(pipeline, which, kept):
            yield from _troubles(letters)
            good = [letter for letter in letters if not letter.trouble]
            keys = list(dict.fromkeys(key for letter in good for key in letter.keys))
            results = dict(zip(keys, map_ahead(work, keys, workers), strict=True))
            done = {key for key, result in results.items() if result.result != "failed"}
            _delete(pipeline, [letter for letter in good if done.issuperset(letter.keys)])
            kept += [letter for letter in good if not done.issuperset(letter.keys)]
            yield from results.values()


def reasons(pipeline: LivePipeline, keys: set[str]) -> dict[str, str]:
    """Those of the keys that lie in dead letters, with what is told of why; the letters stay.

    Looks at about 10,000 letters at most.
    """
    found: dict[str, str] = {}
    looked_at = 0
    with _put_back(pipeline) as kept:
        for letters in _received(pipeline, _PEEK_SECONDS, kept):
            looked_at += len(letters)
            kept += letters
            found |= {key.key: letter.reason for letter in letters for key in letter.keys if key.key in keys}
            if looked_at >= _MOST_KEPT:
                break
    return found


@contextmanager
def _put_back(pipeline: LivePipeline) -> Iterator[list[DeadLetter]]:
    """A list of letters that stay: at the end they can be seen at once, the first 10,000 of them."""
    kept: list[DeadLetter] = []
    try:
        yield kept
    finally:
        with suppress(ClientError):  # they come back by themselves, only later
            change = pipeline.aws.sqs.change_message_visibility_batch
            _each_batch(change, pipeline, kept[:_MOST_KEPT], {"VisibilityTimeout": 0})


def _wanted(
    pipeline: LivePipeline, which: Redrive, kept: list[DeadLetter]
) -> Iterator[tuple[list[DeadLetter], Mapping[str, Selected]]]:
    """The letters that are wanted, batch by batch, with a look at each of their keys; the others are kept."""
    look = lambda key: look_at(pipeline, key, which.fingerprint)  # noqa: E731
    room = which.limit
    for letters in _received(pipeline, _HELD_SECONDS, kept):
        ours = [letter for letter in letters if all(key.key.startswith(which.prefix) for key in letter.keys)]
        keys = list(dict.fromkeys(key.key for letter in ours for key in letter.keys))
        looks = dict(zip(keys, map_ahead(look, keys, _LOOKS_AHEAD), strict=True))
        if which.since:
            late = {key for key, found in looks.items() if found.original and found.original.created_at >= which.since}
            ours = [letter for letter in ours if late.issuperset(key.key for key in letter.keys)]
        if room is not None:
            ours = ours[:room]
            room -= len(ours)
        kept += [letter for letter in letters if letter not in ours or letter.trouble]
        yield ours, looks
        if room == 0:
            return


def _received(pipeline: LivePipeline, seconds: int, kept: list[DeadLetter]) -> Iterator[list[DeadLetter]]:
    """The letters that lie there now, each hidden for so long.

    What fails again meanwhile is not among them, or this would go round in circles; it is kept.
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
        if len(known) < _MOST_KEPT:
            known |= {message["MessageId"] for message in messages}
        fresh = [message for message in messages if _sent_at(message) >= started + 1]
        kept += [_letter(pipeline, message) for message in fresh]
        yield [_letter(pipeline, message) for message in messages if message not in fresh]


def _letter(pipeline: LivePipeline, message: Mapping[str, Any]) -> DeadLetter:
    identity = (message["MessageId"], message["ReceiptHandle"])
    try:
        keys = tuple(parse_body(message["Body"]))
    except UnreadableEventError as error:
        return DeadLetter(*identity, (), trouble=str(error))
    strange = next((key.bucket for key in keys if key.bucket != pipeline.settings.originals_bucket), None)
    if strange is not None:
        return DeadLetter(*identity, (), trouble=f"an event of another bucket: {strange}")
    return DeadLetter(*identity, keys, reason=_reason(json.loads(message["Body"])))


def _reason(envelope: Mapping[str, Any]) -> str:
    payload = envelope.get("responsePayload")
    if not isinstance(payload, Mapping):
        return ""
    return ": ".join(str(payload[name]) for name in ("errorType", "errorMessage") if payload.get(name))


def _troubles(letters: list[DeadLetter]) -> Iterator[ReprocessResult]:
    for letter in letters:
        if letter.trouble:
            yield ReprocessResult(f"message {letter.message_id}", "failed", f"stays a dead letter: {letter.trouble}")


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
    """AWS's own clock, in whole seconds; far in the future where an endpoint does not tell it."""
    at = server_time(answer)
    return at.timestamp() if at else float("inf")
