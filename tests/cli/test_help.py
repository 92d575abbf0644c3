"""Every command's help starts with an example, fits its terminal, and shows no markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from zenoimg.cli.app import app


def commands() -> Iterator[tuple[str, ...]]:
    def walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield path
        for name, below in getattr(command, "commands", {}).items():
            yield from walk(below, (*path, name))

    yield from walk(typer.main.get_group(app), ())


def shown(path: tuple[str, ...], width: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERMINAL_WIDTH", str(width))
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", width)
    monkeypatch.setattr("typer.rich_utils.FORCE_TERMINAL", None)
    return CliRunner().invoke(app, [*path, "--help"], prog_name="zenoimg", terminal_width=width).stdout.splitlines()


@pytest.mark.parametrize("path", list(commands()), ids=lambda path: " ".join(path) or "zenoimg")
def test_help_starts_with_an_example_of_the_command(path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    usage, example, *_ = [line.strip() for line in shown(path, 100, monkeypatch) if line.strip()]
    assert usage.startswith(f"Usage: {' '.join(('zenoimg', *path))}")
    assert example.startswith("Example: ")
    words = example.split()
    assert set(path) <= {word.rstrip(')"') for word in words}
    assert any("zenoimg" in word for word in words)


@pytest.mark.parametrize("width", [80, pytest.param(200, marks=pytest.mark.thorough)])
def test_help_fits_its_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in commands():
        lines = shown(path, width, monkeypatch)
        assert max(map(len, lines)) <= width, path
        assert not [line for line in lines if "[/" in line or "\x1b" in line], path


def test_no_option_shows_a_parser_type(monkeypatch: pytest.MonkeyPatch) -> None:
    for path in commands():
        text = "\n".join(shown(path, 100, monkeypatch))
        assert not re.search(r"<(int|float|str|text|path|bool)|range>|RANGE|Usage:.*[{]", text), path


def test_a_list_of_commands_shows_summaries_without_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\n".join(shown(("local",), 100, monkeypatch))
    assert "Stop the embedded AWS" in text
    assert text.count("Example:") == 1
