"""Files of this machine as an upload reads them: opened without waiting, watched for changes, failures in words."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path


def open_file(path: Path) -> BufferedReader:
    """Open a file for reading.

    Raises ``OSError`` for what cannot be read, and for what is no file: a pipe might be waited for without end.
    """
    file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 - the caller closes it
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "it is no file but a pipe, a socket or a device")
    return file


def _without_waiting(path: str, flags: int) -> int:
    try:
        return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    except BlockingIOError:
        # A file that a client of this file server has a lease on; whoever waits gets it.
        if not stat.S_ISREG(Path(path).stat().st_mode):
            raise
        return os.open(path, flags)


def state_of(found: os.stat_result) -> tuple[int, ...]:
    """What differs when a file was written to, or another one put in its place."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def reason_of(error: OSError, path: Path) -> str:
    """Why a file or folder could not be read, in a sentence."""
    if isinstance(error, FileNotFoundError):
        return f"{path}: No such file (any more)"
    if isinstance(error, PermissionError):
        return f"{path}: it may not be read: permission denied"
    if isinstance(error, IsADirectoryError):
        return f"{path}: it is a folder"
    return f"{path}: it cannot be read: {error.strerror or error}"
