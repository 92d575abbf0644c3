"""Answer requests in the helper process: crop a JPEG's coefficients, and replace them with marked blocks."""

from __future__ import annotations

import contextlib
import ctypes
import mmap

from .libjpeg import Library
from .messages import (
    READ,
    REQUEST,
    SAME_ORDER,
    SCAN,
    SPACE,
    TABLES_BYTES,
    UNCHECKED,
    CodingTables,
    Request,
    unpack_tables,
)
from .picture import CannotEditError, SourcePicture
from .selftest import has_known_layout

_DONE = 0
_KEPT_BYTES = 160 << 20  # the coefficients of 24 megapixels at 4:4:4
_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4  # glibc's malloc.h


def start(control: mmap.mmap, arguments: list[str]) -> _Worker | None:
    """Return the object that answers requests, or ``None`` for an unusable library, whose path is the only argument."""
    _keep_memory()
    try:
        library = Library(arguments[0], _address(control))
        return _Worker(library) if has_known_layout(library) else None
    except (OSError, AttributeError):
        return None


class _Worker:
    request_bytes = REQUEST.size

    def __init__(self, library: Library) -> None:
        self.greeting = library.out_of_memory_code()
        self._library = library
        self._picture: SourcePicture | None = None

    def answer(self, request: bytes, data: mmap.mmap, at: int) -> tuple[int, int]:
        asked = Request(*REQUEST.unpack(request))
        try:
            return _DONE, self._read(asked, data, at) if asked.kind == READ else self._write(asked, data, at)
        except CannotEditError as failure:
            self._close()
            return failure.code, 0

    def _read(self, request: Request, data: mmap.mmap, at: int) -> int:
        self._close()
        end = at + request.length
        coding: CodingTables | bytes = data[end : end + SCAN.size * request.scans]
        if request.tables:
            coding = unpack_tables(data[end : end + TABLES_BYTES])
        self._picture = SourcePicture(self._library, request.memory, _address(data) + at, request.length, coding)
        if request.check != UNCHECKED:
            self._picture.check_range(request.top, request.bottom, same_order=request.check == SAME_ORDER)
        cropped = self._picture.crop(request.left, request.top, request.right, request.bottom)
        if len(cropped) > request.capacity:
            raise CannotEditError(SPACE)
        data[at : at + len(cropped)] = cropped
        return len(cropped)

    def _write(self, request: Request, data: mmap.mmap, start: int) -> int:
        picture = self._picture
        if picture is None:
            raise RuntimeError("there is no picture to write")
        at = start + request.length
        masks = []
        for length in picture.mask_lengths():
            masks.append(data[at : at + length])
            at += length
        base = _address(data) + start
        picture.replace(base, masks, request.lowered)
        optimized = 0 < request.growth < picture.growth()
        length = picture.write(base, request.capacity, optimized=optimized)
        self._close()
        return length

    def _close(self) -> None:
        if self._picture:
            self._picture.close()
            self._picture = None


def _keep_memory() -> None:
    """Keep memory pages from one picture to the next: their first touch costs a tenth of a picture's time."""
    with contextlib.suppress(AttributeError):  # not glibc
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_MAX, 0)
        libc.mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)


def _address(mapping: mmap.mmap) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(mapping))
