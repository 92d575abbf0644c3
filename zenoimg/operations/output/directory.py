"""A directory that commands write into: each file completely or not at all, and never outside it.

Every path is opened component by component from the directory itself, and no symbolic link inside it is followed:
one that appears in the meantime is refused by the operating system, not by a check beforehand.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from zenoimg.imaging.whole_file import part_name, whole_file
from zenoimg.operations.output.targets import Kind, Target

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY


class OutputDirectory:
    """The output directory, which is created with the first file. All methods raise ``OSError``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        #: The files being written, and the open directory of each.
        self._parts: dict[str, int] = {}
        self._lock = threading.Lock()
        self._is_swept = False

    def entries(self, folders: tuple[str, ...]) -> dict[str, Kind]:
        """Return the names in a subdirectory and their kinds; empty if it does not exist or is not a directory."""
        try:
            with self._opened(folders, make=False) as directory, os.scandir(directory) as entries:
                return {entry.name: _kind(entry) for entry in entries}
        except (FileNotFoundError, NotADirectoryError):
            return {}

    @contextmanager
    def existing(self, target: Target) -> Iterator[BufferedReader | None]:
        """Yield the file at a path, open for reading, or ``None`` if there is none."""
        try:
            with self._opened(target.folders, make=False) as directory:
                flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK  # a pipe must not block
                descriptor = os.open(target.name, flags, dir_fd=directory)
        except FileNotFoundError:
            yield None
            return
        with os.fdopen(descriptor, "rb") as file:
            yield file

    @contextmanager
    def writing(self, target: Target, *, replace: bool) -> Iterator[BinaryIO]:
        """Yield a file that gets its name when the block ends, and is removed if the block fails.

        Raises ``FileExistsError`` if the path exists by then and ``replace`` is off.
        """
        with self._opened(target.folders, make=True) as directory:
            part = part_name()
            try:
                with whole_file(directory, target.name, part, replace=replace) as file:
                    with self._lock:
                        self._parts[part] = directory
                        self._check_not_swept()
                    yield file
            finally:
                with self._lock:
                    self._parts.pop(part, None)

    def sweep(self) -> None:
        """Remove the files being written, and make further writes fail: a hanging thread may resume later."""
        with self._lock:  # while it is held, the directories stay open
            self._is_swept = True
            for part, directory in self._parts.items():
                with suppress(OSError):  # already removed, or on a failing disk
                    os.unlink(part, dir_fd=directory)

    def _check_not_swept(self) -> None:
        if self._is_swept:
            raise OSError(errno.ECANCELED, os.strerror(errno.ECANCELED))

    @contextmanager
    def _opened(self, folders: tuple[str, ...], *, make: bool) -> Iterator[int]:
        if make:
            self._path.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, _DIRECTORY)
        try:
            for name in folders:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(name, dir_fd=descriptor)
                below = os.open(name, _DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = below
            yield descriptor
        finally:
            os.close(descriptor)


def _kind(entry: os.DirEntry[str]) -> Kind:
    if entry.is_symlink():
        return "link"
    return "folder" if entry.is_dir(follow_symlinks=False) else "file"
