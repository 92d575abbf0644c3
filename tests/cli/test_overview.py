"""``zenoimg --help`` is drawn without loading any command, and agrees with the commands themselves."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer

from tests.cli.conftest import Terminal
from zenoimg.cli.app import COMMANDS, app

GROUP = typer.main.get_group(app)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_overview_shows_the_summary_of_each_commands_help(name: str) -> None:
    command = GROUP.commands[name]
    assert command.name == name
    paragraphs = [each for each in (command.help or "").split("\n\n") if not each.startswith("Example: ")]
    assert paragraphs[0] == COMMANDS[name].summary


def test_the_overview_has_every_command_and_option_within_the_width(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    lines = terminal.run("--help").stdout.splitlines()
    shown = "\n".join(lines)
    assert max(map(len, lines)) == 70
    assert {len(line) for line in lines if line[:1] in set("╭│╰")} == {70}
    for words in (*COMMANDS, "--profile NAME", "--local, --no-local", "--quiet, -q", "--help, -h", "--version"):
        assert f"│ {words} " in shown
    assert "\x1b" not in shown


def test_without_arguments_the_overview_is_shown_as_a_usage_error(terminal: Terminal) -> None:
    assert "╭─ Commands" in terminal.run(code=2).stdout


def test_for_a_misspelt_command_the_right_one_is_suggested(terminal: Terminal) -> None:
    assert "Did you mean 'upload'?" in terminal.run("uplod", code=2).stderr


def test_the_overview_loads_neither_rich_nor_any_command() -> None:
    program = (
        "import sys; from zenoimg.cli.app import app\n"
        "try: app(['--help'])\n"
        "except SystemExit as end: assert end.code in (0, None)\n"
        "loaded = {'rich', 'zenoimg.config', 'zenoimg.cli.commands.upload'} & set(sys.modules)\n"
        "sys.exit(' '.join(loaded) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
