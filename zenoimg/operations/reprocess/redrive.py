"""Redrive dead letters of both lanes: receive → send → delete, so that none is lost if the process is killed.

A letter that was received but not sent reappears when its visibility timeout ends; one that was sent but not deleted
is a duplicate, for which ``reconcile`` has nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from zenoimg.operations.concurrency import batches, map_ahead
from zenoimg.operations.dead_letters.letter import DeadLetter
from zenoimg.operations.dead_letters.receiving import MAX_KEPT, delete, put_back, receive
from zenoimg.operations.inventory.current import Current
from zenoimg.operations.inventory.selection import SelectedImage, inspect_image
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.reprocess.backfill import PendingKey, send
from zenoimg.operations.reprocess.here import ReprocessResult, reconcile_one
from zenoimg.operations.selectors import Selectors
from zenoimg.pipeline.tools import Tools

_SQS_BATCH = 10
_INSPECTIONS_AHEAD = 10
_HELD_SECONDS = 300  # visibility timeout while a batch is processed; --here processes ten photos in that time
_PEEK_SECONDS = 30


@dataclass(frozen=True)
class RedriveFilter:
    """Which dead letters to redrive: those whose images are all selected, up to a maximum number."""

    selectors: Selectors = field(default_factory=Selectors)
    current: Current = field(default_factory=Current)
    limit: int | None = None


def redrive(pipeline: LivePipeline, which: RedriveFilter) -> Iterator[PendingKey | ReprocessResult]:
    """Send dead letters to the backfill queue; yield each key once its letter is deleted.

    A letter that cannot be parsed stays in its queue and yields a failed result. Raises ``ZenoError`` if a key cannot
    be sent, botocore's ``ClientError`` if SQS rejects a call.
    """
    with put_back(pipeline) as kept:
        for letters, images in _matching(pipeline, which, kept):
            yield from _unreadable(letters)
            readable = [letter for letter in letters if not letter.problem]
            sent: list[PendingKey] = []
            for part in batches([key for letter in readable for key in letter.keys], _SQS_BATCH):
                at = send(pipeline, part)
                sent += [PendingKey.of(images[key.key], at, force=key.force) for key in part]
            delete(pipeline, readable)
            yield from sent


def redrive_here(pipeline: LivePipeline, which: RedriveFilter, tools: Tools, workers: int) -> Iterator[ReprocessResult]:
    """Reconcile the keys of dead letters in this process; delete a letter once all of its keys are done."""
    reconcile_key = lambda key: reconcile_one(key.key, tools, force=key.force)  # noqa: E731
    with put_back(pipeline) as kept:
        for letters, _ in _matching(pipeline, which, kept):
            yield from _unreadable(letters)
            readable = [letter for letter in letters if not letter.problem]
            keys = list(dict.fromkeys(key for letter in readable for key in letter.keys))
            results = dict(zip(keys, map_ahead(reconcile_key, keys, workers), strict=True))
            done = {key for key, result in results.items() if result.result != "failed"}
            delete(pipeline, [letter for letter in readable if done.issuperset(letter.keys)])
            kept += [letter for letter in readable if not done.issuperset(letter.keys)]
            yield from results.values()


def reasons(pipeline: LivePipeline, keys: set[str]) -> dict[str, str]:
    """Return the keys in dead letters, each with its error (possibly empty); the letters stay in the queue.

    Reads at most about 10,000 letters.
    """
    errors: dict[str, str] = {}
    letters_read = 0
    with put_back(pipeline) as kept:
        for letters in receive(pipeline, _PEEK_SECONDS, kept):
            letters_read += len(letters)
            kept += letters
            errors |= {key.key: letter.reason for letter in letters for key in letter.keys if key.key in keys}
            if letters_read >= MAX_KEPT:
                break
    return errors


def _matching(
    pipeline: LivePipeline, which: RedriveFilter, kept: list[DeadLetter]
) -> Iterator[tuple[list[DeadLetter], Mapping[str, SelectedImage]]]:
    """Yield the matching letters in batches, with the current state of their keys; the others are kept."""
    inspect = lambda key: inspect_image(pipeline, key, which.current)  # noqa: E731
    remaining = which.limit
    for letters in receive(pipeline, _HELD_SECONDS, kept):
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


def _unreadable(letters: list[DeadLetter]) -> Iterator[ReprocessResult]:
    for letter in letters:
        if letter.problem:
            yield ReprocessResult(f"message {letter.message_id}", "failed", f"stays a dead letter: {letter.problem}")
