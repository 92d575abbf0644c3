"""The helper process: answer one request after another until the parent is gone.

It has one thread, no access to the parent's environment, and bounds of its own on processor time and memory.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import resource
import signal
import sys

from .libjpeg import Library
from .messages import (
    ANSWER,
    CONTROL_BYTES,
    DONE,
    READ,
    REQUEST,
    SAME_ORDER,
    SPACE,
    TABLES_BYTES,
    UNCHECKED,
    UNUSABLE,
    Answer,
    Request,
    unpack_tables,
)
from .picture import CannotEditError, SourcePicture
from .selftest import has_known_layout

_KEPT_BYTES = 160 << 20  # the coefficients of 24 megapixels at 4:4:4
_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4  # glibc's malloc.h


def main() -> None:
    """Serve. Arguments: the descriptor of the shared file, the path of the library."""
    descriptor, path = int(sys.argv[1]), sys.argv[2]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _keep_memory()
    control = mmap.mmap(descriptor, CONTROL_BYTES)
    try:
        library = Library(path, _address(control))
        usable = has_known_layout(library)
    except (OSError, AttributeError):
        usable = False
    if not usable:
        _answer(Answer(UNUSABLE))
        return
    _answer(Answer(DONE, library.out_of_memory_code()))
    _Server(library, descriptor).serve()


class _Server:
    def __init__(self, library: Library, descriptor: int) -> None:
        self._library, self._descriptor = library, descriptor
        self._data: mmap.mmap | None = None
        self._picture: SourcePicture | None = None
        self._memory = 0

    def serve(self) -> None:
        while received := os.read(0, REQUEST.size):
            request = Request(*REQUEST.unpack(received))
            # Processor time, not the clock's: functions are frozen and throttled. SIGPROF ends the process.
            signal.setitimer(signal.ITIMER_PROF, request.cpu / 1e6)
            try:
                length = self._read(request) if request.kind == READ else self._write(request)
                answer = Answer(DONE, length)
            except CannotEditError as failure:
                self._close()
                answer = Answer(failure.code)
            signal.setitimer(signal.ITIMER_PROF, 0)
            _answer(answer)

    def _read(self, request: Request) -> int:
        self._close()
        data = self._mapped(request.mapped)
        self._picture = SourcePicture(self._library, request.memory, _address(data) + CONTROL_BYTES, request.length)
        if request.check != UNCHECKED:
            self._picture.check_range(request.top, request.bottom, same_order=request.check == SAME_ORDER)
        cropped = self._picture.crop(request.left, request.top, request.right, request.bottom)
        if len(cropped) > request.capacity:
            raise CannotEditError(SPACE)
        data[CONTROL_BYTES : CONTROL_BYTES + len(cropped)] = cropped
        return len(cropped)

    def _write(self, request: Request) -> int:
        data, picture = self._mapped(request.mapped), self._picture
        if picture is None:
            raise RuntimeError("there is no picture to write")
        at = CONTROL_BYTES + request.length
        masks = []
        for length in picture.mask_lengths():
            masks.append(data[at : at + length])
            at += length
        tables = unpack_tables(data[at : at + TABLES_BYTES]) if request.tables else None
        base = _address(data) + CONTROL_BYTES
        picture.replace(base, masks)
        length = picture.write(base, request.capacity, tables)
        self._close()
        return length

    def _mapped(self, size: int) -> mmap.mmap:
        if self._data is None or len(self._data) != size:
            self._data = None
            self._data = mmap.mmap(self._descriptor, size)
        return self._data

    def _close(self) -> None:
        if self._picture:
            self._picture.close()
            self._picture = None


def _keep_memory() -> None:
    """Keep pages from one picture to the next: their first touch costs a tenth of a picture's time."""
    with contextlib.suppress(AttributeError):  # not glibc
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_MAX, 0)
        libc.mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)


def _address(mapping: mmap.mmap) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(mapping))


def _answer(answer: Answer) -> None:
    os.write(1, ANSWER.pack(*answer))
