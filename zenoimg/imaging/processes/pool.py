"""A pool of helpers waiting for the next picture: one for each thread that works on such pictures concurrently."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from zenoimg.imaging.errors import Refused, TransientError
from zenoimg.imaging.processes.child_process import (
    CrashedError,
    Helper,
    HelperLostError,
    OutOfMemoryError,
    OutOfTimeError,
    UnusableLibraryError,
)

H = TypeVar("H", bound=Helper)
T = TypeVar("T")

_TRIES = 2


class Pool(Generic[H]):
    """Idle helpers of one kind, at most ``kept`` of them; ``start`` starts a new one."""

    def __init__(self, start: Callable[[], H], kept: int) -> None:
        self._start, self._kept = start, kept
        self._idle: list[H] = []
        self._inherited: list[H] = []
        self._lock = threading.Lock()
        self._usable: bool | None = None

    @contextmanager
    def helper(self) -> Iterator[H]:
        """Lend a helper, starting one if none is idle; if the borrower raises anything, the helper is ended.

        Raises ``UnusableLibraryError`` if the library cannot be used, and ``HelperLostError``.
        """
        lent = self._taken()
        try:
            yield lent
            lent.trim()
        except BaseException:
            lent.close()
            raise
        with self._lock:
            if len(self._idle) < self._kept:
                self._idle.append(lent)
                return
        lent.close()

    def work(self, work: Callable[[H], T], doing: str, *, crashes_tell: bool = False) -> T:
        """Return what ``work`` returns with a helper, or with a second one if the first one dies.

        ``doing`` names the work in errors. Raises ``Refused("corrupt")`` if both helpers used up their CPU time, or, if
        ``crashes_tell`` (crashes indicate a bad picture), if both crashed; ``MemoryError`` if one of them could not
        allocate memory, ``TransientError`` if they were lost otherwise; and what ``helper`` and ``work`` raise.
        """
        lost: list[HelperLostError] = []
        for _ in range(_TRIES):
            try:
                with self.helper() as helper:
                    return work(helper)
            except HelperLostError as failure:
                lost.append(failure)
        if all(isinstance(failure, OutOfTimeError) for failure in lost):
            raise Refused("corrupt", f"{doing} takes far longer than a picture of its size does")
        if crashes_tell and all(isinstance(failure, CrashedError) for failure in lost):
            raise Refused("corrupt", f"{doing} crashes the decoder")
        if any(isinstance(failure, OutOfMemoryError) for failure in lost):
            raise MemoryError(f"there is no memory for {doing}")
        raise TransientError(str(lost[-1])) from lost[-1]

    def close(self) -> None:
        """End all idle helpers."""
        with self._lock:
            idle, self._idle = self._idle, []
        for helper in idle:
            helper.close()

    def forget(self) -> None:
        """Leave the helpers to the process from which this one was forked."""
        self._lock = threading.Lock()
        self._inherited, self._idle = self._idle, []

    def _taken(self) -> H:
        with self._lock:
            if self._usable is False:
                raise UnusableLibraryError
            if self._idle:
                return self._idle.pop()
        try:
            helper = self._start()
        except UnusableLibraryError:
            self._usable = False
            raise
        self._usable = True
        return helper


def close_pools() -> None:
    """End the idle helpers in all pools of this process; the next picture starts new ones."""
    with _POOLS_LOCK:
        pools = list(_POOLS.values())
    for pool in pools:
        pool.close()


_POOLS: dict[Hashable, Pool[Any]] = {}
_POOLS_LOCK = threading.Lock()


def pool_of(start: Callable[[], H], kind: Hashable) -> Pool[H]:
    """Return the process's pool of helpers of a kind; they end with the process."""
    with _POOLS_LOCK:
        if kind not in _POOLS:
            pool: Pool[Any] = Pool(start, os.cpu_count() or 1)
            _POOLS[kind] = pool
            atexit.register(pool.close)
            os.register_at_fork(after_in_child=pool.forget)
        return _POOLS[kind]
