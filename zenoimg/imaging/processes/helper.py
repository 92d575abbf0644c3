"""The helper process as seen from here: started, asked, found dead, kept for the next picture.

A helper holds one picture at a time. Data go through memory that both processes map; it is as large as the picture
needs, and what a large picture needed is given back.
"""

from __future__ import annotations

import mmap
import os
import signal
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from zenoimg.imaging.formats.jpeg.coefficients.worker.messages import (
    ANSWER,
    CONTROL_BYTES,
    DONE,
    ERROR_CODE_AT,
    LIBJPEG_EXIT,
    REQUEST,
    Answer,
    Request,
)

_START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from worker.serve import main; main()"
_FOLDER = str(Path(__file__).parent)
_KEPT_VARIABLES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")  # where Python itself is found; AWS Lambda sets the first
_STEP = 1 << 20
_KEPT_BYTES = 32 << 20

Buffer = bytes | memoryview


class HelperLostError(Exception):
    """A helper that ended for a reason that says nothing about the picture."""


class OutOfTimeError(HelperLostError):
    """A helper that used up its processor time."""


class OutOfMemoryError(HelperLostError):
    """A helper in which libjpeg got no memory."""


class RejectedError(Exception):
    """libjpeg gave the picture up, and ended the helper."""


class UnusableLibraryError(Exception):
    """The library failed its self-test, or cannot be loaded."""


class Helper:
    """One helper process. After any error but ``UnusableLibraryError`` it is dead: ``close`` it.

    Raises ``UnusableLibraryError`` or ``HelperLostError`` when it does not come up.
    """

    def __init__(self, library: str) -> None:
        self._file = _shared_file()
        os.ftruncate(self._file, CONTROL_BYTES)
        self._data = mmap.mmap(self._file, CONTROL_BYTES)
        self._process = subprocess.Popen(  # noqa: S603 -- this Python, our own module
            [sys.executable, "-I", "-S", "-c", _START, _FOLDER, str(self._file), library],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            pass_fds=[self._file],
            env={name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ},
            process_group=0,  # an interrupt at the terminal is the parent's business
        )
        self._out_of_memory_code = -1
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
        self._out_of_memory_code = greeting.length

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def mapped(self) -> int:
        """How many bytes of shared memory there are."""
        return len(self._data)

    def room_for(self, length: int) -> int:
        """Map at least ``length`` bytes of data; return how many bytes are mapped in all, for ``Request.mapped``."""
        mapped = -(-(CONTROL_BYTES + length) // _STEP) * _STEP
        if mapped > len(self._data):
            self._map(mapped)
        return len(self._data)

    def ask(self, request: Request, parts: Iterable[Buffer]) -> Answer:
        """Put ``parts`` one behind the other into shared memory, and return the answer to a request about them.

        Raises ``RejectedError``, ``HelperLostError`` or ``OutOfTimeError``; then the helper is dead.
        """
        at = CONTROL_BYTES
        for part in parts:
            self._data[at : at + len(part)] = part
            at += len(part)
        assert self._process.stdin is not None
        try:
            os.write(self._process.stdin.fileno(), REQUEST.pack(*request))
        except BrokenPipeError:
            self._raise_why_it_ended()
        return self._received()

    def copy(self, length: int) -> bytes:
        """Return a copy of the first bytes of the data."""
        return self._data[CONTROL_BYTES : CONTROL_BYTES + length]

    def data(self, length: int) -> memoryview:
        """Return the first bytes of the data. Release the view before the next request."""
        with memoryview(self._data) as whole:
            return whole[CONTROL_BYTES : CONTROL_BYTES + length]

    def trim(self) -> None:
        """Release the memory of a large picture."""
        if len(self._data) > _KEPT_BYTES:
            self._map(CONTROL_BYTES)

    def close(self) -> None:
        """End the process, at once, and wait for it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._data.close()
        os.close(self._file)

    def _map(self, size: int) -> None:
        self._data.close()
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

    def _raise_why_it_ended(self) -> None:
        status = self._process.wait()
        if status == -signal.SIGPROF:
            raise OutOfTimeError("the JPEG helper used up its processor time")
        (code,) = struct.unpack_from("=i", self._data, ERROR_CODE_AT)
        if status == LIBJPEG_EXIT:
            raise OutOfMemoryError if code == self._out_of_memory_code else RejectedError
        raise HelperLostError(f"the JPEG helper ended with status {status}")


def _shared_file() -> int:
    """Return the descriptor of a file without a name: in memory, or on disk where there are no such files."""
    if sys.platform == "linux":
        return os.memfd_create("zenoimg-jpeg")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
