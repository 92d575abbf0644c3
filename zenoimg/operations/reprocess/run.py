"""One reprocess as a whole: what is wished → dead letters and images → sent and awaited, or worked on here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from zenoimg.config.load import Settings
from zenoimg.operations.configured import limits_of, recipe_of
from zenoimg.operations.inventory.selection import STATES, Selected, Selection, State, named, select
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.reprocess.backfill import Sent, counts, enqueue
from zenoimg.operations.reprocess.estimate import Estimate, estimate, processor_memory
from zenoimg.operations.reprocess.here import ReprocessResult, work_here
from zenoimg.operations.reprocess.pending_keys import SentKeys
from zenoimg.operations.reprocess.redrive import Redrive, redrive, redrive_here
from zenoimg.operations.reprocess.waiting import OnLook, pace_for, watch
from zenoimg.pipeline.records import utc_text

#: Keys of dead letters that are remembered, so as not to be sent again as failed images. Beyond them a key is
#: sent twice, and is found done the second time.
_MOST_REMEMBERED = 10_000

_CHOICES: dict[str, frozenset[State]] = {
    "--missing": frozenset({"missing", "left-over"}),
    "--stale": frozenset({"stale"}),
    "--failed": frozenset({"failed"}),
    "--refused": frozenset({"refused"}),
    "--all": frozenset(STATES),
}


@dataclass(frozen=True)
class Wish:
    """What to take up: named ``ids``, or all images of some ``states``; and where the work is done."""

    ids: tuple[str, ...]
    states: frozenset[State]
    prefix: str = ""
    since: datetime | None = None
    limit: int | None = None
    here: bool = False
    workers: int = 1

    @staticmethod
    def states_of(options: Sequence[str]) -> frozenset[State]:
        """The states that options choose together; without any, what events lost and what failed."""
        chosen = [_CHOICES[option] for option in options or ("--missing", "--failed")]
        return frozenset().union(*chosen)

    @property
    def force(self) -> bool:
        """Whether the work is done even where it is found done."""
        return bool(self.ids) or "current" in self.states

    @property
    def redrives(self) -> bool:
        """Whether dead letters are brought back."""
        return not self.ids and "failed" in self.states


class Redo:
    """One wish on one pipeline. All methods raise ``ZenoError`` and botocore's errors."""

    def __init__(self, pipeline: LivePipeline, settings: Settings, wish: Wish) -> None:
        self.wish = wish
        self._pipeline = pipeline
        self._settings = settings
        deployed = pipeline.deployment.recipe_fingerprint
        own = recipe_of(settings).fingerprint if wish.here or not deployed else ""
        #: Of the recipe that copies are to be of when the work is done.
        self.fingerprint = own or deployed
        self.differs_from_deployed = wish.here and deployed not in ("", own)

    @property
    def where(self) -> str:
        """Where it acts, in words."""
        aws = self._pipeline.aws
        return str(aws.identity) if self._pipeline.deployment.processor_function else aws.where

    def selected(self) -> Iterator[Selected]:
        """The images that are wished for, streamed; dead letters are counted by themselves."""
        wish = self.wish
        if wish.ids:
            return named(self._pipeline, wish.ids, self.fingerprint)
        since = utc_text(wish.since) if wish.since else ""
        selection = Selection(wish.states, wish.prefix, since, self.fingerprint)
        return islice(select(self._pipeline, selection), wish.limit)

    def estimate(self) -> Estimate:
        """What the selection comes to."""
        memory = None if self.wish.here else processor_memory(self._pipeline, self._settings.stack)
        return estimate(self._pipeline, self.selected(), memory)

    def dead_letters(self) -> int:
        """How many dead letters there are about, whatever their keys; 0 where they are not wished for."""
        url = self._pipeline.deployment.dead_letter_queue_url
        return counts(self._pipeline, url).total if url and self.wish.redrives else 0

    def by_queue(
        self, chosen: Iterable[Selected], *, on_sent: Callable[[], None], on_look: OnLook, wait: bool
    ) -> Iterator[ReprocessResult]:
        """Send everything, then yield results as they become known, or ``queued`` at once where nobody waits."""
        with SentKeys() as sent:
            for item in self._send(chosen):
                if isinstance(item, ReprocessResult):
                    yield item
                    continue
                on_sent()
                if wait:
                    sent.put(item)
                else:
                    yield ReprocessResult(item.key, "queued")
            if len(sent):
                pace = pace_for(self._pipeline)
                yield from watch(self._pipeline, sent, self.fingerprint, on_look=on_look, pace=pace)

    def here(self, chosen: Iterable[Selected], *, on_start: Callable[[], None]) -> Iterator[ReprocessResult]:
        """Do the work in this process."""
        wish = self.wish
        tools = self._pipeline.tools(recipe_of(self._settings), limits_of(self._settings))
        seen: set[str] = set()
        if wish.redrives:
            for result in redrive_here(self._pipeline, self._redrive(), tools, wish.workers):
                _remember(seen, result.key)
                on_start()
                yield result
        rest = _counted(self._unless_seen(chosen, seen), on_start)
        yield from work_here(tools, rest, force=wish.force, workers=wish.workers)

    def _send(self, chosen: Iterable[Selected]) -> Iterator[Sent | ReprocessResult]:
        seen: set[str] = set()
        if self.wish.redrives:
            for item in redrive(self._pipeline, self._redrive()):
                _remember(seen, item.key)
                yield item
        yield from enqueue(self._pipeline, self._unless_seen(chosen, seen), force=self.wish.force)

    def _redrive(self) -> Redrive:
        wish = self.wish
        since = utc_text(wish.since) if wish.since else ""
        return Redrive(wish.prefix, since, self.fingerprint, wish.limit)

    def _unless_seen(self, chosen: Iterable[Selected], seen: set[str]) -> Iterator[Selected]:
        left = (item for item in chosen if item.key not in seen)
        limit = self.wish.limit
        return islice(left, None if limit is None else max(limit - len(seen), 0))


def _remember(seen: set[str], key: str) -> None:
    if len(seen) < _MOST_REMEMBERED:
        seen.add(key)


def _counted(items: Iterator[Selected], count: Callable[[], None]) -> Iterator[Selected]:
    for item in items:
        count()
        yield item
