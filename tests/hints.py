"""Parse the commands that messages suggest as the command line would."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import typer

from zenoimg.cli.app import app

_TARGET = ("stack", "region", "profile", "local", "endpoint_url", "config")
#: These act on this machine, whatever pipeline is meant.
_OF_THIS_MACHINE = ("local",)
#: Options that commands of the AWS CLI carry as well. What is about the user's own profile has no region.
_AWS_OPTIONS = {"profile": "--profile", "region": "--region", "endpoint_url": "--endpoint-url"}
_OF_THE_PROFILE = ("configure", "sso", "account")
_AWS = re.compile(r"(?:^  (?:while )?|`)((?:AWS_\w+=\S+ )*aws [a-z0-9]+ [^`\n]+)", re.MULTILINE)
_QUOTED = re.compile(r"`(zenoimg [^`]+)`")


def check_hints(arguments: Sequence[str], stdout: str, stderr: str) -> None:
    """Fail unless every command that was suggested parses and acts where the command itself did."""
    for hint in hints(stdout, stderr):
        words = shlex.split(hint)[1:]
        command, target = parsed(words)
        if command in _OF_THIS_MACHINE:
            continue
        try:
            _, wanted = parsed(list(arguments))
        except Exception:  # noqa: BLE001 - a command line that cannot be parsed acts nowhere
            continue
        assert target == wanted, f"{hint} does not act where {shlex.join(arguments)} does"
    for line in _AWS.findall(stdout + "\n" + stderr):
        _check_aws(line, arguments)


def _check_aws(line: str, arguments: Sequence[str]) -> None:
    """Fail unless a command of the AWS CLI has the options by which the command itself was pointed somewhere."""
    words = shlex.split(line.partition(" | ")[0])
    try:
        _, wanted = parsed(list(arguments))
    except Exception:  # noqa: BLE001 - a command line that cannot be parsed acts nowhere
        return
    service = words[words.index("aws") + 1]
    for name, option in _AWS_OPTIONS.items():
        if name in wanted and (name == "profile" or service not in _OF_THE_PROFILE):
            given = words[words.index(option) + 1] if option in words else None
            assert given == wanted[name], f"{line} does not act where {shlex.join(arguments)} does"


def hints(stdout: str, stderr: str) -> Iterator[str]:
    """The suggested commands: between backticks in text, whole strings or between backticks in JSON."""
    try:
        strings = list(_strings(json.loads(stdout)))
    except ValueError:
        strings = [stdout]
    for text in (*strings, stderr):
        lines = _QUOTED.findall(text)
        lines += [text] if text.startswith("zenoimg ") and "\n" not in text else []
        yield from (command for line in lines for command in line.split(" && "))


def parsed(words: list[str]) -> tuple[str, Mapping[str, Any]]:
    """The command's name, and the global options that decide where it acts. Raises for what does not parse."""
    group: Any = typer.main.get_group(app)
    only_help = "--help" in words  # which would be printed, and needs no arguments
    context = group.make_context("zenoimg", list(words), resilient_parsing=only_help)
    left = [*context._protected_args, *context.args]
    if only_help and not left:
        return "", {}
    name, command, rest = group.resolve_command(context, left)
    options = dict(context.params)
    while command is not None:
        context = command.make_context(name, rest, parent=context, resilient_parsing=only_help)
        options |= {key: value for key, value in context.params.items() if value is not None}
        if only_help or not hasattr(command, "resolve_command"):
            break
        _, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
    return name, {key: options[key] for key in _TARGET if options.get(key) is not None}


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner)
