"""Carry out one reprocess: request → dead letters and images → sent and awaited, or reconciled in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from zenoimg.config.load import Settings
from zenoimg.operations.effective_recipe import Source, current_of, effective_recipe
from zenoimg.operations.inventory.selection import (
    STATES,
    ImageSelection,
    ImageState,
    SelectedImage,
    has_originals,
    images_by_id,
    select,
)
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.queues import counts
from zenoimg.operations.reprocess.backfill import PendingKey, enqueue
from zenoimg.operations.reprocess.estimate import Estimate, estimate, processor_memory
from zenoimg.operations.reprocess.here import ReprocessResult, reconcile_all
from zenoimg.operations.reprocess.pending_keys import PendingKeys
from zenoimg.operations.reprocess.redrive import RedriveFilter, redrive, redrive_here
from zenoimg.operations.reprocess.waiting import OnPoll, pace_for, wait_for_results
from zenoimg.operations.selectors import Selectors
from zenoimg.pipeline.records import Status

#: Number of keys of dead letters that are remembered, so that they are not sent again as failed images. Beyond it, a
#: key may be sent twice, and the second message finds nothing to do.
_MAX_REMEMBERED = 10_000

_STATES_OF_OPTION: dict[str, frozenset[ImageState]] = {
    "--missing": frozenset({"missing", "left-over"}),
    "--stale": frozenset({"stale", "kept"}),
    "--failed": frozenset({"failed"}),
    "--refused": frozenset({"refused", "kept"}),
    "--all": frozenset(STATES),
}
_OPTION_OF_STATUS: dict[Status, str] = {"processed": "--all", "refused": "--all", "failed": "--failed"}


@dataclass(frozen=True)
class ReprocessRequest:
    """What to reprocess: the selected images in the given ``states``, or those given by id.

    ``here`` reprocesses them in this process, with ``recipe``.
    """

    states: frozenset[ImageState]
    selectors: Selectors = field(default_factory=Selectors)
    limit: int | None = None
    here: bool = False
    workers: int = 1
    recipe: Source = "deployed"

    @staticmethod
    def states_of(options: Sequence[str], status: Status | None = None) -> frozenset[ImageState]:
        """Return the states that the options select together, or else those of the selected status.

        Without either: missing and failed.
        """
        chosen = tuple(options) or (("--missing", "--failed") if status is None else (_OPTION_OF_STATUS[status],))
        return frozenset().union(*(_STATES_OF_OPTION[option] for option in chosen))

    @property
    def force(self) -> bool:
        """Return whether to reprocess images that are already done."""
        return self.selectors.ids is not None or bool(self.states & {"current", "refused"})

    @property
    def redrives(self) -> bool:
        """Return whether dead letters are included."""
        return self.selectors.ids is None and "failed" in self.states


class Reprocess:
    """One request on one pipeline. All methods raise ``ZenoError`` and botocore's errors."""

    def __init__(self, pipeline: LivePipeline, settings: Settings, request: ReprocessRequest) -> None:
        self.request = request
        self._pipeline = pipeline
        self._settings = settings
        #: The recipe for work in this process; ``None`` for the functions.
        self.effective = effective_recipe(pipeline, settings, request.recipe) if request.here else None
        #: The recipe, limits and code that apply to the work.
        self.current = self.effective.current(pipeline) if self.effective else current_of(pipeline, settings)

    @property
    def where(self) -> str:
        """Return a description of where the work is done."""
        aws = self._pipeline.aws
        return str(aws.identity) if self._pipeline.deployment.processor_function else aws.where

    def selected(self) -> Iterator[SelectedImage]:
        """Yield the requested images; dead letters are counted separately."""
        request = self.request
        if request.selectors.ids is not None:
            return images_by_id(self._pipeline, request.selectors.ids, self.current)
        selection = ImageSelection(request.states, request.selectors, self.current)
        return islice(select(self._pipeline, selection), request.limit)

    def estimate(self) -> Estimate:
        """Estimate the work for the selected images."""
        memory = None if self.request.here else processor_memory(self._pipeline, self._settings.stack)
        return estimate(self._pipeline, self.selected(), memory)

    def dead_letters(self) -> int:
        """Return the approximate number of dead letters, whatever their keys; 0 if they are not requested."""
        url = self._pipeline.deployment.dead_letter_queue_url
        return counts(self._pipeline, url).total if url and self.request.redrives else 0

    def loses_the_last(self, images: Iterable[SelectedImage]) -> str:
        """Return a warning if images would be removed because there are no originals at all; otherwise an empty string.

        Deleting an original removes its copy and record. If no original is left, the bucket itself was probably lost.
        """
        left_over = any(image.original is None for image in images)
        if not (left_over or self.dead_letters()) or has_originals(self._pipeline):
            return ""
        return (
            f"{self._pipeline.settings.originals_bucket} holds no original, so this removes the copies and records "
            "that are left. If the originals were lost, upload them again first."
        )

    def by_queue(
        self, images: Iterable[SelectedImage], *, on_sent: Callable[[], None], on_poll: OnPoll, wait: bool
    ) -> Iterator[ReprocessResult]:
        """Send all images, then yield results as they become known; without ``wait``, yield ``queued`` immediately."""
        with PendingKeys() as pending:
            for item in self._send(images):
                if isinstance(item, ReprocessResult):
                    yield item
                    continue
                on_sent()
                if wait:
                    pending.put(item)
                else:
                    yield ReprocessResult(item.key, "queued")
            if len(pending):
                pace = pace_for(self._pipeline)
                yield from wait_for_results(self._pipeline, pending, self.current, on_poll=on_poll, pace=pace)

    def here(self, images: Iterable[SelectedImage], *, on_start: Callable[[], None]) -> Iterator[ReprocessResult]:
        """Reconcile the images in this process and yield results as they complete."""
        request = self.request
        assert self.effective is not None, "a request for work in this process"
        tools = self._pipeline.tools(self.effective.recipe, self.effective.limits)
        redriven: set[str] = set()
        if request.redrives:
            for result in redrive_here(self._pipeline, self._redrive_filter(), tools, request.workers):
                _remember(redriven, result.key)
                on_start()
                yield result
        rest = _counted(self._without(redriven, images), on_start)
        yield from reconcile_all(tools, rest, force=request.force, workers=request.workers)

    def _send(self, images: Iterable[SelectedImage]) -> Iterator[PendingKey | ReprocessResult]:
        redriven: set[str] = set()
        if self.request.redrives:
            for item in redrive(self._pipeline, self._redrive_filter()):
                _remember(redriven, item.key)
                yield item
        yield from enqueue(self._pipeline, self._without(redriven, images), force=self.request.force)

    def _redrive_filter(self) -> RedriveFilter:
        return RedriveFilter(self.request.selectors, self.current, self.request.limit)

    def _without(self, redriven: set[str], images: Iterable[SelectedImage]) -> Iterator[SelectedImage]:
        rest = (image for image in images if image.key not in redriven)
        limit = self.request.limit
        return islice(rest, None if limit is None else max(limit - len(redriven), 0))


def _remember(redriven: set[str], key: str) -> None:
    if len(redriven) < _MAX_REMEMBERED:
        redriven.add(key)


def _counted(images: Iterator[SelectedImage], count: Callable[[], None]) -> Iterator[SelectedImage]:
    for image in images:
        count()
        yield image
