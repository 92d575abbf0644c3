"""``zenoimg reprocess``: what its options select, what it would cost, and when it asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.cli.conftest import ORIGINALS, TABLE, Terminal
from tests.drawn.pictures import jpeg, photo
from zenoimg.cli.commands import reprocess as command
from zenoimg.operations.reprocess.run import Reprocess
from zenoimg.pipeline.catalog import Catalog

PHOTO = jpeg(photo((64, 48)))


def put(*keys: str, data: bytes = PHOTO) -> None:
    for key in keys:
        boto3.client("s3").put_object(Bucket=ORIGINALS, Key=key, Body=data)


def fail(key: str) -> None:
    catalog = Catalog(boto3.client("dynamodb"), TABLE)
    record = catalog.get(key)
    assert record is not None
    catalog.put(replace(record, status="failed", error="it broke"))


def ids(results: list[dict[str, Any]]) -> list[str]:
    return sorted(result["ImageId"] for result in results)


@pytest.fixture
def mixed(no_stack: Terminal) -> Terminal:
    """Create one image of each kind: done, refused, failed, and one without an event."""
    put("done.jpg", "failed.jpg")
    put("refused.jpg", data=b"no picture")
    no_stack.json("reprocess", "--here", code=1)
    fail("failed.jpg")
    put("new/missing.jpg")
    return no_stack


CHOSEN: list[tuple[list[str], dict[str, int]]] = [
    ([], {"failed": 1, "missing": 1}),
    (["--missing"], {"missing": 1}),
    (["--failed"], {"failed": 1}),
    (["--refused"], {"refused": 1}),
    (["--refused", "--failed"], {"failed": 1, "refused": 1}),
    (["--stale"], {}),
    (["--all"], {"current": 1, "failed": 1, "missing": 1, "refused": 1}),
    (["--prefix", "new/"], {"missing": 1}),
    (["--failed", "--prefix", "new/"], {}),
    (["--since", "1h"], {"failed": 1, "missing": 1}),
    (["--since", "2099-01-01"], {}),
    (["--limit", "1"], {"failed": 1}),
    (["failed.jpg", "done.jpg"], {"current": 1, "failed": 1}),
]


@pytest.mark.thorough
def test_options_select_images(mixed: Terminal) -> None:
    for options, taken in CHOSEN:
        assert mixed.json("reprocess", *options, "--dry-run")["by_state"] == taken, options
    assert ids(mixed.json("reprocess", "--here")) == ["failed.jpg", "new/missing.jpg"]
    assert ids(mixed.json("reprocess", "--here", "--refused")) == ["refused.jpg"], "as before: no failure"


@pytest.mark.thorough
def test_a_changed_recipe_makes_copies_stale_until_they_are_reprocessed(no_stack: Terminal, tmp_path: Path) -> None:
    put("a.jpg", "b.jpg")
    no_stack.json("reprocess", "--here")
    assert no_stack.json("reprocess", "--stale", "--here") == []
    (tmp_path / "zenoimg.toml").write_text('[watermark]\ntext = "another"\n')
    assert no_stack.json("status", "--check", code=1)["audit"]["findings"] == {"stale": 2}
    assert "of another recipe" in no_stack.run("reprocess", "--stale", "--here", code=2).stderr
    assert ids(no_stack.json("reprocess", "--stale", "--here", "--yes")) == ["a.jpg", "b.jpg"]
    assert no_stack.json("reprocess", "--stale", "--here") == []


def test_a_dry_run_shows_the_plan_and_does_nothing(mixed: Terminal) -> None:
    planned = mixed.json("reprocess", "--dry-run")
    assert (planned["images"], planned["by_state"]) == (2, {"failed": 1, "missing": 1})
    assert planned["total_bytes"] == 2 * len(PHOTO)
    assert planned["compute_seconds"] > 0
    assert planned["gb_seconds"] is None, "no function, so no memory to be billed"
    assert "Dry run" in mixed.run("reprocess", "--dry-run").stderr
    assert mixed.json("reprocess", "--dry-run") == planned


def test_an_estimate_needs_a_record_with_a_duration(no_stack: Terminal) -> None:
    put("a.jpg")
    planned = no_stack.json("reprocess", "--dry-run")
    assert (planned["images"], planned["compute_seconds"]) == (1, None)
    assert "no estimate" in no_stack.run("reprocess", "--dry-run").stderr


def test_more_than_the_limit_is_not_sent_without_confirmation(
    no_stack: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_ASK_ABOVE", 2)
    put("a.jpg", "b.jpg")
    assert len(no_stack.json("reprocess", "--here")) == 2
    put("c.jpg")
    asked = no_stack.run("reprocess", "--all", "--here", code=2)
    assert "3 images" in asked.stderr
    assert "--yes" in asked.stderr
    assert ids(no_stack.json("reprocess", "--all", "--here", "--yes")) == ["a.jpg", "b.jpg", "c.jpg"]


def test_without_originals_the_last_copies_are_not_removed_without_confirmation(no_stack: Terminal) -> None:
    put("a.jpg", "b.jpg")
    no_stack.json("reprocess", "--here")
    for key in ("a.jpg", "b.jpg"):
        boto3.client("s3").delete_object(Bucket=ORIGINALS, Key=key)
    told = f"{ORIGINALS} holds no original"
    assert [need["command"] for need in no_stack.json("status", "--check", code=1)["needs"]] == [
        "zenoimg upload --help"
    ]
    for options in ((), ("a.jpg",), ("--all",)):
        asked = no_stack.run("reprocess", "--here", *options, code=2).stderr
        assert told in asked, options
        assert "--yes" in asked, options
    assert told in no_stack.run("reprocess", "--here", "--dry-run").stderr
    assert no_stack.json("status", "--check", code=1)["audit"]["copies"] == 2
    put("a.jpg")
    assert ids(no_stack.json("reprocess", "--here")) == ["a.jpg", "b.jpg"], "a single deleted one among others"
    boto3.client("s3").delete_object(Bucket=ORIGINALS, Key="a.jpg")
    assert ids(no_stack.json("reprocess", "--here", "--yes")) == ["a.jpg"]
    assert no_stack.json("status", "--check")["needs"] == []


@pytest.mark.parametrize(
    "options",
    [
        ["a.jpg", "--missing"],
        ["a.jpg", "--prefix", "a"],
        ["a.jpg", "--limit", "1"],
        ["--all", "--failed"],
        ["--workers", "2"],
        ["--recipe", "here"],
        ["--watch", "--all"],
        ["--watch", "a.jpg"],
        ["--since", "yesterday"],
    ],
)
def test_contradictory_options_are_a_usage_error(options: list[str], nothing_deployed: Terminal) -> None:
    assert "Error" in nothing_deployed.run("reprocess", *options, code=2).stderr


@pytest.mark.thorough
def test_a_long_run_ends_with_a_table_of_what_failed(no_stack: Terminal) -> None:
    put(*(f"{number:02}.jpg" for number in range(12)))
    put("bad.jpg", data=b"no picture")
    done = no_stack.run("reprocess", "--here", code=1)
    assert "13 images: " in done.stderr
    table = done.stderr[done.stderr.index("13 images") :]
    assert "bad.jpg" in table
    assert "not-an-image" in table
    assert "00.jpg" not in table


@pytest.mark.parametrize("sent", [0, 1])
def test_an_interruption_reports_what_is_still_queued(
    no_stack: Terminal, monkeypatch: pytest.MonkeyPatch, sent: int
) -> None:
    def interrupted(self: Reprocess, images: Any, *, on_sent: Callable[[], None], **_: Any) -> Iterator[Any]:
        for _number in range(sent):
            on_sent()
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(Reprocess, "by_queue", interrupted)
    stderr = no_stack.run("reprocess", code=130).stderr
    assert "Nothing to reprocess" not in stderr
    assert ("1 image still queued" in stderr) == (sent == 1)
    assert ("zenoimg reprocess --watch" in stderr) == (sent == 1)
