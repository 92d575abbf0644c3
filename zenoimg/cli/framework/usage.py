"""Explain command-line errors in our own words; the parser's are pydantic's and click's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from typer._click.exceptions import BadParameter, ClickException, NoSuchOption
from typer.core import TyperArgument

from zenoimg.errors import UsageError
from zenoimg.suggest import suggest

if TYPE_CHECKING:
    from typer._click import Context

#: Beginning of a parser message → our words, which follow the name of the option.
_WORDS = (
    (r"Input should be greater than or equal to (\S+)", r"must be at least \1"),
    (r"Input should be less than or equal to (\S+)", r"must be at most \1"),
    (r"Input should be a valid integer.*", "must be a whole number"),
    (r"Input should be a valid number.*", "must be a number"),
    (r"(?:Value error, )?('.*') is not one of (.*?)\.?", r"is \1; allowed are \2"),
    (r"(?:Value error, )?(.*?)\.?", r"is invalid: \1"),
)


def explain_usage(error: ClickException, arguments: Sequence[str]) -> UsageError:
    """Convert a parser error to ours; ``arguments`` are those of the command line."""
    context: Context | None = getattr(error, "ctx", None)
    message = error.format_message()
    if isinstance(error, BadParameter) and (found := re.fullmatch(r"Invalid value for '?(.+?)'?: (.*)", message, re.S)):
        message = f"{found[1]} {_in_words(found[2])}"
    elif isinstance(error, NoSuchOption):
        name = _hyphenated_name(error, context, arguments)
        if name is not None:
            others = [word for word in arguments if word != name]
            return UsageError(
                f"{error.option_name} is not an option",
                next_step=f"If {name} is a name, put -- before it: `{suggest(*others, ids=[name])}`.",
            )
    path = context.command_path.split()[1:] if context else []
    return UsageError(message[:1].lower() + message[1:].rstrip("."), next_step=f"See `{suggest(*path, '--help')}`.")


def _in_words(reason: str) -> str:
    for pattern, words in _WORDS:
        if found := re.fullmatch(pattern, reason, re.DOTALL):
            return found.expand(words)
    return reason


def _hyphenated_name(error: NoSuchOption, context: Context | None, arguments: Sequence[str]) -> str | None:
    """Return the argument that was mistaken for an option, if the command takes arguments."""
    if context is None or not any(isinstance(each, TyperArgument) for each in context.command.params):
        return None
    taken = (word for word in arguments if word.startswith(error.option_name) and re.search(r"[./]", word))
    return next(taken, None)
