"""Pools of threads that an interrupted run leaves at once: what can be put right within a second is, no more.

A thread that hangs in a dead connection may outlive this; after Ctrl-C the process does not wait for it (see
``cli.app``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

SECONDS = 0.7


@contextmanager
def threads(
    workers: int, name: str, *ending: Callable[[], None], seconds: float = SECONDS
) -> Iterator[ThreadPoolExecutor]:
    """A pool whose work is done when the block ends.

    When the block fails, what has not begun is dropped, ``ending`` is called and what is under way waited for;
    all of that for at most so many seconds.
    """
    pool = ThreadPoolExecutor(workers, thread_name_prefix=name)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        _end_within(seconds, *ending, pool.shutdown)
        raise
    pool.shutdown()


def _end_within(seconds: float, *steps: Callable[[], None]) -> None:
    """Take steps one after the other, and return when they are done or so many seconds have passed."""

    def take() -> None:
        for step in steps:
            step()

    last = threading.Thread(target=take, name="last-moments", daemon=True)
    last.start()
    last.join(seconds)
