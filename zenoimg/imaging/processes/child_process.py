"""The parent's side of a helper process: start it, send requests, detect its death, keep it for the next picture.

A helper holds one picture at a time. Data goes through memory that both processes map; it is as large as the picture
requires, and is released after a large picture.
"""

from __future__ import annotations

import mmap
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn

from zenoimg.imaging.processes.serving.wire import ANSWER, CONTROL_BYTES, DONE, HEAD, Answer

_START = (
    "import sys; sys.path[:0] = [sys.argv.pop(1), sys.argv.pop(1)]; "
    "from serving.loop import serve; from worker.serve import start; serve(start)"
)
_FOLDER = str(Path(__file__).parent)
_KEPT_VARIABLES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")  # needed to find Python itself; AWS Lambda sets the first
_STEP = 1 << 20
_KEPT_BYTES = 32 << 20
_CRASHES = (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE)

Buffer = bytes | memoryview


class HelperLostError(Exception):
    """A helper that ended for a reason that says nothing about the picture."""


class OutOfTimeError(HelperLostError):
    """A helper that used up its CPU time."""


class OutOfMemoryError(HelperLostError):
    """A helper in which the library could not allocate memory."""


class CrashedError(HelperLostError):
    """A helper in which the library crashed."""


class RejectedError(Exception):
    """The library gave up on the picture and ended the helper."""


class UnusableLibraryError(Exception):
    """The library failed its self-test, or cannot be loaded."""


class Helper:
    """One helper process. After any error except ``UnusableLibraryError`` it is dead: ``close`` it.

    ``name`` is its name in errors, ``folder`` contains the package ``worker`` that it runs, and ``arguments`` are those
    of the worker's ``start``. Raises ``UnusableLibraryError`` or ``HelperLostError`` if it fails to start.
    """

    def __init__(self, name: str, folder: str, arguments: Sequence[str]) -> None:
        self._name = name
        with ExitStack() as undone, _system_errors(name):
            self._file = _shared_file(name)
            undone.callback(os.close, self._file)
            os.ftruncate(self._file, CONTROL_BYTES)
            self._data = undone.enter_context(mmap.mmap(self._file, CONTROL_BYTES))
            self._process = subprocess.Popen(  # noqa: S603 -- this Python, our own module
                [sys.executable, "-I", "-S", "-c", _START, _FOLDER, folder, str(self._file), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                pass_fds=[self._file],
                env={name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ},
                process_group=0,  # the parent handles an interrupt at the terminal
            )
            undone.pop_all()
        self.greeting = -1
        try:
            greeting = self._received()
        except RejectedError:
            self.close()
            raise UnusableLibraryError from None
        except BaseException:
            self.close()
            raise
        if greeting.code != DONE:
            self.close()
            raise UnusableLibraryError
        self.greeting = greeting.length

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def mapped(self) -> int:
        """The size of the shared memory in bytes."""
        return len(self._data)

    def room_for(self, length: int) -> None:
        """Map shared memory for at least ``length`` bytes of data."""
        mapped = -(-(CONTROL_BYTES + length) // _STEP) * _STEP
        if mapped > len(self._data):
            self._map(mapped)

    def ask(self, request: bytes, parts: Iterable[Buffer], cpu: int) -> Answer:
        """Write ``parts`` into shared memory one after the other, and return the answer to a request about them.

        ``cpu`` limits the CPU time, in microseconds. Raises ``RejectedError`` or ``HelperLostError``, after which the
        helper is dead.
        """
        at = CONTROL_BYTES
        for part in parts:
            self._data[at : at + len(part)] = part
            at += len(part)
        assert self._process.stdin is not None
        try:
            os.write(self._process.stdin.fileno(), HEAD.pack(len(self._data), cpu) + request)
        except BrokenPipeError:
            self._raise_why_it_ended()
        return self._received()

    def copy(self, length: int) -> bytes:
        """Return a copy of the first bytes of the data."""
        return self._data[CONTROL_BYTES : CONTROL_BYTES + length]

    def data(self, length: int) -> memoryview:
        """Return a view of the first bytes of the data, to be released before the next request."""
        with memoryview(self._data) as whole:
            return whole[CONTROL_BYTES : CONTROL_BYTES + length]

    def trim(self) -> None:
        """Release the memory of a large picture."""
        if len(self._data) > _KEPT_BYTES:
            self._map(CONTROL_BYTES)

    def close(self) -> None:
        """Kill the process and wait for it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._data.close()
        os.close(self._file)

    def _map(self, size: int) -> None:
        self._data.close()
        with _system_errors(self._name):
            if size == CONTROL_BYTES:
                os.ftruncate(self._file, size)
            else:
                os.ftruncate(self._file, max(size, os.fstat(self._file).st_size))
            self._data = mmap.mmap(self._file, size)

    def _received(self) -> Answer:
        assert self._process.stdout is not None
        received = os.read(self._process.stdout.fileno(), ANSWER.size)
        if len(received) < ANSWER.size:
            self._raise_why_it_ended()
        return Answer(*ANSWER.unpack(received))

    def _raise_why_it_ended(self) -> NoReturn:
        status = self._process.wait()
        if status == -signal.SIGPROF:
            raise OutOfTimeError(f"the {self._name} helper used up its processor time")
        self.judge_exit(status, self._data[:CONTROL_BYTES])
        ended = f"the {self._name} helper ended with status {status}"
        raise CrashedError(ended) if -status in _CRASHES else HelperLostError(ended)

    def judge_exit(self, status: int, control: bytes) -> None:
        """Raise ``RejectedError`` or ``OutOfMemoryError`` if the library left a reason for ending the process.

        ``control`` is the control page.
        """


@contextmanager
def _system_errors(name: str) -> Iterator[None]:
    """Raise ``HelperLostError`` for operating system errors, such as too many open files, which no picture causes."""
    try:
        yield
    except OSError as failure:
        raise HelperLostError(f"the {name} helper cannot be started or given memory: {failure}") from failure


def _shared_file(name: str) -> int:
    """Return the descriptor of an anonymous file: in memory, or on disk if the system has no memory files."""
    if sys.platform == "linux":
        return os.memfd_create(f"zenoimg-{name.lower()}")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
