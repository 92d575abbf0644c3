"""``zenoimg config``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import command
from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.screen import printable, safe
from zenoimg.suggest import suggest

if TYPE_CHECKING:
    from zenoimg.config.file import ConfigFile
    from zenoimg.config.load import Effective


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "config")(config)


def config(
    call: Call,
    check: Annotated[
        bool, typer.Option("--check", help="Validate settings, logo and font as deploy would, without AWS.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the values as JSON.")] = False,
) -> None:
    """Show every setting, its value and where it comes from.

    Example: zenoimg config

    Flags override ZENOIMG_* variables, which override zenoimg.toml.
    """
    from zenoimg.cli.framework.session import hint_at_region, settings_of
    from zenoimg.config.load import effective, file_of

    file = file_of(call.options, os.environ, Path.cwd())
    settings = settings_of(call)  # contradictory settings are an error here as in every command
    if settings.region and not settings.local:
        from zenoimg.aws.session import Aws

        hint_at_region(call, Aws(region=settings.region, endpoint_url=settings.endpoint_url))
    if check:
        from zenoimg.operations.configured import validate

        fingerprint = validate(settings)
        if as_json:
            call.screen.json({"result": "valid", "recipe": fingerprint})
        else:
            call.screen.say(f"The settings are valid; the recipe is {fingerprint}.")
        return
    found = effective(call.options, os.environ, file)
    if as_json:
        rules = [{"prefix": each.prefix, **each.tables} for each in settings.rules]
        call.screen.json(
            [{"key": each.key.full_name, "value": each.value, "from": _source(each, file)} for each in found]
            + ([{"key": "rules", "value": rules, "from": file.place("rules")}] if rules else [])
        )
        return
    made = render.table("Key", "Value", "From")
    for each in found:
        style = "dim" if each.source == "default" else "bold"
        shown = str(each.value).lower() if isinstance(each.value, bool) else str(each.value)  # as in the file
        value = "–" if each.value in (None, "") else printable(shown)
        made.add_row(each.key.full_name, Text(value, style), Text(printable(_source(each, file)), style))
    for rule in settings.rules:
        made.add_row(
            f"rule {printable(rule.prefix)}", Text(printable(rule.words)), Text(printable(file.place("rules")))
        )
    call.screen.table(made)
    where = safe(str(file.path)) if file.path else f"no zenoimg.toml here; `{safe(suggest('init'))}` writes one"
    call.screen.say(f"[dim]File: {where}[/]")


def _source(each: Effective, file: ConfigFile) -> str:
    from zenoimg.config.load import FILE

    return file.place_of(each.key) if each.source == FILE else each.source
