"""Uploads on moto: what is sent, what is not, and the effects of interruptions and a busy service."""

from __future__ import annotations

import base64
import hashlib
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from tests.cli.conftest import ORIGINALS, TABLE, Terminal
from tests.drawn.pictures import jpeg, photo
from zenoimg.aws.session import Aws
from zenoimg.cli.app import app
from zenoimg.config.load import Settings
from zenoimg.errors import ConfigurationError, RefusedByAwsError
from zenoimg.imaging import Limits
from zenoimg.operations.pipeline import LivePipeline, connect
from zenoimg.operations.upload.run import Upload, UploadOptions
from zenoimg.operations.upload.sources import Selection, Source, walk


def write(folder: Path, *names: str) -> list[Path]:
    paths = [folder / name for name in names]
    for number, path in enumerate(paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg(photo((64, 48), "RGB", seed=number)))
    return paths


def stored() -> dict[str, dict[str, Any]]:
    s3 = boto3.client("s3")
    listed = s3.list_objects_v2(Bucket=ORIGINALS).get("Contents", [])
    return {item["Key"]: dict(s3.head_object(Bucket=ORIGINALS, Key=item["Key"])) for item in listed}


@pytest.fixture
def pipeline(no_stack: Terminal) -> LivePipeline:
    names = {"originals_bucket": ORIGINALS, "processed_bucket": "out-bucket", "table": TABLE}
    return connect(Aws(region="eu-west-1"), Settings(names=names))


def run(pipeline: LivePipeline, sources: list[Source] | Iterator[Source], **options: Any) -> dict[str, str]:
    upload = Upload(pipeline, UploadOptions(wait=False, **options), Limits())
    return {result.key: result.state for result in upload.run(sources)}


def test_the_type_follows_from_the_bytes_and_the_digest_is_sent_along(no_stack: Terminal, tmp_path: Path) -> None:
    (path,) = write(tmp_path, "photo.png")
    no_stack.json("upload", "photo.png", "--no-wait")
    (head,) = stored().values()
    assert head["ContentType"] == "image/jpeg"
    assert head["Metadata"] == {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def test_paths_are_read_from_standard_input(no_stack: Terminal, tmp_path: Path) -> None:
    write(tmp_path, "a b.jpg", "sub/c.jpg", "d.jpg")
    done = CliRunner().invoke(app, ["upload", "-", "-0", "--no-wait"], input=b"a b.jpg\0sub/c.jpg\0")
    assert done.exit_code == 0, done.stderr
    assert set(stored()) == {"a b.jpg", "c.jpg"}


@pytest.mark.parametrize("arguments", [["-", "a.jpg"], ["a.jpg", "-0"], ["-", "-0", "--key", "k"]])
def test_standard_input_cannot_be_combined_with_paths(no_stack: Terminal, arguments: list[str]) -> None:
    no_stack.run("upload", *arguments, code=2)


def test_a_dry_run_shows_what_would_be_sent_and_sends_nothing(no_stack: Terminal, tmp_path: Path) -> None:
    write(tmp_path, "new.jpg", "old.jpg")
    no_stack.json("upload", "old.jpg", "--no-wait")
    results = no_stack.json("upload", "new.jpg", "old.jpg", "--dry-run")
    assert {item["ImageId"]: item["Result"] for item in results} == {"new.jpg": "would-upload", "old.jpg": "unchanged"}
    assert set(stored()) == {"old.jpg"}


def test_photos_sent_by_another_client_are_recognised_by_their_bytes(no_stack: Terminal, tmp_path: Path) -> None:
    same, _ = write(tmp_path, "same.jpg", "other.jpg")
    s3 = boto3.client("s3")
    s3.put_object(Bucket=ORIGINALS, Key="same.jpg", Body=same.read_bytes())
    s3.put_object(Bucket=ORIGINALS, Key="other.jpg", Body=same.read_bytes())
    results = no_stack.json("upload", "same.jpg", "other.jpg", "--no-wait", code=1)
    assert {item["ImageId"]: item["Result"] for item in results} == {"same.jpg": "unchanged", "other.jpg": "conflict"}


def test_json_is_a_complete_array_even_if_nothing_could_be_sent(no_stack: Terminal, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert no_stack.json("upload", "empty", code=2) == []


def large(path: Path, megabytes: int) -> Path:
    """Create a JPEG with random bytes after its end, of a total size in MiB."""
    (made,) = write(path.parent, path.name)
    with made.open("ab") as file:
        for _ in range(megabytes):
            file.write(os.urandom(1024 * 1024))
    return made


def test_a_large_file_is_sent_in_parts_and_arrives_complete(pipeline: LivePipeline, tmp_path: Path) -> None:
    path = large(tmp_path / "large.jpg", 70)
    crc = base64.b64encode(zlib.crc32(path.read_bytes()).to_bytes(4, "big")).decode()
    ends: list[dict[str, Any]] = []
    pipeline.aws.s3.meta.events.register(
        "before-call.s3.CompleteMultipartUpload", lambda params, **_: ends.append(params["headers"])
    )
    assert run(pipeline, [Source(path, "large.jpg")]) == {"large.jpg": "uploaded"}
    body = boto3.client("s3").get_object(Bucket=ORIGINALS, Key="large.jpg")
    assert hashlib.sha256(body["Body"].read()).digest() == hashlib.sha256(path.read_bytes()).digest()
    assert body["ETag"].strip('"').endswith("-5"), "parts of 16 MiB"
    assert [(end["x-amz-checksum-crc32"], end["x-amz-checksum-type"]) for end in ends] == [(crc, "FULL_OBJECT")]
    assert run(pipeline, [Source(path, "large.jpg")]) == {"large.jpg": "unchanged"}


class Hook:
    """Runs before each call of one operation, and counts them."""

    def __init__(self, client: Any, operation: str, step: Any) -> None:
        self.calls = 0
        self._step = step
        client.meta.events.register(f"before-send.s3.{operation}", self)

    def __call__(self, **_: Any) -> Any:
        self.calls += 1
        return self._step(self.calls)


def answer(status: int, code: str) -> Any:
    body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
    raw = SimpleNamespace(stream=lambda *_, **__: iter([body]), read=lambda *_: body)
    return AWSResponse("https://s3", status, HTTPHeaders(), raw)


def test_a_run_completes_even_if_the_service_is_busy(
    pipeline: LivePipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)
    write(tmp_path, *(f"{number}.jpg" for number in range(12)))
    hook = Hook(pipeline.aws.s3, "PutObject", lambda call: answer(503, "SlowDown") if call % 3 == 0 else None)
    states = run(pipeline, walk([tmp_path], Selection()))
    assert set(states.values()) == {"uploaded"}
    assert len(states) == len(stored()) == 12
    assert hook.calls > 12, "some were sent again"


@pytest.mark.parametrize(("throttled", "state"), [(7, "uploaded"), (8, "failed")])
def test_throttling_beyond_the_clients_retries_is_waited_out(
    no_stack: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, throttled: int, state: str
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr("random.uniform", lambda *_: 0.0)
    names = {"originals_bucket": ORIGINALS, "processed_bucket": "out-bucket", "table": TABLE}
    once = connect(Aws(region="eu-west-1"), Settings(names=names))
    (path,) = write(tmp_path, "a.jpg")
    hook = Hook(once.aws.s3, "PutObject", lambda call: answer(503, "SlowDown") if call <= throttled else None)
    assert run(once, [Source(path, "a.jpg")]) == {"a.jpg": state}
    assert hook.calls == 8, "one attempt of the client per attempt of the upload"


@pytest.mark.parametrize("survivors", [1, 4, 7], ids=["after the first", "in the middle", "before the last"])
def test_an_interrupted_run_is_completed_by_the_same_command_sending_nothing_twice(
    pipeline: LivePipeline, tmp_path: Path, survivors: int
) -> None:
    write(tmp_path, *(f"{number}.jpg" for number in range(8)))
    upload = Upload(pipeline, UploadOptions(wait=False, concurrency=1, last_moments=60), Limits())
    results = upload.run(walk([tmp_path], Selection()))
    for _ in range(survivors):
        next(results)
    with pytest.raises(KeyboardInterrupt):
        results.throw(KeyboardInterrupt())  # type: ignore[attr-defined]
    sent_before = set(stored())
    assert survivors <= len(sent_before) < 8

    hook = Hook(pipeline.aws.s3, "PutObject", lambda _: None)
    states = run(pipeline, walk([tmp_path], Selection()))
    assert {key for key, state in states.items() if state == "unchanged"} == sent_before
    assert set(stored()) == {f"{number}.jpg" for number in range(8)}
    assert hook.calls == 8 - len(sent_before)


def test_a_failure_inside_a_multipart_upload_leaves_no_parts(pipeline: LivePipeline, tmp_path: Path) -> None:
    path = large(tmp_path / "large.jpg", 70)
    Hook(pipeline.aws.s3, "UploadPart", lambda call: answer(403, "AccessDenied") if call == 3 else None)
    assert run(pipeline, [Source(path, "large.jpg")]) == {"large.jpg": "failed"}
    assert not boto3.client("s3").list_multipart_uploads(Bucket=ORIGINALS).get("Uploads")
    assert stored() == {}


def test_a_file_that_changes_while_being_sent_is_reported(pipeline: LivePipeline, tmp_path: Path) -> None:
    (path,) = write(tmp_path, "a.jpg")

    def change(_: int) -> None:
        with path.open("ab") as file:
            file.write(b"more")

    Hook(pipeline.aws.s3, "PutObject", change)
    (result,) = Upload(pipeline, UploadOptions(wait=False), Limits()).run([Source(path, "a.jpg")])
    assert result.state == "failed"
    assert "changed while being sent" in result.reason


def test_a_file_that_is_replaced_while_its_parts_are_sent_is_reported(pipeline: LivePipeline, tmp_path: Path) -> None:
    path, other = large(tmp_path / "large.jpg", 65), large(tmp_path / "other", 65)
    times = path.stat()
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert other.stat().st_size == times.st_size

    def replace(call: int) -> None:
        if call == 2:
            other.replace(path)

    Hook(pipeline.aws.s3, "UploadPart", replace)
    (result,) = Upload(pipeline, UploadOptions(wait=False), Limits()).run([Source(path, "large.jpg")])
    assert result.state == "failed"
    assert "changed while being sent" in result.reason


def test_small_photos_are_sent_without_expect_100_continue(pipeline: LivePipeline, tmp_path: Path) -> None:
    """``Expect: 100-continue`` makes every call wait for the server before it sends the body."""
    write(tmp_path, "a.jpg")
    headers: list[str] = []
    pipeline.aws.s3.meta.events.register(
        "before-send.s3.PutObject", lambda request, **_: headers.extend(request.headers)
    )
    assert run(pipeline, walk([tmp_path], Selection())) == {"a.jpg": "uploaded"}
    assert "x-amz-checksum-sha256" in headers
    assert "Expect" not in headers


def test_an_unreadable_file_is_reported_with_the_reason(pipeline: LivePipeline, tmp_path: Path) -> None:
    (tmp_path / "folder.jpg").mkdir()
    (result,) = Upload(pipeline, UploadOptions(wait=False), Limits()).run([Source(tmp_path / "folder.jpg", "f.jpg")])
    assert result.state == "failed"
    assert "it is a folder" in result.reason


def test_one_denied_key_is_one_failed_photo(pipeline: LivePipeline, tmp_path: Path) -> None:
    write(tmp_path, "a.jpg", "b.jpg")
    Hook(pipeline.aws.s3, "PutObject", lambda call: answer(403, "AccessDenied") if call == 1 else None)
    states = run(pipeline, walk([tmp_path], Selection()), concurrency=1)
    assert states == {"a.jpg": "failed", "b.jpg": "uploaded"}


def test_a_bucket_without_write_permission_ends_the_run_with_one_sentence(
    pipeline: LivePipeline, tmp_path: Path
) -> None:
    write(tmp_path, "a.jpg")
    Hook(pipeline.aws.s3, "HeadBucket", lambda _: answer(403, "AccessDenied"))
    with pytest.raises(RefusedByAwsError, match=f"access to the bucket {ORIGINALS} is denied"):
        run(pipeline, walk([tmp_path], Selection()))


def test_credentials_that_expire_during_the_run_end_it(pipeline: LivePipeline, tmp_path: Path) -> None:
    write(tmp_path, *(f"{number}.jpg" for number in range(5)))
    Hook(pipeline.aws.s3, "PutObject", lambda call: answer(400, "ExpiredToken") if call == 3 else None)
    with pytest.raises(ConfigurationError, match="expired"):
        run(pipeline, walk([tmp_path], Selection()), concurrency=1)
    assert 2 <= len(stored()) < 5


def test_waiting_ends_with_a_message_and_is_not_ended_by_throttling(
    pipeline: LivePipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = write(tmp_path, "a.jpg")
    looks = iter([ClientError({"Error": {"Code": "ThrottlingException"}}, "BatchGetItem")])

    def get_many(_: object) -> dict[str, Any]:
        if error := next(looks, None):
            raise error
        return {}

    monkeypatch.setattr(pipeline.catalog, "get_many", get_many)
    upload = Upload(pipeline, UploadOptions(timeout=0.3, poll=0.05), Limits())
    (result,) = upload.run([Source(path, "a.jpg")])
    assert result.state == "unprocessed"
    assert "zenoimg reprocess" in result.reason


def test_a_file_name_that_is_not_utf8_is_reported_and_does_not_break_the_json(
    no_stack: Terminal, tmp_path: Path
) -> None:
    name = os.fsdecode(b"caf\xe9.jpg")
    try:
        write(tmp_path, name)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    (result,) = no_stack.json("upload", str(tmp_path), code=1)
    assert result["Result"] == "refused"
    assert "not valid UTF-8" in result["Reason"]
