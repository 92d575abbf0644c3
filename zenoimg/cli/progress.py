"""Progress of long work: a live line on a terminal, nothing when piped or quiet. Talk goes to stderr."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TypeVar

from rich.console import RenderableType
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from zenoimg.cli.render import size
from zenoimg.cli.screen import Screen

T = TypeVar("T")


class PhotoProgress:
    """Counts photos, and the bytes of those that are sent; results are printed above the live line."""

    def __init__(self, screen: Screen, what: str) -> None:
        self._screen = screen
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.completed:,.0f} of {task.total:,.0f}"),
            TextColumn("{task.fields[sent]}"),
            TimeElapsedColumn(),
            console=screen.err,
            transient=True,
            disable=screen.quiet or not screen.err.is_terminal,
        )
        self._task = self._progress.add_task(what, total=0, sent="")
        self._found = 0
        self._bytes = 0
        self._started = time.monotonic()

    def __enter__(self) -> PhotoProgress:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def counting(self, items: Iterable[T]) -> Iterator[T]:
        """The same items; each is one more in the total."""
        for item in items:
            self._found += 1
            self._progress.update(self._task, total=self._found)
            yield item

    def on_bytes(self, count: int) -> None:
        """So many bytes more were sent (fewer after a retry: ``count`` is negative then)."""
        self._bytes += count
        rate = self._bytes / max(time.monotonic() - self._started, 0.001)
        self._progress.update(self._task, sent=f"{size(self._bytes)} sent, {size(round(rate))}/s")

    def done(self, line: RenderableType | None = None) -> None:
        """One photo is finished; ``line`` tells of it and stays on the screen."""
        self._progress.advance(self._task)
        if line is not None and not self._screen.quiet:
            self._progress.console.print(line)
