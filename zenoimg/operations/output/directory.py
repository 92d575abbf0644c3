"""A folder that downloads land in: each file whole or not at all, and never outside.

Every path is opened step by step from the folder itself, and no symbolic link below it is followed: one that
appears in the meantime is refused by the system, not by a check before.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from zenoimg.operations.output.targets import Kind, Target

_FOLDER = os.O_RDONLY | os.O_DIRECTORY
_NO_HARD_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


class Landing:
    """The output folder; made with the first file. All methods raise ``OSError``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        #: The files that are being written, and the open folder of each.
        self._parts: dict[str, int] = {}
        self._lock = threading.Lock()
        self._is_swept = False

    def look(self, folders: tuple[str, ...]) -> dict[str, Kind]:
        """The names in a folder below, with what they are; none when it is not there, or no folder."""
        try:
            with self._opened(folders, make=False) as folder, os.scandir(folder) as entries:
                return {entry.name: _kind(entry) for entry in entries}
        except (FileNotFoundError, NotADirectoryError):
            return {}

    @contextmanager
    def existing(self, target: Target) -> Iterator[BufferedReader | None]:
        """The file at a path, open for reading; ``None`` when nothing is there."""
        try:
            with self._opened(target.folders, make=False) as folder:
                flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK  # a pipe must not hold the run up
                descriptor = os.open(target.name, flags, dir_fd=folder)
        except FileNotFoundError:
            yield None
            return
        with os.fdopen(descriptor, "rb") as file:
            yield file

    @contextmanager
    def writing(self, target: Target, *, replace: bool) -> Iterator[BinaryIO]:
        """A file that appears under its name when the block ends, and leaves nothing when the block fails.

        Raises ``FileExistsError`` when something is there by then and ``replace`` is off.
        """
        with self._opened(target.folders, make=True) as folder:
            part = f".zenoimg-{secrets.token_hex(8)}.part"
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            descriptor = os.open(part, flags, 0o666, dir_fd=folder)
            with self._lock:
                self._parts[part] = folder
            try:
                with os.fdopen(descriptor, "w+b") as file:
                    self._go_on()
                    yield file
                _publish(folder, part, target.name, replace=replace)
            finally:
                with self._lock, suppress(FileNotFoundError):
                    del self._parts[part]
                    os.unlink(part, dir_fd=folder)

    def sweep(self) -> None:
        """Remove what is being written, and let nothing more be: whoever writes may hang, and fails when it goes on."""
        with self._lock:  # while it is held, the folders stay open
            self._is_swept = True
            for part, folder in self._parts.items():
                with suppress(OSError):  # gone already, or on a disk that fails, too
                    os.unlink(part, dir_fd=folder)

    def _go_on(self) -> None:
        if self._is_swept:
            raise OSError(errno.ECANCELED, os.strerror(errno.ECANCELED))

    @contextmanager
    def _opened(self, folders: tuple[str, ...], *, make: bool) -> Iterator[int]:
        if make:
            self._folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._folder, _FOLDER)
        try:
            for name in folders:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(name, dir_fd=descriptor)
                below = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = below
            yield descriptor
        finally:
            os.close(descriptor)


def _kind(entry: os.DirEntry[str]) -> Kind:
    if entry.is_symlink():
        return "link"
    return "folder" if entry.is_dir(follow_symlinks=False) else "file"


def _publish(folder: int, part: str, name: str, *, replace: bool) -> None:
    if not replace:
        try:
            # Unlike a rename, a link never replaces.
            os.link(part, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _NO_HARD_LINKS:
                raise
            if _is_there(folder, name):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name) from None
        else:
            return
    os.replace(part, name, src_dir_fd=folder, dst_dir_fd=folder)


def _is_there(folder: int, name: str) -> bool:
    try:
        return stat.S_IFMT(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode) != 0
    except FileNotFoundError:
        return False
