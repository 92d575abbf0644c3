"""Uploads on moto under adverse conditions: interruptions, throttling, concurrent writes to the same key."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.compat import HTTPHeaders
from s3transfer.manager import TransferCoordinatorController

from tests.cli.conftest import ORIGINALS, Terminal
from tests.cli.test_upload import Hook, answer, large, pipeline, run, stored, write  # noqa: F401 - a fixture among them
from zenoimg.cli.terminal.screen import Screen
from zenoimg.cli.terminal.uploads import Tally, summary
from zenoimg.errors import ConfigurationError
from zenoimg.imaging import Limits, Recipe
from zenoimg.operations.content import digest
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.upload.run import Upload, UploadOptions
from zenoimg.operations.upload.sources import Selection, Source, walk
from zenoimg.pipeline.reconcile import reconcile

pytestmark = pytest.mark.slow

KEYS = ["Path", "ImageId", "Result", "Reason", "OriginalSize", "Seconds", "Record"]


def versions() -> dict[str, int]:
    """Return the number of versions of each key: more than one means that it was sent twice."""
    found: dict[str, int] = {}
    for page in boto3.client("s3").get_paginator("list_object_versions").paginate(Bucket=ORIGINALS):
        for version in page.get("Versions", []):
            found[version["Key"]] = found.get(version["Key"], 0) + 1
    return found


def _interrupted(reached: threading.Event, *_: Any) -> Iterator[Any]:
    assert reached.wait(60)
    raise KeyboardInterrupt
    yield


def test_an_interruption_inside_a_multipart_upload_leaves_no_parts_and_is_resumed(
    pipeline: LivePipeline,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write(tmp_path, "a.jpg", "c.jpg")
    large(tmp_path / "b.jpg", 70)
    upload = Upload(pipeline, UploadOptions(wait=False, concurrency=1, last_moments=60), Limits())
    results = upload.run(walk([tmp_path], Selection()))
    assert next(results).key == "a.jpg"
    reached, cancelled = threading.Event(), threading.Event()
    cancel = TransferCoordinatorController.cancel

    def cancel_and_say(self: TransferCoordinatorController, *more: Any) -> None:
        cancel(self, *more)
        cancelled.set()

    def hold(call: int) -> None:
        if call == 3:
            reached.set()
            cancelled.wait(60)

    monkeypatch.setattr(TransferCoordinatorController, "cancel", cancel_and_say)
    Hook(pipeline.aws.s3, "UploadPart", hold)
    # The main thread waits for results when Ctrl-C comes; here, the wait itself triggers it.
    monkeypatch.setattr("zenoimg.operations.upload.run._taken", partial(_interrupted, reached))
    with pytest.raises(KeyboardInterrupt):
        list(results)
    monkeypatch.undo()
    s3 = boto3.client("s3")
    assert not s3.list_multipart_uploads(Bucket=ORIGINALS).get("Uploads")
    sent_before = set(stored())
    assert "b.jpg" not in sent_before

    states = run(pipeline, walk([tmp_path], Selection()))
    assert {key for key, state in states.items() if state == "unchanged"} == sent_before
    assert versions() == {"a.jpg": 1, "b.jpg": 1, "c.jpg": 1}


def test_a_run_throttled_throughout_still_completes(
    pipeline: LivePipeline,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every third PutObject and every third BatchGetItem, including botocore's retries."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)
    write(tmp_path, *(f"{number}.jpg" for number in range(9)))
    tools = pipeline.tools(Recipe(), Limits())

    def process(**_: Any) -> None:
        for key in stored():
            reconcile(key, tools)

    puts = Hook(pipeline.aws.s3, "PutObject", lambda call: answer(503, "SlowDown") if call % 3 == 0 else None)
    gets: list[int] = []

    def throttle(**_: Any) -> Any:
        gets.append(1)
        return _throttled() if len(gets) % 3 == 0 else None

    pipeline.aws.dynamodb.meta.events.register("before-send.dynamodb.BatchGetItem", throttle)
    pipeline.aws.dynamodb.meta.events.register("before-call.dynamodb.BatchGetItem", process)
    upload = Upload(pipeline, UploadOptions(poll=0.01, concurrency=3, window=4), Limits())
    results = list(upload.run(walk([tmp_path], Selection())))
    assert [result.state for result in results] == ["processed"] * 9
    assert puts.calls > 9
    assert len(gets) >= 3


def _throttled() -> Any:
    made = answer(400, "")
    body = b'{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "slower"}'
    made.raw.stream = lambda *_, **__: iter([body])
    made.headers = HTTPHeaders()
    return made


def test_an_object_put_by_another_client_under_a_free_key_is_not_replaced(
    pipeline: LivePipeline,  # noqa: F811
    tmp_path: Path,
) -> None:
    (path,) = write(tmp_path, "a.jpg")
    other = boto3.client("s3")

    def overtake(call: int) -> None:
        if call == 1:
            other.put_object(Bucket=ORIGINALS, Key="a.jpg", Body=b"another camera's")

    Hook(pipeline.aws.s3, "PutObject", overtake)
    assert run(pipeline, [Source(path, "a.jpg")]) == {"a.jpg": "conflict"}
    assert other.get_object(Bucket=ORIGINALS, Key="a.jpg")["Body"].read() == b"another camera's"


def test_a_put_whose_response_was_lost_counts_as_sent_and_is_not_repeated(
    pipeline: LivePipeline,  # noqa: F811
    tmp_path: Path,
) -> None:
    (path,) = write(tmp_path, "a.jpg")
    # moto has stored it by the time that this response replaces its own.
    Hook(pipeline.aws.s3, "PutObject", lambda call: answer(500, "InternalError") if call == 1 else None)
    assert run(pipeline, [Source(path, "a.jpg")]) == {"a.jpg": "uploaded"}
    assert versions() == {"a.jpg": 1}


def test_a_file_that_changes_between_hashing_and_sending_is_reported(
    pipeline: LivePipeline,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (path,) = write(tmp_path, "a.jpg")

    def change(file: Any, algorithm: str) -> str:
        found = digest(file, algorithm)
        with path.open("r+b") as writer:
            writer.seek(-4, 2)
            writer.write(b"more")
        os.utime(path, (1, 1))  # whatever the resolution of the file system's clock
        return found

    monkeypatch.setattr("zenoimg.operations.upload.transfer.digest", change)
    (result,) = Upload(pipeline, UploadOptions(wait=False), Limits()).run([Source(path, "a.jpg")])
    assert result.state == "failed"
    assert "changed while being sent" in result.reason


def test_an_empty_file_is_refused_before_sending(no_stack: Terminal, tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    (result,) = no_stack.json("upload", "empty.jpg", code=1)
    assert (result["Result"], result["Reason"]) == ("refused", "the file is empty")
    assert stored() == {}


def test_the_keys_of_the_json_are_stable(no_stack: Terminal, tmp_path: Path) -> None:
    write(tmp_path, "a.jpg")
    (result,) = no_stack.json("upload", "a.jpg", "--no-wait")
    assert list(result) == KEYS


def test_piped_output_is_plain_lines_and_empty_with_quiet(no_stack: Terminal, tmp_path: Path) -> None:
    write(tmp_path, "a.jpg", "b.jpg")
    done = no_stack.run("upload", "a.jpg", "--no-wait")
    assert done.stdout == ""
    assert done.stderr.splitlines()[0].startswith("uploaded    a.jpg")
    assert "1 photo: 1 uploaded." in done.stderr
    assert "\x1b" not in done.stderr
    silent = no_stack.run("upload", "b.jpg", "--no-wait", "--quiet")
    assert (silent.stdout, silent.stderr) == ("", "")


@pytest.mark.parametrize(
    "name", ["a b+c.jpg", "ü📷.jpg", "100%.jpg", "a&b=c;d.jpg", "[x]*?.jpg", "'\"`$(x).jpg", "tab\t.jpg", "ÀÀ.jpg"]
)
def test_any_name_becomes_its_key_and_is_recognised_again(no_stack: Terminal, tmp_path: Path, name: str) -> None:
    write(tmp_path, f"in/{name}")
    assert no_stack.json("upload", "in", "--no-wait")[0]["Result"] == "uploaded"
    assert set(stored()) == {name}
    assert no_stack.json("upload", "in", "--dry-run")[0]["Result"] == "unchanged"


@pytest.mark.thorough
def test_three_hundred_megabytes_are_sent_in_parts_and_recognised_again(
    pipeline: LivePipeline,  # noqa: F811
    tmp_path: Path,
) -> None:
    path = large(tmp_path / "large.jpg", 300)
    limits = Limits(max_bytes=400 * 1024 * 1024)

    def sent() -> list[str]:
        return [result.state for result in Upload(pipeline, UploadOptions(wait=False), limits).run([Source(path, "l")])]

    assert sent() == ["uploaded"]
    head = boto3.client("s3").head_object(Bucket=ORIGINALS, Key="l")
    assert head["ContentLength"] == path.stat().st_size
    assert int(head["ETag"].strip('"').rpartition("-")[2]) > 10
    assert sent() == ["unchanged"]


def test_bytes_that_differ_from_the_hashed_ones_are_reported_as_a_change(
    pipeline: LivePipeline,  # noqa: F811
    tmp_path: Path,
) -> None:
    (path,) = write(tmp_path, "a.jpg")
    Hook(pipeline.aws.s3, "PutObject", lambda _: answer(400, "BadDigest"))
    (result,) = Upload(pipeline, UploadOptions(wait=False), Limits()).run([Source(path, "a.jpg")])
    assert (result.state, "changed while being sent" in result.reason) == ("failed", True)


def test_a_paced_run_limits_what_is_in_flight_without_waiting_for_results(
    pipeline: LivePipeline,  # noqa: F811
    tmp_path: Path,
) -> None:
    write(tmp_path, *(f"{number}.jpg" for number in range(6)))
    tools = pipeline.tools(Recipe(), Limits())
    in_flight: list[int] = []

    def process(**_: Any) -> None:
        for key in stored():
            reconcile(key, tools)

    def count(request: Any, **_: Any) -> None:
        if ORIGINALS in request.url:  # and not a copy
            in_flight.append(len(stored()) - len(list(pipeline.catalog.all())))

    pipeline.aws.dynamodb.meta.events.register("before-call.dynamodb.BatchGetItem", process)
    pipeline.aws.s3.meta.events.register("before-send.s3.PutObject", count)
    states = run(pipeline, walk([tmp_path], Selection()), paced=True, window=2, concurrency=1, poll=0.01)
    assert set(states.values()) == {"uploaded"}
    assert len(in_flight) == 6
    assert max(in_flight) <= 2, "counted when the next one is on its way"


@pytest.mark.parametrize(
    ("ended_by", "prospect"),
    [
        (KeyboardInterrupt(), "The pipeline continues to process them."),
        (
            ConfigurationError("the embedded AWS is gone"),
            "`zenoimg status --check` finds those that are left unprocessed.",
        ),
    ],
)
def test_only_an_interrupted_run_promises_that_the_pipeline_continues(
    capsys: pytest.CaptureFixture[str], ended_by: BaseException, prospect: str
) -> None:
    summary(Screen(), Tally(), outstanding=["a.jpg", "b.jpg"], ended_by=ended_by)
    assert f"Sent but not processed yet: 2. {prospect}" in " ".join(capsys.readouterr().err.split())
