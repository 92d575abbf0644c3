"""Detect when a file in a watched folder is complete, without losing one or uploading it twice."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drawn.pictures import jpeg, photo
from zenoimg.imaging import Limits
from zenoimg.operations.upload.hot_folder import QUIET_SECONDS, RESCAN_SECONDS, HotFolder
from zenoimg.operations.upload.sources import Selection, Source

PICTURE = jpeg(photo((64, 48)))


class Watched:
    """A folder that is scanned turn by turn, with a clock that the test moves."""

    def __init__(self, root: Path, selection: Selection | None = None) -> None:
        self.root, self.now, self.waiting = root, 1000.0, [""][:0]
        self._changed: set[Path] = set()
        self.folder = HotFolder(
            root, selection or Selection(), Limits(), lambda source: self.waiting.append(source.key), lambda: self.now
        )
        self._sources = self.folder.sources(self._changes())

    def _changes(self) -> Iterator[set[Path]]:
        while True:
            changed, self._changed = self._changed, set()
            yield changed

    def write(self, name: str, data: bytes = PICTURE, *, reported: bool = True) -> Path:
        """Write like a program that is still busy: both times of the file are those of its last write."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        found = path.stat()
        if found.st_ctime_ns > found.st_mtime_ns:  # a test must not depend on how fine this file system's clock is
            os.utime(path, ns=(found.st_atime_ns, found.st_ctime_ns + 10**9))
        self._changed |= {path} if reported else set()
        return path

    def report(self, *names: str) -> None:
        self._changed |= {self.root / name for name in names}

    def turn(self, seconds: float = 0.0) -> list[str]:
        """Return the keys that are complete in the next turn."""
        self.now += seconds
        found: list[Source] = []
        while (source := next(self._sources)) is not None:
            found.append(source)
        return [source.key for source in found]


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_a_file_is_picked_up_two_seconds_after_the_last_write(watched: Watched) -> None:
    watched.turn()
    watched.write("a.jpg")
    assert watched.turn() == []
    assert watched.turn(QUIET_SECONDS - 0.1) == []
    watched.write("a.jpg", PICTURE + b"more")
    assert watched.turn(0.1) == []
    assert watched.turn(QUIET_SECONDS - 0.1) == [], "its waiting time started again"
    assert watched.turn(0.1) == ["a.jpg"]
    assert watched.turn(RESCAN_SECONDS) == []


def test_a_file_renamed_into_the_folder_is_picked_up_immediately(watched: Watched, tmp_path: Path) -> None:
    watched.turn()
    hidden = watched.write(".a.jpg.part")
    os.utime(hidden, ns=(0, hidden.stat().st_mtime_ns - 10**10))
    hidden.rename(tmp_path / "a.jpg")
    watched.report("a.jpg", ".a.jpg.part")
    assert watched.turn() == ["a.jpg"]


def test_a_file_that_cannot_be_decoded_is_awaited_and_reported_once(watched: Watched) -> None:
    watched.turn()
    half = watched.write("a.jpg", PICTURE[: len(PICTURE) // 2])
    watched.turn()
    assert watched.turn(QUIET_SECONDS) == []
    assert watched.waiting == ["a.jpg"]
    assert watched.turn(RESCAN_SECONDS) == []
    assert watched.waiting == ["a.jpg"]
    assert watched.folder.incomplete == [half]
    watched.write("a.jpg")
    watched.turn()
    assert watched.turn(QUIET_SECONDS) == ["a.jpg"]
    assert watched.folder.incomplete == []


def test_an_incomplete_renamed_file_is_not_picked_up(watched: Watched, tmp_path: Path) -> None:
    watched.turn()
    hidden = watched.write(".part", PICTURE[: len(PICTURE) // 2])
    os.utime(hidden, ns=(0, hidden.stat().st_mtime_ns - 10**10))
    hidden.rename(tmp_path / "a.jpg")
    watched.report("a.jpg")
    assert watched.turn() == []
    assert watched.turn(QUIET_SECONDS) == []
    assert watched.waiting == ["a.jpg"]


def test_files_without_an_event_are_found_by_the_next_full_scan(watched: Watched) -> None:
    watched.turn()
    watched.write("a.jpg", reported=False)
    assert watched.turn(RESCAN_SECONDS - 1) == []
    watched.turn(1)
    assert watched.turn(QUIET_SECONDS) == ["a.jpg"]


def test_existing_files_are_picked_up_first(watched: Watched) -> None:
    watched.write("a.jpg", reported=False)
    watched.turn()
    assert watched.turn(QUIET_SECONDS) == ["a.jpg"]


def test_a_replaced_file_is_picked_up_again(watched: Watched) -> None:
    watched.write("a.jpg")
    watched.turn()
    assert watched.turn(QUIET_SECONDS) == ["a.jpg"]
    watched.write("a.jpg", jpeg(photo((64, 48), seed=7)))
    watched.turn()
    assert watched.turn(QUIET_SECONDS) == ["a.jpg"]
    watched.report("a.jpg")
    assert watched.turn(QUIET_SECONDS) == []


def test_a_deleted_file_is_forgotten(watched: Watched) -> None:
    path = watched.write("a.jpg")
    watched.turn()
    path.unlink()
    assert watched.turn(QUIET_SECONDS) == []
    assert watched.folder.incomplete == []


def test_files_that_an_upload_would_refuse_are_picked_up_and_refused_by_it(watched: Watched) -> None:
    watched.write("note.jpg", b"no picture")
    watched.turn()
    assert watched.turn(QUIET_SECONDS) == ["note.jpg"]


@pytest.mark.parametrize("reported", [True, False])
def test_names_are_checked_as_in_any_folder(tmp_path: Path, reported: bool) -> None:
    watched = Watched(tmp_path, Selection(prefix="in/", exclude=["*.png"]))
    if reported:
        watched.turn()
    for name in ("a.jpg", "a.xmp", ".hidden.jpg", "b.png", "sub/c.jpg", ".git/d.jpg"):
        watched.write(name, reported=reported)
    watched.turn()
    assert watched.turn(QUIET_SECONDS) == ["in/a.jpg"]


def test_a_folder_moved_into_the_watched_one_is_scanned(tmp_path: Path) -> None:
    watched = Watched(tmp_path, Selection(recursive=True))
    watched.turn()
    watched.write("sub/deep/a.jpg", reported=False)
    watched.report("sub")
    watched.turn()
    assert watched.turn(QUIET_SECONDS) == ["sub/deep/a.jpg"]
