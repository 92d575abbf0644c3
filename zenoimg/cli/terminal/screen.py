"""The two streams of a command: data on stdout, messages on stderr. Keys and log texts are untrusted."""

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

#: Width in columns from which a table has room for additional columns.
_WIDE = 120
_MIN_HANGING = 24  # columns
#: Without a terminal there is no width: each record stays on one line, for grep and awk.
_UNBOUNDED = 100_000


Line = Sequence[tuple[str, str]]
"""Pieces of a line, each with its style; untrusted text has passed ``printable``."""


def printable(text: str) -> str:
    """Return untrusted text with control characters escaped, so that it cannot move the cursor or change colours."""
    return text if text.isprintable() else "".join(c if c.isprintable() else _shown(c) for c in text)


def _shown(character: str) -> str:
    return " " if character == "\t" else character.encode("unicode_escape", "surrogatepass").decode("ascii")


class _Console(Console):
    """Rich's console, except that a closed pipe raises ``BrokenPipeError`` in the caller."""

    def on_broken_pipe(self) -> None:
        raise


class Hanging:
    """A line with a hanging indent: a short head, and a text that wraps in its own column.

    ``indent`` (columns) is where the text begins, by default after the first word. Without a terminal the line is
    not wrapped.
    """

    def __init__(self, text: Text, indent: int | None = None) -> None:
        found = re.match(r"\S+\s+", text.plain) if indent is None else None
        self._text = text
        self._indent = found.end() if found else indent or 0

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield what Rich draws."""
        width, indent = options.max_width, self._indent
        fits = "\n" not in self._text.plain and self._text.cell_len <= width
        if fits or not console.is_terminal or not indent or width - indent < _MIN_HANGING:
            yield self._text
            return
        head, body = self._text.divide([indent])
        for number, line in enumerate(body.wrap(console, width - indent)):
            margin = head if number == 0 else Text(" " * indent)
            yield Text.assemble(margin, line[len(line.plain) - len(line.plain.lstrip()) :])


class Screen:
    """Where a command writes. ``quiet`` suppresses messages; errors and data are always printed."""

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
        """Return whether questions can be answered: stdin and stderr are terminals."""
        return sys.stdin.isatty() and self.err.is_terminal

    @property
    def is_wide(self) -> bool:
        """Return whether tables on stdout have room for additional columns."""
        return self.out.width >= _WIDE

    def say(self, markup: str) -> None:
        """Print a message in Rich markup; untrusted values must have passed ``safe``."""
        if not self.quiet:
            self.err.print(markup, soft_wrap=self._is_kept_whole(markup))

    def line(self, line: Line, *, always: bool = False) -> None:
        """Print a message about one thing; ``always`` prints it in quiet mode as well."""
        if self.quiet and not always:
            return
        if self.err.is_terminal:
            text = Text.assemble(*line)
            self.err.print(text if self.err.soft_wrap else Hanging(text))
        else:  # no styles, no width, and this may be one of a million lines
            self.err.file.write(f"{''.join(text for text, _ in line)}\n")

    def _is_kept_whole(self, text: str) -> bool | None:
        """Return ``True`` for a line with a command: a line break inside would be pasted with it."""
        return True if "`" in text or "curl --" in text else None

    def error(self, error: ZenoError) -> None:
        """Print what is wrong, then what to do about it; the lines of a message stay lines."""
        first, *more = error.message.split("\n")
        self.err.print(Text.assemble(("Error: ", "bold red"), printable(first)))
        for line in more:
            self.err.print(Text(printable(line)))
        if error.next_step:
            self.err.print(Text(error.next_step), soft_wrap=self._is_kept_whole(error.next_step))

    def traceback(self, error: BaseException) -> None:
        """Print the traceback of an error."""
        for line in "".join(traceback.format_exception(error)).splitlines():
            self.err.print(Text(printable(line)))

    def table(self, table: Table) -> None:
        """Print a table on stdout; without a terminal, lines have no trailing padding."""
        if self.out.is_terminal:
            self.out.print(table, soft_wrap=False)
            return
        with self.out.capture() as drawn:
            self.out.print(table, soft_wrap=False)
        sys.stdout.writelines(f"{line.rstrip()}\n" for line in drawn.get().splitlines())

    def json(self, value: Any) -> None:
        """Print data as JSON on stdout, identically with and without a terminal."""
        sys.stdout.write(json_text(value, indent=2) + "\n")


class JsonArray:
    """A JSON array on stdout, written element by element; nothing is written unless ``wanted``.

    It is closed even if the block fails, so that the output always parses.
    """

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted
        self._empty = True

    def __enter__(self) -> JsonArray:
        return self

    def add(self, value: Any) -> None:
        """Write one element."""
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
    """Return JSON that stdout can encode: escaped unless stdout is UTF-8.

    File names may contain bytes that are not UTF-8 (as lone surrogates), which only ``\\u`` escapes can express.
    """
    text = json.dumps(value, indent=indent, ensure_ascii=not is_utf8())
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, indent=indent)
    return text


def safe(text: str) -> str:
    """Return untrusted text escaped for Rich markup."""
    return escape_markup(printable(text))


def wait(seconds: float) -> None:
    """Sleep; raise ``BrokenPipeError`` as soon as the reader of stdout closes the pipe."""
    try:
        watched = select.poll()
        watched.register(sys.stdout.fileno(), 0)  # errors and hang-ups are always reported
    except (AttributeError, OSError, ValueError):  # no poll on this system, or no real file
        time.sleep(seconds)
        return
    answers = watched.poll(seconds * 1000)
    if any(answer & (select.POLLERR | select.POLLHUP) for _, answer in answers):
        raise BrokenPipeError
    if answers:  # this kind of file cannot be polled here
        time.sleep(seconds)


def is_utf8() -> bool:
    """Return whether stdout can encode every character."""
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
