"""Commands that messages suggest: they can be pasted into a shell, and act where the running command acts.

The command line declares once, with ``acting_with``, which of its global flags decide where it acts. They apply to the
entire process, including its threads; environment variables and ``zenoimg.toml`` apply in the user's shell anyway. The
AWS CLI knows neither our variables nor that file: ``point_aws_cli_at`` translates them.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

_flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class _AwsCli:
    """Where AWS CLI commands act: variables that precede them, options that follow them."""

    variables: tuple[tuple[str, str], ...] = ()
    profile: tuple[str, ...] = ()
    place: tuple[str, ...] = ()


_aws_cli = _AwsCli()


@contextmanager
def acting_with(flags: Sequence[str]) -> Iterator[None]:
    """Add these flags (``--stack acme``) to every command suggested within the block."""
    global _flags, _aws_cli
    before, aws_cli_before = _flags, _aws_cli
    _flags, _aws_cli = tuple(flags), _AwsCli()
    try:
        yield
    finally:
        _flags, _aws_cli = before, aws_cli_before


def point_aws_cli_at(
    *, profile: str | None, region: str | None, endpoint_url: str | None, keys: tuple[str, str] | None = None
) -> None:
    """Make AWS CLI commands act here until the block of ``acting_with`` ends.

    ``keys`` (access key, secret key) are those of the embedded AWS, which are not secret.
    """
    global _aws_cli
    given = (("--region", region), ("--endpoint-url", endpoint_url))
    _aws_cli = _AwsCli(
        tuple(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), keys, strict=True)) if keys else (),
        ("--profile", profile) if profile else (),
        tuple(word for option, value in given if value for word in (option, value)),
    )


def suggest_aws(*words: str, anywhere: bool = False) -> str:
    """Return an ``aws`` command with these words, quoted for a POSIX shell, that acts where the running command acts.

    ``anywhere`` is for commands about the user's own profile, which need no region or endpoint.
    """
    variables = [] if anywhere else [f"{name}={_quoted(value)}" for name, value in _aws_cli.variables]
    place = () if anywhere else _aws_cli.place
    return " ".join([*variables, *map(_quoted, ["aws", *words, *_aws_cli.profile, *place])])


def suggest(*words: str, ids: Sequence[str] = ()) -> str:
    """Return a ``zenoimg`` command with these words, quoted for a POSIX shell.

    ``ids`` are the arguments after the options; if one begins with a hyphen, ``--`` precedes them.
    """
    flags = () if words[:1] == ("local",) else _flags  # these commands act only on this machine
    end_of_options = ["--"] if any(each.startswith("-") for each in ids) else []
    return " ".join(map(_quoted, ["zenoimg", *flags, *words, *end_of_options, *ids]))


def suggest_install(extra: str = "") -> str:
    """Return the ``pip install`` command that adds an extra to zenoimg, from where zenoimg itself was installed.

    Without an extra, it is the command that installs zenoimg itself. The source is a clone, a wheel or another URL if
    pip recorded one (PEP 610), and otherwise the package index.
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
    from importlib.metadata import PackageNotFoundError, distribution  # imported only when needed, not for every --help

    try:
        noted = distribution("zenoimg").read_text("direct_url.json")
    except PackageNotFoundError:
        return {}
    return json.loads(noted) if noted else {}


def _quoted(word: str) -> str:
    if word.isprintable():
        return shlex.quote(word)
    # Bash, zsh and ksh read escapes in $'…'; a raw control character would reach the terminal.
    encoded = "".join(f"\\{character}" if character in "\\'" else _escaped(character) for character in word)
    return f"$'{encoded}'"


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))
