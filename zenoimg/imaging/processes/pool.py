"""Helpers that wait for the next picture: one for each thread that marks JPEGs at the same time."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from zenoimg.imaging.formats.jpeg.coefficients.helper import Helper, UnusableLibraryError


class Pool:
    """Idle helpers of one library, at most ``kept`` of them."""

    def __init__(self, library: str, kept: int) -> None:
        self._library, self._kept = library, kept
        self._idle: list[Helper] = []
        self._inherited: list[Helper] = []
        self._lock = threading.Lock()
        self._usable: bool | None = None

    @contextmanager
    def helper(self) -> Iterator[Helper]:
        """Lend a helper, started if none is idle; one whose borrower raises anything is ended.

        Raises ``UnusableLibraryError`` where the library cannot be driven, and ``HelperLostError``.
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

    def close(self) -> None:
        """End all idle helpers."""
        with self._lock:
            idle, self._idle = self._idle, []
        for helper in idle:
            helper.close()

    def forget(self) -> None:
        """Leave the helpers to the process that this one was forked from."""
        self._lock = threading.Lock()
        self._inherited, self._idle = self._idle, []

    def _taken(self) -> Helper:
        with self._lock:
            if self._usable is False:
                raise UnusableLibraryError
            if self._idle:
                return self._idle.pop()
        try:
            helper = Helper(self._library)
        except UnusableLibraryError:
            self._usable = False
            raise
        self._usable = True
        return helper


_POOLS: dict[str, Pool] = {}
_POOLS_LOCK = threading.Lock()


def pool_of(library: str) -> Pool:
    """Return the process's pool of a library; its helpers end with the process."""
    with _POOLS_LOCK:
        if library not in _POOLS:
            pool = _POOLS[library] = Pool(library, os.cpu_count() or 1)
            atexit.register(pool.close)
            os.register_at_fork(after_in_child=pool.forget)
        return _POOLS[library]
