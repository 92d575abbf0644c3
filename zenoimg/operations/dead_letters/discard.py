"""Delete dead letters permanently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from zenoimg.operations.dead_letters.letter import DeadLetter
from zenoimg.operations.dead_letters.receiving import delete, put_back, receive
from zenoimg.operations.pipeline import LivePipeline

_HELD_SECONDS = 60


@dataclass(frozen=True)
class DiscardResult:
    """The result for one letter. ``missing``: it is no longer in the queue, or another command has received it."""

    message_id: str
    result: Literal["discarded", "failed", "missing"]
    reason: str = ""


def discard(pipeline: LivePipeline, chosen: Sequence[DeadLetter]) -> Iterator[DiscardResult]:
    """Delete exactly these letters and yield a result for each. Raises botocore's ``ClientError``.

    They are received again first, because deletion requires the receipt handle of the latest receive.
    """
    pending = {letter.message_id for letter in chosen}
    if not pending:
        return
    with put_back(pipeline) as kept:
        for letters in receive(pipeline, _HELD_SECONDS, kept):
            kept += letters
            matching = [letter for letter in kept if letter.message_id in pending]
            failed = delete(pipeline, matching)
            gone = {letter.message_id for letter in matching} - failed.keys()
            kept[:] = [letter for letter in kept if letter.message_id not in gone]
            for letter in matching:
                reason = failed.get(letter.message_id, "")
                yield DiscardResult(letter.message_id, "failed" if reason else "discarded", reason)
            pending -= {letter.message_id for letter in matching}
            if not pending:
                return
    for message_id in sorted(pending):
        yield DiscardResult(message_id, "missing", "it is no longer in the queue, or another command has received it")
