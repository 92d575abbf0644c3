"""Calls in parallel with a few of them in memory: for streams that have no end in sight."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from itertools import islice
from typing import TypeVar

from zenoimg.pipeline.threads import threads

T = TypeVar("T")
R = TypeVar("R")


def map_ahead(function: Callable[[T], R], items: Iterable[T], workers: int) -> Iterator[R]:
    """``map(function, items)`` with ``workers`` threads; holds at most twice as many results.

    An exception of a call is raised at its place; calls that have not begun are then dropped.
    """
    source = iter(items)
    running: deque[Future[R]] = deque()
    with threads(workers, "ahead") as pool:
        try:
            running.extend(pool.submit(function, item) for item in islice(source, 2 * workers))
            while running:
                result = running.popleft().result()
                running.extend(pool.submit(function, item) for item in islice(source, 1))
                yield result
        finally:
            for future in running:
                future.cancel()


def as_they_end(function: Callable[[T], R], items: Iterable[T], pool: Executor, ahead: int) -> Generator[R, None, None]:
    """The results of calls in a pool, the first to end first; at most ``ahead`` of them are in hand at a time.

    An exception of a call is raised. Then, and when the iterator is closed, calls that have not begun are dropped.
    """
    source = iter(items)
    running: set[Future[R]] = set()
    try:
        while True:
            running |= {pool.submit(function, item) for item in islice(source, ahead - len(running))}
            if not running:
                return
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                yield future.result()
    finally:
        for future in running:
            future.cancel()


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of ``size`` items, the last one perhaps shorter."""
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch
