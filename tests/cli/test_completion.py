"""Shell completion of image ids and stack names: fast, silent, and never with anything that a shell would execute."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from tests.cli.conftest import ORIGINALS, Terminal
from zenoimg.cli.app import app
from zenoimg.operations.completion import Memory

IDS = ["a.jpg", "holiday/beach.jpg", "holiday/sea side.jpg", "x=1.jpg", "ü.jpg"]
HOSTILE = ["-rf", "$(touch x).jpg", "`id`.jpg", "a\\", '";touch x;"', "it's.jpg", "*.jpg", "new\nline.jpg", "c:d.jpg"]

Complete = Callable[..., list[str]]


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Complete:
    """Return the completions for a line that ends in the last word."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def run(*words: str, shell: str = "bash") -> list[str]:
        line = ["zenoimg", *words]
        environment = {
            "_ZENOIMG_COMPLETE": f"complete_{shell}",
            "COMP_WORDS": "\n".join(line),
            "COMP_CWORD": str(len(line) - 1),
            "_TYPER_COMPLETE_ARGS": " ".join(line),
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        done = CliRunner().invoke(app, [], prog_name="zenoimg")
        assert done.stderr == ""
        return list(filter(None, done.stdout.splitlines()))

    return run


@pytest.fixture
def originals(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("ORIGINALS_BUCKET", "PROCESSED_BUCKET", "TABLE"):
        monkeypatch.setenv(f"ZENOIMG_{name}", f"{ORIGINALS}{'' if name.startswith('O') else name.lower()[0]}")
    with mock_aws():
        _fill()
        yield


def _fill() -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=ORIGINALS, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for key in [*IDS, *HOSTILE, "folder/"]:
        s3.put_object(Bucket=ORIGINALS, Key=key, Body=b"x")


@pytest.mark.usefixtures("originals")
def test_ids_are_completed_where_commands_take_images(complete: Complete) -> None:
    assert "a.jpg" in complete("show", "")
    for words in (["show"], ["download", "a.jpg"], ["delete"], ["reprocess"], ["tail-logs", "--image"]):
        assert complete(*words, "holi") == ["holiday/beach.jpg", r"holiday/sea\ side.jpg"]


@pytest.mark.usefixtures("originals")
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_no_completion_can_be_executed_by_a_shell(shell: str, complete: Complete) -> None:
    text = "\n".join(complete("show", "", shell=shell))
    assert "a.jpg" in text
    assert "ü.jpg" in text
    for bad in ("touch", "id`", "-rf", "it's", "*.jpg", "new", "c:d", "folder/"):
        assert bad not in text


@pytest.mark.usefixtures("originals")
def test_completions_within_a_minute_need_no_further_call(complete: Complete) -> None:
    assert complete("show", "holi") == complete("show", "holi")
    boto3.client("s3").delete_object(Bucket=ORIGINALS, Key="holiday/beach.jpg")
    assert complete("show", "holiday/b") == ["holiday/beach.jpg"], "from the cache"
    assert complete("show", "a") == ["a.jpg"], "requested again: the cache starts with holi"


def test_completions_cached_for_one_access_key_are_not_shown_for_another(
    originals: None, complete: Complete, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert complete("show", "holiday/b") == ["holiday/beach.jpg"]
    boto3.client("s3").delete_object(Bucket=ORIGINALS, Key="holiday/beach.jpg")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "another")
    assert complete("show", "holiday/b") == []


def test_our_stacks_are_completed(terminal: Terminal, complete: Complete, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = [{"OutputKey": key} for key in ("OriginalsBucket", "RecipeFingerprint")]
    page = {"Stacks": [{"StackName": name, "Outputs": ours} for name in ("zeno", "zebra")]}
    page["Stacks"] += [{"StackName": "zoo"}, {"StackName": "zip", "Outputs": [{"OutputKey": "Topic"}]}]
    paginator = SimpleNamespace(paginate=lambda: [page])
    client = SimpleNamespace(get_paginator=lambda name: paginator)
    monkeypatch.setattr(
        "zenoimg.cli.framework.completion._connect", lambda settings: SimpleNamespace(cloudformation=client)
    )
    assert complete("--stack", "z") == ["zebra", "zeno"]
    assert complete("list", "--stack", "zen") == ["zeno"]


def test_errors_complete_nothing_and_print_nothing(originals: None, complete: Complete) -> None:
    boto3.resource("s3").Bucket(ORIGINALS).objects.delete()
    boto3.client("s3").delete_bucket(Bucket=ORIGINALS)
    assert complete("show", "") == []
    assert complete("--region", "no where", "--stack", "Bad Name!", "show", "") == []
    Path("zenoimg.toml").write_text("not toml [")
    assert complete("show", "a") == []


def test_options_on_the_line_apply(originals: None, complete: Complete) -> None:
    assert complete("--endpoint-url", "nonsense", "show", "a") == []
    assert complete("show", "--endpoint-url", "nonsense", "a") == []
    assert complete("--region", "eu-west-1", "show", "a") == ["a.jpg"]


def test_the_cache_expires_and_damaged_entries_are_ignored(tmp_path: Path) -> None:
    clock = [1000.0]
    memory = Memory(tmp_path / "sub" / "file.json", now=lambda: clock[0])
    memory.keep("k", ["v"])
    assert memory.recall("k", 60) == ["v"]
    assert (tmp_path / "sub" / "file.json").stat().st_mode & 0o777 == 0o600
    clock[0] = 1061.0
    assert memory.recall("k", 60) is None
    for damage in ("", "[]", '{"k": 1}', "\0"):
        memory.path.write_text(damage)
        assert memory.recall("k", 60) is None
    memory.keep("k", 1)
    assert memory.recall("k", 60) == 1


def test_an_unwritable_cache_folder_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    memory = Memory(tmp_path / "file" / "x.json")
    memory.keep("k", 1)
    assert memory.recall("k", 60) is None
