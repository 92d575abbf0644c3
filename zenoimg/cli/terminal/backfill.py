"""The live line while waiting for the backfill lane: done, waiting, rate and estimated end."""

from __future__ import annotations

import time
from collections import Counter, deque
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING

from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.screen import Line, Screen

if TYPE_CHECKING:
    from zenoimg.operations.queues import QueueCounts
    from zenoimg.operations.reprocess.here import ReprocessResult

_RATE_SECONDS = 60.0  # the rate covers the last minute


def result_line(result: ReprocessResult) -> Line:
    """Return the line for one reprocessed image."""
    return render.outcome(result.result, result.key, reason=result.reason)


class BackfillView:
    """A live line at the bottom of the terminal; none if stderr is not a terminal, or with ``--quiet``."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self.is_live = screen.err.is_terminal and not screen.quiet
        self.counts: Counter[str] = Counter()
        self.expected = 0
        self._queue: QueueCounts | None = None
        self._history: deque[tuple[float, int]] = deque([(time.monotonic(), 0)])
        self._spinner = Spinner("dots", self._text())
        self._live = Live(self._spinner, console=screen.err, transient=True, refresh_per_second=8)

    def __enter__(self) -> BackfillView:
        if self.is_live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.is_live:
            self._live.stop()

    def sent(self) -> None:
        """Count an image that was sent or started."""
        self.expected += 1
        self._update()

    def poll(self, queue: QueueCounts) -> None:
        """Show the current state of the queue."""
        self._queue = queue
        now = time.monotonic()
        self._history.append((now, self.counts.total()))
        while len(self._history) > 2 and now - self._history[0][0] > _RATE_SECONDS:
            self._history.popleft()
        self._update()

    def watched(self, queue: QueueCounts) -> None:
        """Show the current state of a queue whose images are unknown: messages that left it count as done."""
        self.expected = max(self.expected, queue.total)
        self.counts["processed"] = self.expected - queue.total
        self.poll(queue)

    def done(self, result: str, line: Line | None) -> None:
        """Count a result; ``line`` describes it and stays on the screen."""
        self.counts[result] += 1
        if line is not None:
            self._screen.line(line)
        self._update()

    def _update(self) -> None:
        self._spinner.update(text=self._text())

    def _text(self) -> Text:
        done = self.counts.total()
        parts = [f"{done:,} of {self.expected:,} done"]
        if self._queue is not None:
            parts.append(f"{self._queue.waiting:,} waiting, {self._queue.in_flight:,} in flight")
        parts += [f"{self.counts[word]:,} {word}" for word in ("refused", "failed") if self.counts[word]]
        rate = self._rate()
        if rate:
            left = timedelta(seconds=round((self.expected - done) / rate))
            parts.append(f"{rate:.1f}/s, {left} left ({(datetime.now() + left).strftime('%H:%M')})")
        return Text(" · ".join(parts))

    def _rate(self) -> float:
        (began, before), (now, after) = self._history[0], self._history[-1]
        return (after - before) / (now - began) if now > began else 0.0
