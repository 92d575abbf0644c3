"""Which files an upload is about, and under which keys: walked, never listed first."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from zenoimg.errors import UsageError


@dataclass(frozen=True)
class Source:
    """A file and the object key that it goes to. ``named`` is whether it stood on the command line itself."""

    path: Path
    key: str
    named: bool


def walk(paths: Iterable[Path], *, recursive: bool, prefix: str = "") -> Iterator[Source]:
    """The files behind paths: a file under its base name, a folder's files under their relative paths.

    Hidden files and folders inside a folder are left out. A path that does not exist is yielded as it is:
    reading it says so. Raises ``UsageError`` when two sources go to one key.
    """
    seen: dict[str, Path] = {}
    for path in paths:
        files = _files(path, recursive) if path.is_dir() else iter([(path, path.name, True)])
        for file, key, named in files:
            full = prefix + key
            earlier = seen.setdefault(full, file)
            if earlier != file:
                raise UsageError(
                    f"{earlier} and {file} would both become {full!r}",
                    next_step="Upload them in two runs with different --prefix values.",
                )
            yield Source(file, full, named)


def _files(folder: Path, recursive: bool) -> Iterator[tuple[Path, str, bool]]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".")) if recursive else []
        for name in sorted(names):
            if not name.startswith("."):
                file = Path(root, name)
                yield file, file.relative_to(folder).as_posix(), False
