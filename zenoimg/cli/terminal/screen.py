"""The two streams of a command: data on stdout, talk on stderr. Keys and log texts are hostile data."""

from __future__ import annotations

import json
import os
import re
import select
import sys
import time
import traceback
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markup import escape as escape_markup
from rich.table import Table
from rich.text import Text

from zenoimg.errors import ZenoError

#: From this width on, a table has room for what is good to know.
_WIDE = 120
_LEAST_TELLING = 24  # columns
#: Where nothing is a terminal there is no width: a record stays on its line, for grep and awk.
_UNBOUNDED = 100_000


Line = Sequence[tuple[str, str]]
"""Pieces of a line, each with its style; what comes from outside is ``printable``."""


def printable(text: str) -> str:
    """A text from outside that cannot move the cursor or colour the screen: control characters are shown."""
    return text if text.isprintable() else "".join(c if c.isprintable() else _shown(c) for c in text)


def _shown(character: str) -> str:
    return " " if character == "\t" else character.encode("unicode_escape", "surrogatepass").decode("ascii")


class _Console(Console):
    """Rich's console, but a reader that has left is told to the caller, who knows what that means."""

    def on_broken_pipe(self) -> None:
        raise


class Hanging:
    """A line that begins with something short and tells of it: what is too long goes on under the telling.

    ``indent`` in columns is where the telling begins, by default behind the first word. Where nothing is a
    terminal the text stays as it is.
    """

    def __init__(self, text: Text, indent: int | None = None) -> None:
        found = re.match(r"\S+\s+", text.plain) if indent is None else None
        self._text = text
        self._indent = found.end() if found else indent or 0

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Rich asks for what to draw."""
        width, indent = options.max_width, self._indent
        fits = "\n" not in self._text.plain and self._text.cell_len <= width
        if fits or not console.is_terminal or not indent or width - indent < _LEAST_TELLING:
            yield self._text
            return
        head, told = self._text.divide([indent])
        for number, line in enumerate(told.wrap(console, width - indent)):
            margin = head if number == 0 else Text(" " * indent)
            yield Text.assemble(margin, line[len(line.plain) - len(line.plain.lstrip()) :])


class Screen:
    """Where a command writes. ``quiet`` leaves out talk; errors and data always appear."""

    def __init__(self, *, no_color: bool = False, quiet: bool = False) -> None:
        plain = no_color or bool(os.environ.get("NO_COLOR"))
        self.quiet = quiet
        tty = sys.stdout.isatty()
        self.out = _Console(
            no_color=plain or None, highlight=False, soft_wrap=not tty, width=None if tty else _UNBOUNDED
        )
        self.err = _Console(stderr=True, no_color=plain or None, highlight=False, soft_wrap=not sys.stderr.isatty())

    @property
    def is_interactive(self) -> bool:
        """Whether somebody can answer a question."""
        return sys.stdin.isatty() and self.err.is_terminal

    @property
    def is_wide(self) -> bool:
        """Whether data on stdout has room for more columns."""
        return self.out.width >= _WIDE

    def say(self, markup: str) -> None:
        """One line of talk, in Rich markup; values from outside must be escaped by ``safe``."""
        if not self.quiet:
            self.err.print(markup)

    def line(self, line: Line, *, always: bool = False) -> None:
        """One line of talk that tells of one thing; ``always`` is for what must be known, also where it is quiet."""
        if self.quiet and not always:
            return
        if self.err.is_terminal:
            text = Text.assemble(*line)
            self.err.print(text if self.err.soft_wrap else Hanging(text))
        else:  # without styles and without a width there is nothing to draw, and this may be one of a million
            self.err.file.write(f"{''.join(text for text, _ in line)}\n")

    def error(self, error: ZenoError) -> None:
        """Print what is wrong, then what to do about it; the lines of a message stay lines."""
        first, *more = error.message.split("\n")
        self.err.print(Text.assemble(("Error: ", "bold red"), printable(first)))
        for line in more:
            self.err.print(Text(printable(line)))
        if error.next_step:
            self.err.print(Text(error.next_step))

    def traceback(self, error: BaseException) -> None:
        """Print where an error was raised."""
        for line in "".join(traceback.format_exception(error)).splitlines():
            self.err.print(Text(printable(line)))

    def table(self, table: Table) -> None:
        """Data for reading, on stdout; without a terminal no line ends in padding."""
        if self.out.is_terminal:
            self.out.print(table, soft_wrap=False)
            return
        with self.out.capture() as drawn:
            self.out.print(table, soft_wrap=False)
        sys.stdout.writelines(f"{line.rstrip()}\n" for line in drawn.get().splitlines())

    def json(self, value: Any) -> None:
        """Data as JSON on stdout, the same whatever the terminal."""
        sys.stdout.write(json_text(value, indent=2) + "\n")


class JsonArray:
    """A JSON array on stdout, element by element as they come; nothing at all unless it is wanted.

    It is closed whatever happens on the way, so that what was printed always parses.
    """

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted
        self._empty = True

    def __enter__(self) -> JsonArray:
        return self

    def add(self, value: Any) -> None:
        """One more element."""
        if self._wanted:
            text = json_text(value, indent=2).replace("\n", "\n  ")
            sys.stdout.write(f"{'[' if self._empty else ','}\n  {text}")
            self._empty = False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._wanted:
            sys.stdout.write("[]\n" if self._empty else "\n]\n")


def json_text(value: Any, *, indent: int | None = None) -> str:
    """JSON that stdout can take: as it is where that is UTF-8, else escaped.

    File names may hold bytes that are no UTF-8 (as lone surrogates); nothing but ``\\u`` escapes can show them.
    """
    text = json.dumps(value, indent=indent, ensure_ascii=not is_utf8())
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, indent=indent)
    return text


def safe(text: str) -> str:
    """A text from outside, ready for Rich markup."""
    return escape_markup(printable(text))


def wait(seconds: float) -> None:
    """Sleep, but no longer than somebody reads stdout. Raises ``BrokenPipeError`` when the reader has left."""
    try:
        watched = select.poll()
        watched.register(sys.stdout.fileno(), 0)  # errors and hang-ups are always told
    except (AttributeError, OSError, ValueError):  # no poll on this system, or no real file
        time.sleep(seconds)
        return
    answers = watched.poll(seconds * 1000)
    if any(answer & (select.POLLERR | select.POLLHUP) for _, answer in answers):
        raise BrokenPipeError
    if answers:  # a system that cannot watch this kind of file
        time.sleep(seconds)


def is_utf8() -> bool:
    """Whether stdout takes any character."""
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
