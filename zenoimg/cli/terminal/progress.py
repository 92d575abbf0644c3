"""Progress of long operations: a live line on a terminal, nothing when piped or quiet."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TypeVar

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from zenoimg.cli.terminal.render import size
from zenoimg.cli.terminal.screen import Line, Screen

T = TypeVar("T")
_REFRESH_SECONDS = 0.1


class PhotoProgress:
    """Counts photos and transferred bytes; results are printed above the live line."""

    def __init__(self, screen: Screen, what: str) -> None:
        self._screen = screen
        self.is_live = screen.err.is_terminal and not screen.quiet
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=16),
            TextColumn("{task.completed:,.0f} of {task.total:,.0f}"),
            TextColumn("{task.fields[sent]}"),
            TimeElapsedColumn(),
            console=screen.err,
            transient=True,
            disable=not self.is_live,
        )
        self._task = self._progress.add_task(what, total=0, sent="")
        self._found = 0
        self._expected = 0
        self._expected_bytes = 0
        self._bytes = 0
        self._started = time.monotonic()
        self._shown_at = 0.0
        self._lock = threading.Lock()
        self._over = threading.Event()

    def __enter__(self) -> PhotoProgress:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._progress.stop()

    def measure(self, sizes: Iterable[int]) -> None:
        """Count the files to come (sizes in bytes) in the background, to show a total and a remaining time."""
        threading.Thread(target=self._measure, args=(sizes,), daemon=True).start()

    def expect(self, count: int, total_bytes: int) -> None:
        """Set the expected number of photos and their approximate size in bytes."""
        self._expected, self._expected_bytes = count, total_bytes
        self._progress.update(self._task, total=max(self._found, count))

    def counting(self, items: Iterable[T]) -> Iterator[T]:
        """Yield the same items, adding each to the total."""
        for item in items:
            self._found += 1
            if self.is_live:
                self._progress.update(self._task, total=max(self._found, self._expected))
            yield item

    def on_bytes(self, count: int) -> None:
        """Add transferred bytes; ``count`` is negative when a part is sent again."""
        if not self.is_live:
            return
        with self._lock:  # called by several threads
            self._bytes += count
            now = time.monotonic()
            if now - self._shown_at < _REFRESH_SECONDS:  # a fast network reports thousands of times per second
                return
            self._shown_at = now
        rate = self._bytes / max(now - self._started, 0.001)
        text = f"{size(max(self._bytes, 0))}, {size(round(max(rate, 0)))}/s"
        if self._expected_bytes > self._bytes and rate > 0:
            text += f", {_duration((self._expected_bytes - self._bytes) / rate)} left"
        self._progress.update(self._task, sent=text)

    def done(self, line: Line | None = None) -> None:
        """Count a finished photo; ``line`` is printed above the live line."""
        if self.is_live:
            self._progress.advance(self._task)
        if line is not None:
            self._screen.line(line)

    def _measure(self, sizes: Iterable[int]) -> None:
        files = total = 0
        for count in sizes:
            if self._over.is_set():
                return
            files += 1
            total += count
        self.expect(files, total)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
