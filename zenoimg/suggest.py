"""Commands that messages suggest: they can be pasted into a shell, and act where the running command acts.

The command line says once, by ``acting_with``, which of its global flags decide where it acts. They hold for the whole
process, its threads included; variables and ``zenoimg.toml`` hold in the user's shell anyway.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

_flags: tuple[str, ...] = ()


@contextmanager
def acting_with(flags: Sequence[str]) -> Iterator[None]:
    """Add these flags (``--stack acme``) to every command that is suggested within the block."""
    global _flags
    before, _flags = _flags, tuple(flags)
    try:
        yield
    finally:
        _flags = before


def suggest(*words: str, ids: Sequence[str] = ()) -> str:
    """Return a ``zenoimg`` command of these words, quoted for a POSIX shell.

    ``ids`` are the arguments after the options: where one begins with a hyphen, ``--`` precedes them.
    """
    flags = () if words[:1] == ("local",) else _flags  # those commands act on this machine alone
    end_of_options = ["--"] if any(each.startswith("-") for each in ids) else []
    return " ".join(map(_quoted, ["zenoimg", *flags, *words, *end_of_options, *ids]))


def _quoted(word: str) -> str:
    if word.isprintable():
        return shlex.quote(word)
    # Bash, zsh and ksh read escapes in $'…'; a control character itself would reach the terminal.
    encoded = "".join(f"\\{character}" if character in "\\'" else _escaped(character) for character in word)
    return f"$'{encoded}'"


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))
