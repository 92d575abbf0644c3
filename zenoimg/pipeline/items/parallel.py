"""Read several sources of pages at once."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from typing import TypeVar

from zenoimg.pipeline.calls.threads import threads

T = TypeVar("T")


def in_parallel(sources: Sequence[Iterator[list[T]]]) -> Iterator[T]:
    """Yield the items of several iterators of pages, read concurrently in threads.

    A bounded queue keeps memory constant. An exception in an iterator is raised.
    """
    ready: queue.Queue[list[T] | BaseException | None] = queue.Queue(maxsize=len(sources))
    stopped = threading.Event()

    def offer(value: list[T] | BaseException | None) -> None:
        while not stopped.is_set():
            try:
                ready.put(value, timeout=0.1)
            except queue.Full:
                continue
            return

    def drain(source: Iterator[list[T]]) -> None:
        try:
            for page in source:
                offer(page)
                if stopped.is_set():
                    return
            offer(None)
        except BaseException as error:  # noqa: BLE001 - raised again in the reader's thread
            offer(error)

    with threads(len(sources), "scan") as pool:
        try:
            for source in sources:
                pool.submit(drain, source)
            running = len(sources)
            while running:
                page = ready.get()
                if isinstance(page, BaseException):
                    raise page
                if page is None:
                    running -= 1
                    continue
                yield from page
        finally:
            stopped.set()  # ends the threads if the consumer stops early
