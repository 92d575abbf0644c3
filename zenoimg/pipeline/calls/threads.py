"""Thread pools that end within a second when a run is interrupted.

A thread that hangs in a dead connection may outlive its pool; after Ctrl-C the process does not wait for it (see
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
    """Yield a pool whose work is done when the block ends.

    If the block raises, pending calls are dropped, ``ending`` is called and running calls are awaited, for at most
    ``seconds`` in total.
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
    """Run steps in order; return when they are done or the time has passed."""

    def take() -> None:
        for step in steps:
            step()

    last = threading.Thread(target=take, name="ending", daemon=True)
    last.start()
    last.join(seconds)
