"""Find the files of an upload and their keys by walking folders in constant memory."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import chain, islice
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from zenoimg.errors import UsageError
from zenoimg.operations.output.choice import PREVIEW

_BLOCK = 64 * 1024
#: Number of folder entries in memory at a time; entries are sorted within each such block.
_ENTRIES = 10_000
#: Files found next to photos that are not photos, including video thumbnails (.thm) and previews (.lrv).
SKIPPED_SUFFIXES = frozenset(
    {".aae", ".csv", ".db", ".dop", ".html", ".ini", ".json", ".log", ".lrv", ".md", ".pp3", ".thm", ".txt", ".url"}
    | {".xml", ".xmp"}
)
SUBFOLDER = "subfolder"
"""The kind of what is skipped without ``recursive``."""


@dataclass(frozen=True)
class Source:
    """A file and its object key; ``is_free``: a listing has just shown no object with this key.

    ``problem`` says why a file or folder cannot be read at all; ``skipped`` why a strict run refuses it by its name.
    """

    path: Path
    key: str
    is_free: bool = False
    problem: OSError | None = None
    skipped: str = ""


@dataclass(frozen=True)
class Selection:
    """How paths become sources.

    ``include`` and ``exclude`` are glob patterns for the relative path or the base name; without ``include``
    everything matches. ``recursive`` includes subfolders. ``prefix`` is prepended to every key. With ``strict``, files
    that would be skipped by their names are yielded for the run to refuse.
    """

    recursive: bool = False
    prefix: str = ""
    include: Sequence[str] = field(default_factory=tuple)
    exclude: Sequence[str] = field(default_factory=tuple)
    strict: bool = False

    def takes(self, relative: str) -> bool:
        """Return whether the patterns accept a relative path."""
        return (not self.include or _matches(relative, self.include)) and not self.leaves_out(relative)

    def kind_to_skip(self, relative: str) -> str:
        """Return the kind of file as which it is skipped, or an empty string. ``include`` overrides all but hidden."""
        path = PurePosixPath(relative)
        if path.name.startswith("."):
            return "hidden"
        if self.include:
            return ""
        if path.stem.endswith(PREVIEW):
            return "preview"
        suffix = path.suffix.lower()
        return suffix if suffix in SKIPPED_SUFFIXES else ""

    def leaves_out(self, relative: str) -> bool:
        """Return whether an ``exclude`` pattern matches a relative path."""
        return _matches(relative, self.exclude)


def _matches(relative: str, patterns: Sequence[str]) -> bool:
    name = PurePosixPath(relative).name
    return any(fnmatchcase(relative, pattern) or fnmatchcase(name, pattern) for pattern in patterns)


def walk(
    paths: Iterable[Path], selection: Selection, *, on_skip: Callable[[str], None] = lambda kind: None
) -> Iterator[Source]:
    """Yield the files of paths: a file's key is its base name; keys of files in a folder are their relative paths.

    In folders, what has a ``Selection.kind_to_skip`` is skipped, and ``on_skip`` is called with that kind, and with
    ``SUBFOLDER`` for each folder that ``recursive`` would include. A path that does not exist is yielded unchanged:
    reading it fails. A folder that cannot be read, or is a link, has a ``problem``. Raises ``UsageError`` naming two
    sources with the same key. A single folder is walked in constant memory; for several paths their keys are kept in
    memory.
    """
    seen: dict[str, Path] = {}
    roots = iter(paths)
    first = next(roots, None)
    if first is None:
        return
    second = next(roots, None)
    if second is None:
        yield from _expand(first, selection, on_skip)
        return
    for root in chain((first, second), roots):
        for source in _expand(root, selection, on_skip):
            # Files that are not sent take no key.
            earlier = source.path if source.problem or source.skipped else seen.setdefault(source.key, source.path)
            if earlier != source.path:
                raise UsageError(
                    f"{earlier} and {source.path} would both become {source.key!r}",
                    next_step="Upload them in two runs with different values of --prefix.",
                )
            yield source


def sizes(paths: Iterable[Path], selection: Selection) -> Iterator[int]:
    """Yield the size in bytes of each file, 0 if it cannot be read; end early where ``walk`` would raise."""
    with suppress(UsageError):
        for source in walk(paths, selection):
            try:
                yield source.path.stat().st_size
            except OSError:
                yield 0


def read_paths(stream: BinaryIO, separator: bytes) -> Iterator[Path]:
    """Yield the paths in a stream, separated by newlines or NULs; empty ones are ignored."""
    rest = b""
    while block := stream.read(_BLOCK):
        *whole, rest = (rest + block).split(separator)
        yield from (Path(os.fsdecode(name)) for name in whole if name)
    if rest:
        yield Path(os.fsdecode(rest))


def _expand(path: Path, selection: Selection, on_skip: Callable[[str], None]) -> Iterator[Source]:
    if not path.is_dir():
        if selection.takes(path.name):
            yield Source(path, selection.prefix + path.name)
        return
    pending = [(path, "")]
    while pending:
        folder, inside = pending.pop()
        folders: list[str] = []
        yield from _files(folder, inside, selection, folders, on_skip)
        if selection.recursive:
            pending.extend((folder / name, f"{inside}{name}/") for name in sorted(folders, reverse=True))


def _files(
    folder: Path, inside: str, selection: Selection, folders: list[str], on_skip: Callable[[str], None]
) -> Iterator[Source]:
    """Yield a folder's files and append the names of its subfolders to a list. Relative paths begin with ``inside``."""
    try:
        with os.scandir(folder) as entries:
            while block := sorted(islice(entries, _ENTRIES), key=lambda entry: entry.name):
                for entry in block:
                    relative, is_folder = inside + entry.name, _is_folder(entry)
                    kind = "" if is_folder and not entry.name.startswith(".") else selection.kind_to_skip(relative)
                    if kind:
                        if selection.leaves_out(relative) or (is_folder and not selection.recursive):
                            continue
                        if not selection.strict:
                            on_skip(kind)
                            continue
                        reason = f"skipped by its name ({kind}), which --strict forbids; --exclude leaves it out"
                        yield Source(folder / entry.name, selection.prefix + relative, skipped=reason)
                    elif is_folder and not selection.recursive:
                        if not selection.leaves_out(relative):
                            on_skip(SUBFOLDER)
                    elif is_folder and not entry.is_symlink():
                        folders.append(entry.name)
                    elif selection.takes(relative) and not is_folder:
                        yield Source(folder / entry.name, selection.prefix + relative)
                    elif selection.takes(relative):
                        yield Source(folder / entry.name, selection.prefix + relative, problem=_linked())
    except OSError as error:
        if not selection.leaves_out(inside.removesuffix("/")):
            yield Source(folder, selection.prefix + inside, problem=error)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # for example a circular link; opening it fails
        return False


def _linked() -> OSError:
    """Return the problem of a link to a folder: following every link could loop."""
    return OSError(errno.ELOOP, "it is a link to a folder; pass it as a separate PATH, or leave it out with --exclude")
