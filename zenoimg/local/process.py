"""The server: the lock that says whether it lives, turns of those who act on it, its exit status."""

from __future__ import annotations

import atexit
import fcntl
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

# Children of this very process, so that whoever stops one also collects it.
_children: dict[int, subprocess.Popen[bytes]] = {}


def open_locked(path: Path) -> int | None:
    """Open a file and take its lock, or return ``None`` when a living process holds it.

    ``flock`` belongs to the open file, not to the process: a child that inherits the descriptor holds the
    lock on, and the kernel frees it when the last holder is gone, however it went (flock(2)). The file is
    emptied: what a former holder wrote must not pass for the new one's.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(descriptor, 0)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def lock_holder(path: Path) -> int | None:
    """The process id in a pid file, if the process that wrote it is alive; 0 if it has not written it yet."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.pread(descriptor, 32, 0).strip()
        return int(text) if text.isdigit() else 0
    else:
        return None
    finally:
        os.close(descriptor)


@contextmanager
def turn(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold a lock file; when another process holds it, call ``waiting`` once and wait."""
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def adopt(child: subprocess.Popen[bytes]) -> None:
    """Keep a child that outlives the code that started it."""
    _children[child.pid] = child


@atexit.register
def _leave_running() -> None:
    """Tell Popen that a server which outlives this process is meant to, or it warns of a leak."""
    for child in _children.values():
        child.returncode = 0


def collect() -> None:
    """Take the exit status of children that have ended, so that none stays a zombie."""
    for pid, child in list(_children.items()):
        if child.poll() is not None:
            del _children[pid]
