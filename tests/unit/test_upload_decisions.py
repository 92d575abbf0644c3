"""What is sent and under which key: the truth table of the decision, and the walk."""

from __future__ import annotations

from pathlib import Path

import pytest

from zenoimg.errors import UsageError
from zenoimg.operations.sources import Source, walk
from zenoimg.operations.upload import decide


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
    assert keys(list(walk([tree], recursive=False))) == ["a.jpg"]
    assert keys(list(walk([tree], recursive=True))) == ["a.jpg", "sub/b.jpg", "sub/deep/c.jpg"]


def test_a_file_keeps_its_base_name_even_a_hidden_one_that_is_named(tree: Path) -> None:
    paths = [tree / "sub" / "deep" / "c.jpg", tree / ".hidden.jpg"]
    assert keys(list(walk(paths, recursive=False, prefix="2025/"))) == ["2025/c.jpg", "2025/.hidden.jpg"]


def test_the_same_file_named_twice_is_no_clash(tree: Path) -> None:
    assert keys(list(walk([tree / "a.jpg", tree / "a.jpg"], recursive=False))) == ["a.jpg", "a.jpg"]


def test_two_files_for_one_key_are_a_usage_error_naming_both(tree: Path) -> None:
    (tree / "sub" / "a.jpg").touch()
    with pytest.raises(UsageError, match=r"a\.jpg.*sub/a\.jpg"):
        list(walk([tree / "a.jpg", tree / "sub" / "a.jpg"], recursive=False))


def test_a_missing_path_is_given_on_for_its_reader_to_name(tmp_path: Path) -> None:
    assert keys(list(walk([tmp_path / "no.jpg"], recursive=False))) == ["no.jpg"]
