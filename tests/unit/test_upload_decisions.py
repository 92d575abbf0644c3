"""What is sent and under which key: the truth table of the decision, and the walk."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from zenoimg.errors import UsageError
from zenoimg.operations.sources import Selection, Source, read_paths, walk
from zenoimg.operations.transfer import decide


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


def test_a_folder_gives_its_own_files_and_with_recursive_those_below(tree: Path) -> None:
    assert keys(list(walk([tree], Selection()))) == ["a.jpg"]
    assert keys(list(walk([tree], Selection(recursive=True)))) == ["a.jpg", "sub/b.jpg", "sub/deep/c.jpg"]


def test_a_file_keeps_its_base_name_even_a_hidden_one_that_is_named(tree: Path) -> None:
    paths = [tree / "sub" / "deep" / "c.jpg", tree / ".hidden.jpg"]
    assert keys(list(walk(paths, Selection(prefix="2025/")))) == ["2025/c.jpg", "2025/.hidden.jpg"]


def test_the_same_file_named_twice_is_no_clash(tree: Path) -> None:
    assert keys(list(walk([tree / "a.jpg", tree / "a.jpg"], Selection()))) == ["a.jpg", "a.jpg"]


def test_two_files_for_one_key_are_a_usage_error_naming_both(tree: Path) -> None:
    (tree / "sub" / "a.jpg").touch()
    with pytest.raises(UsageError, match=r"a\.jpg.*sub/a\.jpg"):
        list(walk([tree / "a.jpg", tree / "sub" / "a.jpg"], Selection()))


def test_a_missing_path_is_given_on_for_its_reader_to_name(tmp_path: Path) -> None:
    assert keys(list(walk([tmp_path / "no.jpg"], Selection()))) == ["no.jpg"]


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
def test_patterns_choose_by_relative_path_or_base_name(
    tree: Path, include: tuple[str, ...], exclude: tuple[str, ...], expected: list[str]
) -> None:
    assert keys(list(walk([tree], Selection(True, "", include, exclude)))) == expected


@pytest.mark.parametrize("separator", [b"\n", b"\0"])
def test_paths_are_read_one_by_one_from_a_stream(separator: bytes) -> None:
    names = [b"a b.jpg", "ü.jpg".encode(), b"x" * 200_000, b"not\xffutf8.jpg"]
    stream = io.BytesIO(separator.join([*names[:2], b"", *names[2:]]))
    assert [os.fsencode(path) for path in read_paths(stream, separator)] == names
