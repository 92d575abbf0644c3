"""Commands that messages suggest: they can be pasted into a shell, and act where the running command acts.

The command line says once, by ``acting_with``, which of its global flags decide where it acts. They hold for the whole
process, its threads included; variables and ``zenoimg.toml`` hold in the user's shell anyway.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

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


def suggest_install(extra: str = "") -> str:
    """Return the ``pip install`` command that adds an extra to zenoimg, from where zenoimg itself was installed.

    Without one it is the command that installs zenoimg itself.

    That is a clone, a wheel or another URL if pip noted one (PEP 610), and otherwise the package index.
    """
    origin = _installed_from()
    url = urlsplit(origin.get("url", ""))
    wanted = f"[{extra}]" if extra else ""
    editable = ["-e"] if origin.get("dir_info", {}).get("editable") else []
    if url.scheme == "file":
        source = f"{unquote(url.path)}{wanted}"
    elif url.scheme:
        vcs = origin.get("vcs_info", {})
        revision = f"{vcs['vcs']}+{url.geturl()}@{vcs['commit_id']}" if vcs else url.geturl()
        source = f"zenoimg{wanted} @ {revision}"
    else:
        source = f"zenoimg{wanted}"
    return " ".join(map(_quoted, ["pip", "install", *editable, source]))


def _installed_from() -> dict[str, Any]:
    from importlib.metadata import PackageNotFoundError, distribution  # not for each --help

    try:
        noted = distribution("zenoimg").read_text("direct_url.json")
    except PackageNotFoundError:
        return {}
    return json.loads(noted) if noted else {}


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
