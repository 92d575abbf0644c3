"""Every command that a message suggests is written by one function, can be pasted, and acts on the same pipeline."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

import zenoimg
from tests.hints import hints, parsed
from zenoimg.cli.app import COMMANDS
from zenoimg.config.load import GlobalOptions
from zenoimg.suggest import acting_with, point_aws_cli_at, suggest, suggest_aws, suggest_install

_WRITTEN = re.compile(rf"zenoimg (?:-\S+ )*(?:{'|'.join(COMMANDS)})\b")
#: Mentions of commands that are not suggestions: in files, which outlive the call.
_IN_FILES = {
    '<meta name="generator" content="zenoimg gallery">',
    "# `zenoimg config` shows every setting and where it comes from.",
}


def shell_words(command: str) -> list[str]:
    done = subprocess.run(
        ["bash", "-c", f"zenoimg() {{ printf '%s\\0' \"$@\"; }}; {command}"], capture_output=True, check=True
    )
    return [word.decode("utf-8", "surrogateescape") for word in done.stdout.split(b"\0")[:-1]]


@pytest.mark.parametrize(
    "image_id",
    ["a.jpg", "a b.jpg", "it's.jpg", "$(x).jpg", "a`b`.jpg", "new\nline\t.jpg", "\x1b[2J'\\.jpg", "\udce9.jpg"],
)
def test_a_shell_reads_every_id_as_it_is(image_id: str) -> None:
    command = suggest("reprocess", ids=[image_id])
    assert shell_words(command) == ["reprocess", image_id]
    assert command.isprintable()


def test_an_id_that_starts_with_a_hyphen_is_not_an_option() -> None:
    assert suggest("reprocess", ids=["-a.jpg", "b.jpg"]) == "zenoimg reprocess -- -a.jpg b.jpg"


def test_the_options_of_the_call_that_decide_where_it_acts_are_repeated() -> None:
    options = GlobalOptions(
        profile="p 1", region="eu-west-1", endpoint_url="http://h:1", stack="acme", config=Path("x.toml")
    )
    with acting_with(options.words()):
        command = suggest("list")
        assert suggest("local", "stop") == "zenoimg local stop"
    assert parsed(shell_words(command)) == (
        "list",
        {
            "profile": "p 1",
            "region": "eu-west-1",
            "endpoint_url": "http://h:1",
            "stack": "acme",
            "config": Path("x.toml"),
        },
    )
    assert suggest("list") == "zenoimg list"
    assert GlobalOptions(local=True).words() == ["--local"]
    assert GlobalOptions(local=False).words() == ["--no-local"]


@pytest.mark.parametrize(
    ("noted", "command"),
    [
        (None, "pip install 'zenoimg[local]'"),
        ({"url": "file:///src/a%20b", "dir_info": {"editable": True}}, "pip install -e '/src/a b[local]'"),
        ({"url": "file:///src/zenoimg", "dir_info": {}}, "pip install '/src/zenoimg[local]'"),
        (
            {"url": "file:///tmp/zenoimg-0.1.0-py3-none-any.whl", "archive_info": {}},
            "pip install '/tmp/zenoimg-0.1.0-py3-none-any.whl[local]'",
        ),
        (
            {"url": "https://example.com/zenoimg.whl", "archive_info": {}},
            "pip install 'zenoimg[local] @ https://example.com/zenoimg.whl'",
        ),
        (
            {"url": "https://example.com/zenoimg.git", "vcs_info": {"vcs": "git", "commit_id": "0a1b"}},
            "pip install 'zenoimg[local] @ git+https://example.com/zenoimg.git@0a1b'",
        ),
    ],
)
def test_an_extra_is_installed_from_the_same_source_as_zenoimg(
    noted: dict[str, object] | None, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = SimpleNamespace(read_text={"direct_url.json": json.dumps(noted) if noted else None}.get)
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: {"zenoimg": installed}[name])
    assert suggest_install("local") == command


def test_hints_are_found_in_text_and_in_json() -> None:
    assert list(hints('{"a": ["zenoimg deploy", "see `zenoimg list`"]}', "run `zenoimg init` first")) == [
        "zenoimg deploy",
        "zenoimg list",
        "zenoimg init",
    ]


def sources() -> Iterator[Path]:
    yield from sorted(Path(zenoimg.__file__).parent.rglob("*.py"))


@pytest.mark.parametrize("path", list(sources()), ids=lambda path: path.stem)
def test_no_message_contains_a_handwritten_command(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    written = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation
    ]
    assert {text for text in written if _WRITTEN.search(text) and not text.startswith("Example: ")} <= _IN_FILES


def test_commands_of_the_aws_cli_act_where_the_command_does() -> None:
    with acting_with(["--profile", "my work"]):
        assert suggest_aws("s3", "ls") == "aws s3 ls", "not connected yet"
        point_aws_cli_at(profile="my work", region="eu-west-1", endpoint_url="http://127.0.0.1:4566")
        place = "--region eu-west-1 --endpoint-url http://127.0.0.1:4566"
        assert suggest_aws("s3", "ls", "s3://a b") == f"aws s3 ls 's3://a b' --profile 'my work' {place}"
        assert suggest_aws("sso", "login", anywhere=True) == "aws sso login --profile 'my work'"
    assert suggest_aws("s3", "ls") == "aws s3 ls", "not for the next command"


def test_commands_of_the_aws_cli_reach_the_embedded_aws() -> None:
    with acting_with(["--local"]):
        point_aws_cli_at(profile=None, region="us-east-1", endpoint_url="http://127.0.0.1:4747", keys=("k", "s"))
        assert suggest_aws("sqs", "list-queues") == (
            "AWS_ACCESS_KEY_ID=k AWS_SECRET_ACCESS_KEY=s aws sqs list-queues --region us-east-1 "
            "--endpoint-url http://127.0.0.1:4747"
        )
