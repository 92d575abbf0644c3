"""Write a file completely or not at all: under a temporary name first, then published in one step.

A link publishes without replacing anything; a rename replaces. A reader therefore sees the old file, the new one or
none, and an interruption leaves the old state.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_NO_HARD_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})

#: If the system supports it, this also opens a directory that can be written to but not listed.
_ANY_DIRECTORY = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY


def write_file(path: Path, data: bytes, *, replace: bool, mode: int = 0o666) -> None:
    """Write a file; ``mode`` is subject to the umask.

    Raises ``FileExistsError`` if the path exists and ``replace`` is off, ``OSError`` if it cannot be written.
    """
    directory = os.open(path.parent, _ANY_DIRECTORY)
    try:
        with whole_file(directory, path.name, part_name(), replace=replace, mode=mode) as file:
            file.write(data)
    finally:
        os.close(directory)


def part_name() -> str:
    """Return a new temporary name for a file being written."""
    return f".zenoimg-{secrets.token_hex(8)}.part"


@contextmanager
def whole_file(directory: int, name: str, part: str, *, replace: bool, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Yield a file that gets its name, in an open directory, when the block ends, and is removed if it fails.

    Until then it is named ``part``. Raises what ``write_file`` raises.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    descriptor = os.open(part, flags, mode, dir_fd=directory)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
        _publish(directory, part, name, replace=replace)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(part, dir_fd=directory)


def _publish(directory: int, part: str, name: str, *, replace: bool) -> None:
    if not replace:
        try:
            # Unlike a rename, a link never replaces.
            os.link(part, name, src_dir_fd=directory, dst_dir_fd=directory, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _NO_HARD_LINKS:
                raise
            if _exists(directory, name):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name) from None
        else:
            return
    os.replace(part, name, src_dir_fd=directory, dst_dir_fd=directory)


def _exists(directory: int, name: str) -> bool:
    try:
        return stat.S_IFMT(os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode) != 0
    except FileNotFoundError:
        return False
