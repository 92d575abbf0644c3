"""Run calls in parallel with bounded memory, for streams of any length."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from zenoimg.pipeline.calls.threads import threads

if TYPE_CHECKING:
    from s3transfer.manager import TransferManager

T = TypeVar("T")
R = TypeVar("R")


def map_ahead(function: Callable[[T], R], items: Iterable[T], workers: int) -> Iterator[R]:
    """Yield ``function(item)`` in the order of ``items``, computed by ``workers`` threads.

    At most twice that many results are held in memory. An exception in a call is raised at its position; calls that
    have not started by then are dropped.
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
    """Yield the results of calls in a pool as they complete, with at most ``ahead`` calls pending.

    An exception in a call is raised. Then, and when the iterator is closed, calls that have not started are dropped.
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
    """Yield lists of ``size`` items; the last one may be shorter."""
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch


def cancel_transfers(manager: TransferManager) -> None:
    """Cancel pending transfers and abort multipart uploads; return when that is done.

    This leaves the manager's context with an exception, because in s3transfer 0.19 ``shutdown(cancel=True)`` passes its
    message in place of the exception class, and fails if a transfer is pending.
    """
    manager.__exit__(KeyboardInterrupt, KeyboardInterrupt("cancelled"), None)
