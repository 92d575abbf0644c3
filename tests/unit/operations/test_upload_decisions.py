"""What is sent, and under which key: the truth table of the decision, and the traversal of folders."""

from __future__ import annotations

import errno
import fcntl
import io
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from zenoimg.errors import UsageError
from zenoimg.operations.upload import sources
from zenoimg.operations.upload.local_files import open_file, reason_of
from zenoimg.operations.upload.sources import Selection, Source, read_paths, walk
from zenoimg.operations.upload.transfer import decide


@pytest.mark.parametrize(
    ("same_content", "overwrite", "force", "decision"),
    [
        (None, False, False, "send"),
        (None, True, False, "send"),
        (None, False, True, "send"),
        (None, True, True, "send"),
        (True, False, False, "skip"),
        (True, True, False, "skip"),
        (True, False, True, "send"),
        (True, True, True, "send"),
        (False, False, False, "conflict"),
        (False, True, False, "send"),
        (False, False, True, "send"),
        (False, True, True, "send"),
    ],
)
def test_the_decision(same_content: bool | None, overwrite: bool, force: bool, decision: str) -> None:
    assert decide(same_content, overwrite=overwrite, force=force) == decision


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("a.jpg", ".hidden.jpg", "sub/b.jpg", "sub/deep/c.jpg", ".git/d.jpg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def keys(sources: list[Source]) -> list[str]:
    return [source.key for source in sources]


def test_a_folder_yields_its_own_files_and_with_recursive_those_below(tree: Path) -> None:
    assert keys(list(walk([tree], Selection()))) == ["a.jpg"]
    assert keys(list(walk([tree], Selection(recursive=True)))) == ["a.jpg", "sub/b.jpg", "sub/deep/c.jpg"]


def test_a_file_keeps_its_base_name_even_if_hidden_and_given_explicitly(tree: Path) -> None:
    paths = [tree / "sub" / "deep" / "c.jpg", tree / ".hidden.jpg"]
    assert keys(list(walk(paths, Selection(prefix="2025/")))) == ["2025/c.jpg", "2025/.hidden.jpg"]


def test_the_same_file_given_twice_is_not_a_conflict(tree: Path) -> None:
    assert keys(list(walk([tree / "a.jpg", tree / "a.jpg"], Selection()))) == ["a.jpg", "a.jpg"]


def test_two_files_for_one_key_are_a_usage_error_that_names_both(tree: Path) -> None:
    (tree / "sub" / "a.jpg").touch()
    with pytest.raises(UsageError, match=r"a\.jpg.*sub/a\.jpg"):
        list(walk([tree / "a.jpg", tree / "sub" / "a.jpg"], Selection()))


def test_files_that_are_not_sent_occupy_no_key(tree: Path) -> None:
    for name in ("one", "two"):
        (tree / name).mkdir()
        (tree / name / "sub").symlink_to(tree / "sub")
    found = list(walk([tree / "one", tree / "two"], Selection(recursive=True)))
    assert [(source.key, source.problem is not None) for source in found] == [("sub", True)] * 2


def test_an_unreadable_folder_is_reported_unless_excluded(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def closed(folder: Path) -> Any:
        if folder.name == "deep":
            raise PermissionError(errno.EACCES, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", closed)
    assert keys(list(walk([tree], Selection(recursive=True)))) == ["a.jpg", "sub/b.jpg", "sub/deep/"]
    assert keys(list(walk([tree], Selection(recursive=True, include=("*.jpg",))))) == [
        "a.jpg",
        "sub/b.jpg",
        "sub/deep/",
    ]
    assert keys(list(walk([tree], Selection(recursive=True, exclude=("sub/deep",))))) == ["a.jpg", "sub/b.jpg"]


@pytest.mark.skipif(not hasattr(fcntl, "F_SETLEASE"), reason="leases exist only on Linux")
def test_a_file_under_a_lease_is_awaited(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"content")
    holder = path.open("rb+")
    fcntl.fcntl(holder, fcntl.F_SETLEASE, fcntl.F_WRLCK)

    def give_back(*_: object) -> None:
        fcntl.fcntl(holder, fcntl.F_SETLEASE, fcntl.F_UNLCK)

    before = signal.signal(signal.SIGIO, give_back)
    try:
        with open_file(path) as file:
            assert file.read() == b"content"
    finally:
        signal.signal(signal.SIGIO, before)
        holder.close()


def test_a_missing_path_is_passed_on_to_be_reported(tmp_path: Path) -> None:
    assert keys(list(walk([tmp_path / "no.jpg"], Selection()))) == ["no.jpg"]


def test_a_large_folder_is_read_in_blocks_without_leaving_out_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {f"{number:02}.jpg" for number in range(25)}
    for name in names:
        (tmp_path / name).touch()
    read: list[str] = []
    scandir = os.scandir

    def seen(entry: os.DirEntry[str]) -> os.DirEntry[str]:
        read.append(entry.name)
        return entry

    @contextmanager
    def watched(folder: Path) -> Iterator[Iterator[os.DirEntry[str]]]:
        with scandir(folder) as entries:
            yield map(seen, entries)

    monkeypatch.setattr(os, "scandir", watched)
    monkeypatch.setattr(sources, "_ENTRIES", 10)
    found = walk([tmp_path], Selection())
    first = [next(found).key for _ in range(10)]
    assert len(read) == 10
    assert first == sorted(first)
    assert {*first, *keys(list(found))} == names


def test_files_that_cannot_be_inspected_are_reported_rather_than_skipped(tree: Path) -> None:
    (tree / "linked").symlink_to(tree / "sub")
    (tree / "circle.jpg").symlink_to(tree / "circle.jpg")
    os.mkfifo(tree / "pipe.jpg")
    found = walk([tree], Selection(recursive=True))
    given = [next(found) for _ in range(4)]
    assert keys(given) == ["a.jpg", "circle.jpg", "linked", "pipe.jpg"]
    assert [source.key for source in given if source.problem] == ["linked"]
    assert "--exclude" in reason_of(given[2].problem or OSError())
    for number, reason in ((1, "cannot be read"), (3, "pipe")):
        with pytest.raises(OSError) as caught:  # noqa: PT011 - which one it is depends on the system
            open_file(given[number].path)
        assert reason in reason_of(caught.value)

    shutil.rmtree(tree / "sub")
    (lost,) = found
    assert lost.key == "sub/"
    assert isinstance(lost.problem, FileNotFoundError)
    assert keys(list(walk([tree], Selection(recursive=True, exclude=("linked",))))) == [
        "a.jpg",
        "circle.jpg",
        "pipe.jpg",
    ]


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        ((), (), ["a.jpg", "sub/b.jpg", "sub/deep/c.jpg"]),
        (("b.*",), (), ["sub/b.jpg"]),
        (("sub/*",), (), ["sub/b.jpg", "sub/deep/c.jpg"]),
        ((), ("sub/deep/*",), ["a.jpg", "sub/b.jpg"]),
        (("*.jpg",), ("a.jpg", "c.jpg"), ["sub/b.jpg"]),
        (("*.png",), (), []),
    ],
)
def test_patterns_match_the_relative_path_or_the_base_name(
    tree: Path, include: tuple[str, ...], exclude: tuple[str, ...], expected: list[str]
) -> None:
    assert keys(list(walk([tree], Selection(True, "", include, exclude)))) == expected


@pytest.mark.parametrize("separator", [b"\n", b"\0"])
def test_paths_are_read_one_by_one_from_a_stream(separator: bytes) -> None:
    names = [b"a b.jpg", "ü.jpg".encode(), b"x" * 200_000, b"not\xffutf8.jpg"]
    stream = io.BytesIO(separator.join([*names[:2], b"", *names[2:]]))
    assert [os.fsencode(path) for path in read_paths(stream, separator)] == names
