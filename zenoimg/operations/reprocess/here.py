"""The result of reprocessing an image, and reprocessing in this process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from zenoimg.operations.concurrency import as_they_end
from zenoimg.operations.inventory.selection import SelectedImage
from zenoimg.pipeline.calls.threads import threads
from zenoimg.pipeline.reconcile import reconcile
from zenoimg.pipeline.records import ImageRecord
from zenoimg.pipeline.tools import Tools

ResultKind = Literal["processed", "unchanged", "removed", "refused", "failed", "unfinished", "queued"]
NEEDS_ATTENTION: frozenset[ResultKind] = frozenset({"refused", "failed", "unfinished"})


@dataclass(frozen=True)
class ReprocessResult:
    """The result for one key. ``as_before``: the pipeline had already refused this version."""

    key: str
    result: ResultKind
    reason: str = ""
    record: ImageRecord | None = None
    as_before: bool = False

    @property
    def needs_attention(self) -> bool:
        """Return whether the operator has to act; a refusal ``as_before`` has already been reported."""
        return self.result in NEEDS_ATTENTION and not self.as_before


def reconcile_all(
    tools: Tools, images: Iterable[SelectedImage], *, force: bool, workers: int
) -> Iterator[ReprocessResult]:
    """Reconcile keys in this process and yield results as they complete, with at most ``2 * workers`` in flight."""

    def work(image: SelectedImage) -> ReprocessResult:
        result = reconcile_one(image.key, tools, force=force or image.needs_force)
        return replace(result, as_before=result.result == "refused" and image.was_refused)

    with threads(workers, "reconcile") as pool:
        yield from as_they_end(work, images, pool, 2 * workers)


def reconcile_one(key: str, tools: Tools, *, force: bool) -> ReprocessResult:
    """Reconcile one key; an exception becomes its result."""
    try:
        outcome = reconcile(key, tools, force=force)
    except Exception as error:  # noqa: BLE001 - one photo's failure must not stop the others
        return ReprocessResult(key, "failed", f"{type(error).__name__}: {error}")
    if outcome.result == "ignored" or outcome.result == "handed-over":
        return ReprocessResult(key, "unchanged")
    reason = (outcome.record.error or "") if outcome.record else ""
    return ReprocessResult(key, outcome.result, reason, outcome.record)
