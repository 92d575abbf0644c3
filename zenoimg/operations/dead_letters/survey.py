"""List and find dead letters; they stay in the queue and become visible again immediately."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from zenoimg.errors import NotDeployedError, UsageError
from zenoimg.operations.dead_letters.letter import DeadLetter
from zenoimg.operations.dead_letters.receiving import MAX_KEPT, put_back, receive
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.queues import counts
from zenoimg.suggest import suggest

_PEEK_SECONDS = 30
_SURVEY_SECONDS = 300
"""Letters stay hidden while the rest of a long queue is read: one that reappears would end the reading."""
_FEW = 100
#: Length of the shortest message id prefix that is shown or accepted: the first block of a UUID.
SHORT = 8


def survey(pipeline: LivePipeline, limit: int | None = None) -> list[DeadLetter]:
    """Return the dead letters, oldest first: at most ``limit``, and at most about 10,000.

    A message of a queue does not contain the function's error, so its reason is taken from the image's failed record.
    Raises ``NotDeployedError`` for a pipeline without queues, botocore's ``ClientError`` when SQS rejects a call.
    """
    if not pipeline.deployment.dead_letter_queue_url:
        raise NotDeployedError(
            "this pipeline has no queues, so there are no dead letters",
            next_step=f"`{suggest('reprocess', '--failed', '--here')}` reprocesses failed images.",
        )
    return _explained(pipeline, sorted(peek(pipeline, min(limit or MAX_KEPT, MAX_KEPT)), key=_age))


def unread(pipeline: LivePipeline, letters: Sequence[DeadLetter]) -> int:
    """Return about how many dead letters a survey did not reach. Raises botocore's ``ClientError``."""
    if len(letters) < MAX_KEPT:
        return 0
    return max(0, counts(pipeline, pipeline.deployment.dead_letter_queue_url).total - len(letters))


def peek(pipeline: LivePipeline, count: int) -> list[DeadLetter]:
    """Return up to ``count`` dead letters in the order received. Raises botocore's ``ClientError``."""
    with put_back(pipeline) as kept:
        for letters in receive(pipeline, _PEEK_SECONDS if count <= _FEW else _SURVEY_SECONDS, kept):
            kept += letters
            if len(kept) >= count:
                break
    return kept[:count]


def named(letters: Sequence[DeadLetter], ids: Iterable[str]) -> tuple[list[DeadLetter], list[str]]:
    """Return the letters with these message ids or prefixes of them, and the ids that matched none.

    Raises ``UsageError`` for a prefix that is too short or ambiguous.
    """
    found: dict[str, DeadLetter] = {}
    unknown = []
    for given in ids:
        matching = [letter for letter in letters if letter.message_id.startswith(given)]
        exact = [letter for letter in matching if letter.message_id == given]
        if not exact and matching and (len(matching) > 1 or len(given) < SHORT):
            raise UsageError(
                f"{given!r} is not the id of one dead letter",
                next_step=f"Use at least {SHORT} characters, enough to make it unique: "
                f"`{suggest('dead-letters', 'list', '--json')}` shows whole ids.",
            )
        for letter in exact or matching:
            found[letter.message_id] = letter
        if not matching:
            unknown.append(given)
    return list(found.values()), unknown


def short_ids(letters: Sequence[DeadLetter]) -> dict[str, str]:
    """Return a unique prefix of each message id, at least eight characters long."""
    ids = [letter.message_id for letter in letters]
    length = next((n for n in range(SHORT, 36) if len({each[:n] for each in ids}) == len(ids)), 36)
    return {each: each[:length] for each in ids}


def _explained(pipeline: LivePipeline, letters: list[DeadLetter]) -> list[DeadLetter]:
    """Add what the letters do not contain, from the queues and the records."""
    reasons: dict[str, str] = {}
    keys = [key.key for letter in letters if not letter.reason for key in letter.keys]
    with suppress(ClientError):  # a letter can be shown without the table as well
        records = pipeline.catalog.get_many(dict.fromkeys(keys))
        reasons = {key: record.error for key, record in records.items() if record.status == "failed" and record.error}
    tries = _tries(pipeline) if any(letter.lane in ("backfill", "large") for letter in letters) else {}
    return [
        replace(
            letter,
            reason=letter.reason or next((reasons[key.key] for key in letter.keys if key.key in reasons), ""),
            attempts=tries.get(letter.lane) if letter.attempts is None else letter.attempts,
        )
        for letter in letters
    ]


def _tries(pipeline: LivePipeline) -> Mapping[str, int]:
    """Return how many times each queue delivers a message before SQS moves it to the dead letters."""
    deployment = pipeline.deployment
    found: dict[str, int] = {}
    for lane, url in (("backfill", deployment.backfill_queue_url), ("large", deployment.large_queue_url)):
        with suppress(ClientError, ValueError, KeyError):  # the number is only informative
            call: Callable[..., Any] = pipeline.aws.sqs.get_queue_attributes
            policy = call(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]["RedrivePolicy"]
            found[lane] = int(json.loads(policy)["maxReceiveCount"])
    return found


def _age(letter: DeadLetter) -> float:
    return letter.sent_at.timestamp() if letter.sent_at else 0.0
