"""Each command has a page generated from its help, which starts with an example to copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs import make_commands
from zenoimg.cli.app import COMMANDS


def test_the_pages_match_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert make_commands.main(["--check"]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_each_page_starts_with_a_sentence_and_an_example(name: str) -> None:
    title, blank, summary, _, fence, example, *_ = make_commands.pages()[f"{name}.md"].split("\n")
    assert title == f"# zenoimg {name}"
    assert (blank, fence) == ("", "```")
    assert summary.endswith(".")
    assert "zenoimg" in example


def test_missing_changed_and_leftover_pages_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(make_commands, "FOLDER", tmp_path)
    monkeypatch.setattr(make_commands, "pages", lambda: {"a.md": "a\n", "b.md": "b\n"})
    assert make_commands.main([]) == 0
    assert make_commands.main(["--check"]) == 0
    monkeypatch.setattr(make_commands, "pages", lambda: {"b.md": "other\n", "c.md": "c\n"})
    assert make_commands.main(["--check"]) == 1
    told = capsys.readouterr().err
    assert all(f"docs/commands/{name}.md" in told for name in "abc")
    assert make_commands.main([]) == 0
    assert make_commands.main(["--check"]) == 0
