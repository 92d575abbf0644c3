"""Processes and the locks that say which of them are ours."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_DEATH_SECONDS = 5.0

# Children of this very process, so that whoever stops one also collects it.
_children: dict[int, subprocess.Popen[bytes]] = {}


def open_locked(path: Path) -> int | None:
    """Open a file and take its lock, or return ``None`` when a living process holds it.

    ``flock`` belongs to the open file, not to the process: a child that inherits the descriptor holds the lock
    on, and the kernel frees it when the last holder is gone, however it went (flock(2)).
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
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


def collect() -> None:
    """Take the exit status of children that have ended, so that none stays a zombie."""
    for pid, child in list(_children.items()):
        if child.poll() is not None:
            del _children[pid]


def workers_in(folder: Path) -> list[int]:
    """Process ids of the function workers whose program lies in this folder.

    ministack runs each as ``python FOLDER/ministack-lambda-NAME-RANDOM/_worker.py``, with no other argument.
    """
    prefix = f"{folder}{os.sep}"
    if sys.platform == "linux":
        return [pid for pid, words in _command_lines() if len(words) == 2 and words[1].startswith(prefix)]
    program = re.compile(r"(?:python|node)[^ ]* " + re.escape(prefix) + r"\S+$", re.IGNORECASE)
    listing = subprocess.run(["/bin/ps", "-axww", "-o", "pid=,command="], capture_output=True, check=True)
    return [int(line.split()[0]) for line in os.fsdecode(listing.stdout).splitlines() if program.search(line)]


def end_workers(folder: Path, *, patience: float) -> None:
    """Let the workers of a dead server end by themselves for ``patience`` seconds, then kill what is left."""
    deadline = time.monotonic() + patience
    while (workers := workers_in(folder)) and time.monotonic() < deadline + _DEATH_SECONDS:
        if time.monotonic() >= deadline:
            for pid in workers:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def _command_lines() -> Iterator[tuple[int, list[str]]]:
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with suppress(OSError):  # ended while we were looking
            text = os.fsdecode((folder / "cmdline").read_bytes())
            yield int(folder.name), text.removesuffix("\0").split("\0")
