"""Duplicate, late, reordered and outdated events: the newest bytes win, and there are no leftovers."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from PIL import Image

from tests.aws.invocation import s3_event
from tests.drawn.pictures import jpeg, photo
from tests.local.bench import ORIGINALS
from tests.local.faults.conftest import PROCESSOR, Faults

pytestmark = [pytest.mark.local, pytest.mark.thorough]


def send(faults: Faults, event: dict[str, Any], kind: str = "Event") -> None:
    functions = faults.client("lambda")
    functions.invoke(FunctionName=PROCESSOR, InvocationType=kind, Payload=json.dumps(event).encode())


def test_the_same_event_five_times_at_once(faults: Faults) -> None:
    faults.put_unseen(["same/a.jpg"])
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda _: send(faults, s3_event("same/a.jpg", bucket=ORIGINALS)), range(5)))
    faults.until(lambda: len(faults.results("same/a.jpg")) == 5, "five looks are done")
    assert set(faults.results("same/a.jpg")) <= {"processed", "unchanged"}
    faults.all_is_well("same/", 1)


@pytest.mark.parametrize("last", ["put", "delete"])
def test_events_in_reverse_order(last: str, faults: Faults) -> None:
    key, s3 = f"reverse/{last}.jpg", faults.client("s3")
    faults.put_unseen([key, key])
    s3.delete_object(Bucket=ORIGINALS, Key=key)
    names = ["ObjectCreated:Put", "ObjectCreated:Put", "ObjectRemoved:DeleteMarkerCreated"]
    if last == "put":
        faults.put_unseen([key])
        names.append("ObjectCreated:Put")
    for name in reversed(names):
        send(faults, s3_event(key, name=name, bucket=ORIGINALS), "RequestResponse")
    faults.all_is_well(key, 1 if last == "put" else 0)


def test_an_overwrite_during_processing_leaves_the_newest(faults: Faults) -> None:
    faults.put("overwritten/a.jpg")
    faults.until(lambda: "overwritten/a.jpg" in faults.records(), "a record")
    faults.until(lambda: faults.records()["overwritten/a.jpg"]["Height"] == 96, "the record of the newer photo")
    newest = faults.client("s3").head_object(Bucket=ORIGINALS, Key="overwritten/a.jpg")
    assert faults.records()["overwritten/a.jpg"]["VersionId"] == newest["VersionId"]
    with Image.open(io.BytesIO(faults.copy("overwritten/a.jpg"))) as copy:
        assert copy.size == (64, 96)
    faults.until(lambda: faults.looks("overwritten/a.jpg") >= 3, "both events and the second round")
    faults.all_is_well("overwritten/", 1)


def test_a_delete_during_processing_leaves_nothing(faults: Faults) -> None:
    faults.put("deleted/a.jpg")
    faults.until(lambda: "removed" in faults.results("deleted/a.jpg"), "the removal is noticed")
    faults.until(lambda: len(faults.results("deleted/a.jpg")) >= 2, "both events are done")
    faults.all_is_well("deleted/", 0)


def test_deleting_and_putting_the_same_bytes_again(faults: Faults) -> None:
    s3 = faults.client("s3")
    faults.put("again/a.jpg", seed=5)
    s3.delete_object(Bucket=ORIGINALS, Key="again/a.jpg")
    version = faults.put("again/a.jpg", seed=5)
    faults.until(lambda: len(faults.results("again/a.jpg")) == 3, "three events are done")
    assert faults.records()["again/a.jpg"]["VersionId"] == version
    faults.all_is_well("again/", 1)


def test_two_recipes_at_once_agree_in_the_end(faults: Faults) -> None:
    """A process with another recipe runs concurrently: each copy and its record are by the same recipe."""
    keys = [f"recipes/{number}.jpg" for number in range(8)]
    faults.put_unseen(keys)
    other = faults.folder / "other.toml"
    other.write_text('[watermark]\ntext = "another"\n')
    command = [sys.executable, "-m", "zenoimg", "--config", str(other), "reprocess", *keys, "--here", "--json"]
    here = subprocess.Popen(
        command, env=faults.environment, cwd=faults.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    faults.zenoimg("reprocess", *keys, "--no-wait")
    assert here.communicate(timeout=100)[1] is not None
    faults.zenoimg("reprocess", "--watch", code=None)
    found = faults.json("status", "--check", code=None)
    assert set(found["audit"]["findings"]) <= {"stale", "failed"}
    faults.zenoimg("reprocess", "--failed", "--missing", "--stale")
    assert faults.json("reprocess", "--stale") == []
    deployed = found["recipe"]
    assert {record["Recipe"] for record in faults.records().values()} == {deployed}
    faults.all_is_well("recipes/", 8)


def test_uploading_through_the_command_is_no_different(faults: Faults) -> None:
    faults.write("plain/a.jpg", jpeg(photo((96, 64), "RGB", seed=7)))
    (result,) = faults.json("upload", "plain", "--prefix", "plain/")
    assert result["Result"] == "processed"
    faults.all_is_well("plain/", 1)
