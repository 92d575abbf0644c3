"""Helpers that the operating system cannot start."""

from __future__ import annotations

import mmap
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from zenoimg.imaging.errors import TransientError
from zenoimg.imaging.formats.jpeg.coefficients.libjpeg_process import JpegHelper
from zenoimg.imaging.formats.jpeg.coefficients.library import bundled_libjpeg
from zenoimg.imaging.processes.pool import Pool
from zenoimg.imaging.processes.serving.wire import CONTROL_BYTES


def started() -> Pool[JpegHelper]:
    library = bundled_libjpeg()
    assert library is not None, "these tests need Pillow from a wheel"
    return Pool(partial(JpegHelper, library), 1)


@contextmanager
def free_descriptors(count: int) -> Iterator[None]:
    """Limit the number of file descriptors that the process can still open."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    held: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(descriptors()) + 20, limits[1]))
    try:
        with suppress(OSError):
            while True:
                held.append(os.open(os.devnull, os.O_RDONLY))
        for _ in range(count):
            os.close(held.pop())
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for descriptor in held:
            os.close(descriptor)


def descriptors() -> set[int]:
    return {int(path.name) for path in Path("/proc/self/fd").iterdir() if path.exists()}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("free", [0, 1, 2, 5, 7])
def test_a_lack_of_descriptors_is_no_verdict_on_the_picture_and_leaks_none(free: int) -> None:
    pool, before = started(), descriptors()
    with free_descriptors(free), pytest.raises(TransientError, match=r"JPEG helper .* Too many open files"):
        pool.work(lambda _: None, "its coefficients")
    assert descriptors() == before
    assert pool.work(lambda lent: lent.pid, "its coefficients")
    pool.close()


def test_memory_that_cannot_be_mapped_is_no_verdict_on_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = started()

    def mapped(file: int, size: int) -> mmap.mmap:
        if size > CONTROL_BYTES:
            raise OSError(12, "Cannot allocate memory")
        return real(file, size)

    real = mmap.mmap
    monkeypatch.setattr("zenoimg.imaging.processes.child_process.mmap.mmap", mapped)
    with pytest.raises(TransientError, match=r"JPEG helper .* Cannot allocate memory"):
        pool.work(lambda lent: lent.room_for(1 << 20), "its coefficients")
    pool.close()
