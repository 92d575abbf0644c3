"""The helper process: answer one request after another until the parent is gone.

It has one thread, no access to the parent's environment, and limited CPU time.
"""

from __future__ import annotations

import mmap
import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import Protocol

from .wire import ANSWER, CONTROL_BYTES, DONE, HEAD, UNUSABLE, Answer


class Worker(Protocol):
    """Answers requests: ``greeting`` is sent to the parent first, ``request_bytes`` is the length of a request."""

    greeting: int
    request_bytes: int

    def answer(self, request: bytes, data: mmap.mmap, at: int) -> tuple[int, int]:
        """Return a code and the length of the data in bytes, which begin at an offset in the mapped file."""


def serve(start: Callable[[mmap.mmap, list[str]], Worker | None]) -> None:
    """Serve requests. Process arguments: the descriptor of the shared file, and those of ``start``.

    ``start`` gets the control page as well, and returns ``None`` if its library cannot be used.
    """
    descriptor, *arguments = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    control = mmap.mmap(int(descriptor), CONTROL_BYTES)
    worker = start(control, arguments)
    if worker is None:
        _answer(Answer(UNUSABLE))
        return
    _answer(Answer(DONE, worker.greeting))
    data: mmap.mmap | None = None
    while received := os.read(0, HEAD.size + worker.request_bytes):
        mapped, cpu = HEAD.unpack_from(received)
        if data is None or len(data) != mapped:
            data = None
            data = mmap.mmap(int(descriptor), mapped)
        # CPU time, not wall-clock time, since functions are frozen and throttled. SIGPROF ends the process.
        signal.setitimer(signal.ITIMER_PROF, cpu / 1e6)
        answer = Answer(*worker.answer(received[HEAD.size :], data, CONTROL_BYTES))
        signal.setitimer(signal.ITIMER_PROF, 0)
        _answer(answer)


def _answer(answer: Answer) -> None:
    os.write(1, ANSWER.pack(*answer))
