"""A real process that is interrupted or killed while uploading to the embedded AWS, and the same command after that."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.drawn.pictures import jpeg, photo
from tests.local.bench import Bench
from zenoimg.local import EmbeddedAws

pytestmark = [pytest.mark.local, pytest.mark.thorough]

PHOTOS = 6
UPLOAD = ("upload", "in", "--no-wait", "--concurrency", "1")


@dataclass(frozen=True)
class Plain(Bench):
    """Two plain buckets and no functions: only what is sent is checked."""

    bucket: str = ""

    @property
    def environment(self) -> dict[str, str]:
        names = {"ORIGINALS_BUCKET": self.bucket, "PROCESSED_BUCKET": f"{self.bucket}-out", "TABLE": "none"}
        return {**super().environment, **{f"ZENOIMG_{name}": value for name, value in names.items()}}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "zenoimg", *arguments],
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    def again(self) -> dict[str, str]:
        """Run the same command to its end; return the results by key. The policies are not written for its buckets."""
        with self.start(*UPLOAD, "--json") as process:
            printed, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
        return {result["ImageId"]: result["Result"] for result in json.loads(printed)}

    def versions(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for version in self.client("s3").list_object_versions(Bucket=self.bucket).get("Versions", []):
            found[version["Key"]] = found.get(version["Key"], 0) + 1
        return found

    def parts(self) -> list[Any]:
        return list(self.client("s3").list_multipart_uploads(Bucket=self.bucket).get("Uploads", []))


@pytest.fixture
def plain(embedded: EmbeddedAws, tmp_path: Path, request: pytest.FixtureRequest) -> Plain:
    made = Plain(embedded, tmp_path, f"plain-{abs(hash(request.node.name)) % 10**8}")
    s3 = made.client("s3")
    s3.create_bucket(Bucket=made.bucket)
    s3.put_bucket_versioning(Bucket=made.bucket, VersioningConfiguration={"Status": "Enabled"})
    return made


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("after", [1, PHOTOS // 2, PHOTOS - 1])
def test_the_same_command_completes_an_interrupted_upload_and_sends_nothing_twice(
    plain: Plain, after: int, how: signal.Signals
) -> None:
    for number in range(PHOTOS):
        plain.write(f"in/{number}.jpg", jpeg(photo((64, 48), "RGB", seed=number)))
    with plain.start(*UPLOAD) as process:
        assert process.stderr is not None
        for _ in range(after):
            assert process.stderr.readline().startswith("uploaded")
        os.kill(process.pid, how)
        said = process.stderr.read()
    sent_before = set(plain.versions())
    assert len(sent_before) >= after
    if how == signal.SIGINT and len(sent_before) < PHOTOS:
        assert process.returncode == 130
        assert "Rerun the command" in said

    results = plain.again()
    assert {key for key, result in results.items() if result == "unchanged"} == sent_before
    assert plain.versions() == {f"{number}.jpg": 1 for number in range(PHOTOS)}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_upload_in_parts_is_completed_by_the_same_command(plain: Plain, how: signal.Signals) -> None:
    whole = jpeg(photo((64, 48), "RGB", seed=1)) + os.urandom(90_000_000)
    plain.write("in/large.jpg", whole)
    with plain.start(*UPLOAD) as process:
        deadline = time.monotonic() + 60
        while not plain.parts():
            assert time.monotonic() < deadline
            assert process.poll() is None, "it was done before it could be interrupted"
        os.kill(process.pid, how)
        process.wait(60)
    assert plain.versions() == {}
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert plain.parts() == [], "they would be billed"
    assert plain.again() == {"large.jpg": "uploaded"}
    assert plain.versions() == {"large.jpg": 1}
    assert plain.client("s3").get_object(Bucket=plain.bucket, Key="large.jpg")["Body"].read() == whole
