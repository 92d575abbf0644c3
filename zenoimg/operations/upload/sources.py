"""Which files an upload is about, and under which keys: walked, never listed first."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import chain, islice
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from zenoimg.errors import UsageError

_BLOCK = 64 * 1024
#: So many entries of a folder are in memory at a time, and in order: small ones are wholly so.
_ENTRIES = 10_000


@dataclass(frozen=True)
class Source:
    """A file and the object key that it goes to; ``is_free``: nothing lay under the key a moment ago.

    ``problem`` stands in for a file or folder that cannot be looked at at all.
    """

    path: Path
    key: str
    is_free: bool = False
    problem: OSError | None = None


@dataclass(frozen=True)
class Selection:
    """How paths become sources.

    ``include`` and ``exclude`` are glob patterns over the relative path or the base name; without ``include``
    everything counts. ``recursive`` goes into subfolders. ``prefix`` is put before every key.
    """

    recursive: bool = False
    prefix: str = ""
    include: Sequence[str] = field(default_factory=tuple)
    exclude: Sequence[str] = field(default_factory=tuple)

    def takes(self, relative: str) -> bool:
        """Whether the patterns let a relative path through."""
        return (not self.include or _matches(relative, self.include)) and not self.leaves_out(relative)

    def leaves_out(self, relative: str) -> bool:
        """Whether the patterns of ``exclude`` are about a relative path."""
        return _matches(relative, self.exclude)


def _matches(relative: str, patterns: Sequence[str]) -> bool:
    name = PurePosixPath(relative).name
    return any(fnmatchcase(relative, pattern) or fnmatchcase(name, pattern) for pattern in patterns)


def walk(paths: Iterable[Path], selection: Selection) -> Iterator[Source]:
    """The files behind paths: a file under its base name, a folder's files under their relative paths.

    Hidden files and folders inside a folder are left out. A path that does not exist is yielded as it is:
    reading it says so; a folder that cannot be read, or is a link, has its ``problem``. Raises ``UsageError``
    when two sources go to one key, naming both. A single folder is walked in constant memory; for several
    paths their keys are kept, to see that.
    """
    seen: dict[str, Path] = {}
    roots = iter(paths)
    first = next(roots, None)
    if first is None:
        return
    second = next(roots, None)
    if second is None:
        yield from _expand(first, selection)
        return
    for root in chain((first, second), roots):
        for source in _expand(root, selection):
            # What cannot be looked at is not sent, and takes nobody's key.
            earlier = source.path if source.problem else seen.setdefault(source.key, source.path)
            if earlier != source.path:
                raise UsageError(
                    f"{earlier} and {source.path} would both become {source.key!r}",
                    next_step="Upload them in two runs with different --prefix values.",
                )
            yield source


def sizes(paths: Iterable[Path], selection: Selection) -> Iterator[int]:
    """Yield the size (bytes) of each file, 0 where it cannot be read; end early where ``walk`` would raise."""
    with suppress(UsageError):
        for source in walk(paths, selection):
            try:
                yield source.path.stat().st_size
            except OSError:
                yield 0


def read_paths(stream: BinaryIO, separator: bytes) -> Iterator[Path]:
    """The paths in a stream, each ended by a separator (a newline or NUL); empty ones are passed over."""
    rest = b""
    while block := stream.read(_BLOCK):
        *whole, rest = (rest + block).split(separator)
        yield from (Path(os.fsdecode(name)) for name in whole if name)
    if rest:
        yield Path(os.fsdecode(rest))


def _expand(path: Path, selection: Selection) -> Iterator[Source]:
    if not path.is_dir():
        if selection.takes(path.name):
            yield Source(path, selection.prefix + path.name)
        return
    pending = [(path, "")]
    while pending:
        folder, inside = pending.pop()
        folders: list[str] = []
        yield from _files(folder, inside, selection, folders)
        if selection.recursive:
            pending.extend((folder / name, f"{inside}{name}/") for name in sorted(folders, reverse=True))


def _files(folder: Path, inside: str, selection: Selection, folders: list[str]) -> Iterator[Source]:
    """A folder's files; the names of its folders are added to a list. Relative paths begin with ``inside``."""
    try:
        with os.scandir(folder) as entries:
            shown = (entry for entry in entries if not entry.name.startswith("."))
            while block := sorted(islice(shown, _ENTRIES), key=lambda entry: entry.name):
                for entry in block:
                    relative, is_folder = inside + entry.name, _is_folder(entry)
                    if is_folder and not entry.is_symlink():
                        folders.append(entry.name)
                    elif selection.takes(relative) and not is_folder:
                        yield Source(folder / entry.name, selection.prefix + relative)
                    elif selection.takes(relative) and selection.recursive:
                        yield Source(folder / entry.name, selection.prefix + relative, problem=_linked())
    except OSError as error:
        if not selection.leaves_out(inside.removesuffix("/")):
            yield Source(folder, selection.prefix + inside, problem=error)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle, say; who opens it is told
        return False


def _linked() -> OSError:
    """What is said of a link to a folder: whoever followed them all might walk in circles."""
    return OSError(errno.ELOOP, "it is a link to a folder; name it as a PATH of its own, or leave it out by --exclude")
