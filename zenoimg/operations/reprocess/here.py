"""What becomes of an image that is taken up again, and the work done in this process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from zenoimg.operations.concurrency import as_they_end
from zenoimg.operations.inventory.selection import Selected
from zenoimg.pipeline.reconcile import Tools, reconcile
from zenoimg.pipeline.records import ImageRecord
from zenoimg.pipeline.threads import threads

Result = Literal["processed", "unchanged", "removed", "refused", "failed", "unfinished", "queued"]
NOT_GOOD: frozenset[Result] = frozenset({"refused", "failed", "unfinished"})


@dataclass(frozen=True)
class ReprocessResult:
    """What became of one key."""

    key: str
    result: Result
    reason: str = ""
    record: ImageRecord | None = None


def work_here(tools: Tools, chosen: Iterable[Selected], *, force: bool, workers: int) -> Iterator[ReprocessResult]:
    """Reconcile keys in this process, as they come; a few more than ``workers`` are in hand at a time."""
    with threads(workers, "reconcile") as pool:
        yield from as_they_end(lambda item: reconcile_one(item.key, tools, force=force), chosen, pool, 2 * workers)


def reconcile_one(key: str, tools: Tools, *, force: bool) -> ReprocessResult:
    """Reconcile one key; any failure is its result."""
    try:
        outcome = reconcile(key, tools, force=force)
    except Exception as error:  # noqa: BLE001 - one photo's failure is its own result; the others go on
        return ReprocessResult(key, "failed", f"{type(error).__name__}: {error}")
    if outcome.result == "ignored":
        return ReprocessResult(key, "unchanged")
    reason = (outcome.record.error or "") if outcome.record else ""
    return ReprocessResult(key, outcome.result, reason, outcome.record)
