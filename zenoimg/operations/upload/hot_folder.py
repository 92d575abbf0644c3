"""Find the photos in a folder as they become complete, for a continuous upload.

A file is complete if it was renamed into place, or if its size and time have not changed for two seconds; and if it
can be decoded to its end by the code that the pipeline runs. Until then another program may still be writing it.
Events say where to look; an occasional scan of the entire folder finds what events have missed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from os import stat_result
from pathlib import Path

from zenoimg.imaging import Limits, Recipe, Refused, watermark
from zenoimg.imaging.errors import TransientError
from zenoimg.operations.content import check
from zenoimg.operations.upload.local_files import open_file, state_of
from zenoimg.operations.upload.sources import Selection, Source, walk

QUIET_SECONDS = 2.0
RESCAN_SECONDS = 60.0

State = tuple[int, ...]
"""The value of ``state_of``, which differs after a file was written to or replaced."""


@dataclass
class _Candidate:
    """A file that may be incomplete: its state, since when, and whether it failed to decode in that state."""

    source: Source
    state: State
    since: float
    is_incomplete: bool = False


@dataclass
class HotFolder:
    """The files in a folder; ``root`` is searched like ``walk`` does. Not thread-safe.

    ``on_incomplete`` is called once for a file that does not decode although it has not changed for two seconds.
    """

    root: Path
    selection: Selection
    limits: Limits
    on_incomplete: Callable[[Source], None] = lambda source: None
    clock: Callable[[], float] = time.monotonic
    _candidates: dict[Path, _Candidate] = field(default_factory=dict)
    _taken: dict[Path, State] = field(default_factory=dict)
    _scanned: float | None = None

    def sources(self, changes: Iterable[set[Path]]) -> Iterator[Source | None]:
        """Yield each file once it is complete, and ``None`` when there is currently none.

        ``changes`` yields sets of paths that may have changed, often empty; the iterator ends when it does.
        """
        for changed in changes:
            if (
                self._scanned is None
                or self.clock() - self._scanned >= RESCAN_SECONDS
                or any(map(Path.is_dir, changed))
            ):
                self._scanned = self.clock()
                self._look(walk([self.root], self.selection))
            else:
                self._look(filter(None, map(self._source_of, sorted(changed))))
            yield from self._complete()
            yield None

    @property
    def incomplete(self) -> list[Path]:
        """Return the files that are not complete yet."""
        return list(self._candidates)

    def _source_of(self, path: Path) -> Source | None:
        """Return the source of a file as ``walk`` would yield it, or ``None`` if it would not."""
        relative = path.relative_to(self.root)
        is_hidden = any(part.startswith(".") for part in relative.parts)
        if is_hidden or (len(relative.parts) > 1 and not self.selection.recursive):
            return None
        name = relative.as_posix()
        is_left_out = bool(self.selection.kind_to_skip(name)) or not self.selection.takes(name)
        return None if is_left_out else Source(path, self.selection.prefix + name)

    def _look(self, sources: Iterable[Source]) -> None:
        for source in sources:
            state = _state(source.path)
            if state is None or self._taken.get(source.path) == state:
                continue
            known = self._candidates.get(source.path)
            if known is None or known.state != state:
                self._candidates[source.path] = _Candidate(source, state, self.clock())

    def _complete(self) -> Iterator[Source]:
        for path, candidate in list(self._candidates.items()):
            found = _stat(path)
            if found is None:
                del self._candidates[path]  # removed or renamed
                continue
            if state_of(found) != candidate.state:
                self._candidates[path] = _Candidate(candidate.source, state_of(found), self.clock())
            elif not candidate.is_incomplete and self._is_complete(candidate, found):
                if _state(path) != candidate.state:
                    continue  # it changed while being decoded; the next scan sees it
                del self._candidates[path]
                self._taken[path] = candidate.state
                yield candidate.source

    def _is_complete(self, candidate: _Candidate, found: stat_result) -> bool:
        is_quiet = self.clock() - candidate.since >= QUIET_SECONDS
        if not (is_quiet or _was_renamed(found)):
            return False
        if decodes(candidate.source, self.limits):
            return True
        if is_quiet:
            candidate.is_incomplete = True  # until the file changes
            self.on_incomplete(candidate.source)
        return False


def decodes(source: Source, limits: Limits) -> bool:
    """Return whether a file can be decoded to its end.

    A file that an upload refuses by its first bytes counts as complete, and so does one that the pipeline refuses for
    a reason other than truncation: their refusals are results.
    """
    try:
        with open_file(source.path) as file:
            size = found.st_size if (found := _stat(source.path)) else 0
            if size and check(source.key, file, size, limits).refusal:
                return True
            data = file.read()
        watermark(data, Recipe(), limits)
    except OSError:
        return True  # the upload reports why it cannot be read
    except (MemoryError, TransientError):
        return True  # says nothing about the file, and the pipeline has more memory
    except Refused as refused:
        return refused.code not in ("corrupt", "not-an-image")
    return True


def _was_renamed(found: stat_result) -> bool:
    """Return whether the last change was not a write: a write sets both times, a rename only the inode's (ctime)."""
    return found.st_size > 0 and found.st_ctime_ns > found.st_mtime_ns


def _state(path: Path) -> State | None:
    found = _stat(path)
    return None if found is None else state_of(found)


def _stat(path: Path) -> stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None
