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
#: These act on this machine, regardless of the pipeline.
_OF_THIS_MACHINE = ("local",)
#: Options that commands of the AWS CLI have as well. Those about the user's profile have no region.
_AWS_OPTIONS = {"profile": "--profile", "region": "--region", "endpoint_url": "--endpoint-url"}
_OF_THE_PROFILE = ("configure", "sso", "account")
_AWS = re.compile(r"(?:^  (?:while )?|`)((?:AWS_\w+=\S+ )*aws [a-z0-9]+ [^`\n]+)", re.MULTILINE)
_QUOTED = re.compile(r"`(zenoimg [^`]+)`")


def check_hints(arguments: Sequence[str], stdout: str, stderr: str) -> None:
    """Fail unless every suggested command parses and acts on the same pipeline."""
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
    """Fail unless a command of the AWS CLI has the options that decided where the command itself acted."""
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
    """Return the suggested commands: between backticks in text, whole strings or between backticks in JSON."""
    try:
        strings = list(_strings(json.loads(stdout)))
    except ValueError:
        strings = [stdout]
    for text in (*strings, stderr):
        lines = _QUOTED.findall(text)
        lines += [text] if text.startswith("zenoimg ") and "\n" not in text else []
        yield from (command for line in lines for command in line.split(" && "))


def parsed(words: list[str]) -> tuple[str, Mapping[str, Any]]:
    """Return the command's name, and the global options that decide where it acts. Raises if it does not parse."""
    group: Any = typer.main.get_group(app)
    only_help = "--help" in words  # which would be printed and takes no arguments
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
