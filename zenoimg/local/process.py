"""The server process: the lock that shows whether it is alive, exclusive access for commands, its exit status."""

from __future__ import annotations

import atexit
import fcntl
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

#: Written by a server after its process id when it has ended gracefully (see ``server``).
SAVED = b"saved\n"

# Children of this process, so that stopping one also reaps it.
_children: dict[int, subprocess.Popen[bytes]] = {}


def open_locked(path: Path) -> int | None:
    """Open a file and take its lock, or return ``None`` if a live process holds it.

    ``flock`` belongs to the open file, not to the process: a child that inherits the descriptor keeps holding the
    lock, and the kernel releases it when the last holder is gone, however it ended (flock(2)). The file is truncated,
    so that the previous holder's process id cannot be mistaken for the new one's.
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
    """Return the process id in a pid file if its writer is alive; 0 if it has not been written yet."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read_pid(os.pread(descriptor, 32, 0))
    else:
        return None
    finally:
        os.close(descriptor)


def was_killed(path: Path) -> bool:
    """Return whether the last server of a pid file ended without noting that it had saved its state."""
    if lock_holder(path) is not None:
        return False
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return False
    return _read_pid(content) != 0 and not content.endswith(SAVED)


def _read_pid(content: bytes) -> int:
    first = content.partition(b"\n")[0].strip()
    return int(first) if first.isdigit() else 0


@contextmanager
def exclusive(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold a lock file; if another process holds it, call ``waiting`` once and wait."""
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def adopt(child: subprocess.Popen[bytes]) -> None:
    """Keep track of a child process that outlives the code that started it."""
    _children[child.pid] = child


@atexit.register
def _leave_running() -> None:
    """Keep Popen from warning about servers that deliberately outlive this process."""
    for child in _children.values():
        child.returncode = 0


def reap() -> None:
    """Collect the exit status of ended children, so that none remains a zombie."""
    for pid, child in list(_children.items()):
        if child.poll() is not None:
            del _children[pid]
