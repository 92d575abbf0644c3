"""As promised in docs/recovery.md: one command restores everything except the originals."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.drawn.pictures import jpeg, photo
from tests.local.bench import TABLE, Bench
from zenoimg.local import EmbeddedAws, LocalSettings

pytestmark = [pytest.mark.local, pytest.mark.thorough]

KEYS = {"a.jpg", "folder/b c.jpg", "c.jpg"}


@pytest.fixture
def three(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Bench]:
    """Return an embedded AWS for one test, with three processed photos."""
    folder = tmp_path / "photos"
    folder.mkdir()
    made = Bench(EmbeddedAws(LocalSettings(tmp_path / "home", free_port(), enforce_iam=True)), folder)
    made.zenoimg("deploy")
    for number, key in enumerate(sorted(KEYS)):
        made.write(f"in/{key}", jpeg(photo((96, 64), "RGB", seed=number)))
    made.zenoimg("upload", "in", "--recursive")
    yield made
    made.embedded.stop()


def lasting(records: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the records without the fields that describe the processing rather than the image."""
    return {key: {**record, "UpdatedAt": "", "DurationMs": 0} for key, record in records.items()}


def test_a_hard_kill_before_anything_was_saved(three: Bench) -> None:
    pid = three.embedded.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    three.until(lambda: three.embedded.status().state == "stopped", "the server is dead")
    # As if no deploy had ever completed: only the objects are left.
    shutil.rmtree(three.embedded.settings.state_folder)
    three.zenoimg("local", "start")
    # Their tags are lost as well, so they might be anyone's.
    assert "--adopt zeno-original-images --adopt zeno-processed-images" in three.zenoimg("deploy", code=3).stderr
    adopted = three.json("deploy", "--adopt", "zeno-original-images", "--adopt", "zeno-processed-images")
    assert "Import" in {change["action"] for change in adopted["changes"]}
    three.zenoimg("reprocess")
    assert set(three.records()) == KEYS == three.copies()
    assert three.json("status", "--check")["audit"]["findings"] == {}


def test_a_hard_kill_after_a_rollout(three: Bench) -> None:
    three.write("zenoimg.toml", b'[watermark]\ntext = "another"\n')
    three.zenoimg("deploy", "--yes")  # the last saved state
    three.zenoimg("reprocess", "--stale")
    three.write("in/new.jpg", jpeg(photo((96, 64), "RGB", seed=9)))
    three.zenoimg("upload", "in/new.jpg")
    before = three.records()
    pid = three.embedded.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    three.until(lambda: three.embedded.status().state == "stopped", "the server is dead")
    hints = three.zenoimg("status", "--check", code=1).stderr
    command = "reprocess --missing --failed --stale"
    assert f"`zenoimg {command}`" in hints
    three.zenoimg(*command.split())
    assert lasting(three.records()) == lasting(before)
    assert three.json("status", "--check")["audit"]["findings"] == {}


def test_a_lost_table(three: Bench) -> None:
    before = three.records()
    dynamodb = three.client("dynamodb")
    with pytest.raises(ClientError, match="protected against deletion"):
        dynamodb.delete_table(TableName=TABLE)
    dynamodb.update_table(TableName=TABLE, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=TABLE)
    three.zenoimg("destroy", "--yes")
    three.zenoimg("deploy")
    assert three.records() == {}
    results = three.json("reprocess", "--missing")
    assert {result["ImageId"]: result["Result"] for result in results} == dict.fromkeys(KEYS, "processed")
    assert lasting(three.records()) == lasting(before)
    assert three.json("status", "--check")["audit"]["findings"] == {}


def test_lost_copies_and_what_outlives_its_original(three: Bench) -> None:
    s3 = three.client("s3")
    s3.delete_object(Bucket="zeno-processed-images", Key="processed/a.jpg")
    told = s3.get_bucket_notification_configuration(Bucket="zeno-original-images")
    told.pop("ResponseMetadata")
    s3.put_bucket_notification_configuration(Bucket="zeno-original-images", NotificationConfiguration={})
    s3.delete_object(Bucket="zeno-original-images", Key="c.jpg")
    s3.put_bucket_notification_configuration(Bucket="zeno-original-images", NotificationConfiguration=told)
    found = three.json("status", "--check", code=1)["audit"]["findings"]
    assert found == {"copy without original": 1, "no copy": 1}
    results = three.json("reprocess")
    assert {result["ImageId"]: result["Result"] for result in results} == {"a.jpg": "processed", "c.jpg": "removed"}
    assert set(three.records()) == three.copies() == KEYS - {"c.jpg"}
    assert three.json("status", "--check")["audit"]["findings"] == {}
