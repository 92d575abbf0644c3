"""``zenoimg doctor``."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import command
from zenoimg.cli.framework.embedded import embedded_aws
from zenoimg.cli.framework.session import aws_of
from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.screen import Hanging, JsonArray, printable

if TYPE_CHECKING:
    from zenoimg.operations.doctor.checks import Check

_STYLES = {"ok": "green", "note": "cyan", "skipped": "dim", "wrong": "bold red"}
_STATE, _NAME = 9, 16  # columns


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "doctor")(doctor)


def doctor(
    call: Call, as_json: Annotated[bool, typer.Option("--json", help="Print the checks as JSON.")] = False
) -> None:
    """Check this machine, the settings and the deployed pipeline, and suggest remedies.

    Example: zenoimg doctor

    Nothing is changed. Exit code 1 if something is wrong. Checks for which these credentials lack permissions are
    skipped; the operator policy and the two deployer policies together grant all of these.
    """
    from zenoimg.config.load import load
    from zenoimg.operations.doctor.run import examine

    counts: Counter[str] = Counter()
    checks = examine(
        lambda: load(call.options, os.environ, Path.cwd()), lambda settings: aws_of(call, settings), embedded_aws()
    )
    with JsonArray(wanted=as_json) as array:
        for check in checks:
            counts[check.state] += 1
            if as_json:
                array.add({"check": check.name, "state": check.state, "what": check.what, "remedy": check.remedy})
            else:
                _show(call, check)
    wrong = counts["wrong"]
    call.screen.say(f"{render.plural(counts.total(), 'check')}: {f'{wrong} wrong' if wrong else 'no problems found'}.")
    if wrong:
        raise typer.Exit(1)


def _show(call: Call, check: Check) -> None:
    """Print a check on one line, and its remedy on the next."""
    head = Text.assemble((f"{check.state:<{_STATE}}", _STYLES[check.state]), (f"{check.name:<{_NAME}}", "bold"))
    indent = _STATE + _NAME
    what = "; ".join(printable(line.strip()) for line in check.what.splitlines())
    call.screen.out.print(Hanging(Text.assemble(head, what), indent))
    for line in check.remedy.splitlines():
        # A terminal may wrap it, but no line break is printed inside a command that users paste.
        call.screen.out.print(Text(f"{'':{indent}}{printable(line)}", style="dim"), soft_wrap=True)
