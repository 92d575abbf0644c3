"""The two streams of a command: data on stdout, talk on stderr. Keys and log texts are hostile data."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from rich.console import Console
from rich.markup import escape as escape_markup
from rich.text import Text

from zenoimg.errors import ZenoError


def printable(text: str) -> str:
    """A text from outside that cannot move the cursor or colour the screen: control characters are shown."""
    return "".join(
        character if character.isprintable() or character == " " else _shown(character) for character in text
    )


def _shown(character: str) -> str:
    return " " if character == "\t" else character.encode("unicode_escape", "surrogatepass").decode("ascii")


class Screen:
    """Where a command writes. ``quiet`` leaves out talk; errors and data always appear."""

    def __init__(self, *, no_color: bool = False, quiet: bool = False) -> None:
        plain = no_color or bool(os.environ.get("NO_COLOR"))
        self.quiet = quiet
        self.out = Console(no_color=plain or None, highlight=False, soft_wrap=not sys.stdout.isatty())
        self.err = Console(stderr=True, no_color=plain or None, highlight=False, soft_wrap=not sys.stderr.isatty())

    @property
    def is_interactive(self) -> bool:
        """Whether somebody can answer a question."""
        return sys.stdin.isatty() and self.err.is_terminal

    def say(self, markup: str) -> None:
        """One line of talk, in Rich markup; values from outside must be escaped by ``safe``."""
        if not self.quiet:
            self.err.print(markup)

    def error(self, error: ZenoError) -> None:
        """An error: what is wrong, then what to do."""
        self.err.print(Text.assemble(("Error: ", "bold red"), printable(error.message)))
        if error.next_step:
            self.err.print(Text(error.next_step))

    def json(self, value: Any) -> None:
        """Data as JSON on stdout, the same whatever the terminal."""
        sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=not _is_utf8()) + "\n")


def safe(text: str) -> str:
    """A text from outside, ready for Rich markup."""
    return escape_markup(printable(text))


def _is_utf8() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
