"""The help of ``zenoimg`` itself, which looks like Typer's help for a command but does not import Rich."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from typer._click import Command, Context

_MOST_COLUMNS = 100
_INDENT = " "

Row = tuple[str, str]
"""A name and its description."""


def text(command: Command, context: Context, summaries: Mapping[str, str]) -> str:
    """Return usage, description, the commands with their summaries, and the options by panel."""
    is_colored = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    width = min(shutil.get_terminal_size().columns, _MOST_COLUMNS)
    usage = f"{_style('Usage:', is_colored, fg='yellow')} {' '.join(_usage(command, context))}"
    parts = [f"\n{_INDENT}{usage}\n"]
    parts += [f"{_paragraph(each, width)}\n" for each in (command.help or "").split("\n\n")]
    panels = {"Commands": list(summaries.items()), **_options(command, context)}
    parts += [_panel(title, rows, width, is_colored) for title, rows in panels.items()]
    return "\n".join(parts)


def _usage(command: Command, context: Context) -> list[str]:
    return [context.command_path, *command.collect_usage_pieces(context)]


def _paragraph(paragraph: str, width: int) -> str:
    if paragraph.startswith(" "):  # an example that users copy verbatim
        return f"{_INDENT}{paragraph.strip()}"
    return textwrap.fill(paragraph, width - 2, initial_indent=_INDENT, subsequent_indent=_INDENT)


def _options(command: Command, context: Context) -> dict[str, list[Row]]:
    """Return the rows of each panel, in the order of the options."""
    panels: dict[str, list[Row]] = {}
    for option in command.get_params(context):
        if isinstance(option, typer.core.TyperOption) and not option.hidden:
            # Long names first; a flag is followed by its opposite.
            names = sorted(option.opts, key=len, reverse=True) + list(option.secondary_opts)
            value = "" if option.is_flag else f" {option.metavar or 'VALUE'}"
            panel = option.rich_help_panel or "Options"
            panels.setdefault(str(panel), []).append((", ".join(names) + value, option.help or ""))
    return panels


def _panel(title: str, rows: Sequence[Row], width: int, is_colored: bool) -> str:
    inner, left = width - 4, max(len(name) for name, _ in rows)
    lines = [_style(f"╭─ {title} {'─' * (inner - len(title) - 1)}╮", is_colored, dim=True)]
    edge = _style("│", is_colored, dim=True)
    for name, description in rows:
        for number, line in enumerate(textwrap.wrap(description, max(inner - left - 2, 20)) or [""]):
            shown = (name if number == 0 else "").ljust(left)
            padded = line.ljust(inner - left - 2)
            lines.append(f"{edge} {_style(shown, is_colored, fg='cyan', bold=True)}  {padded} {edge}")
    lines.append(_style(f"╰{'─' * (width - 2)}╯", is_colored, dim=True))
    return "\n".join(lines)


def _style(value: str, is_colored: bool, **style: str | bool) -> str:
    return typer.style(value, **style) if is_colored else value  # type: ignore[arg-type]
