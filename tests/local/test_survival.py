"""What the embedded AWS keeps after a stop, a hard kill, and a destroy."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.drawn.pictures import jpeg, photo
from tests.local.bench import ORIGINALS, PROCESSED, TABLE, Bench
from zenoimg.local import EmbeddedAws, LocalSettings

pytestmark = [pytest.mark.local, pytest.mark.thorough]


@pytest.fixture
def own_bench(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Bench]:
    """Return an embedded AWS for one test, to be killed and stopped; the stack is deployed."""
    made = Bench(EmbeddedAws(LocalSettings(tmp_path / "home", free_port(), enforce_iam=True)), tmp_path)
    made.zenoimg("deploy")
    yield made
    made.embedded.stop()


def test_a_stop_and_a_start_keep_everything(own_bench: Bench) -> None:
    own_bench.write("kept.jpg", jpeg(photo((240, 180), "RGB", seed=10)))
    own_bench.zenoimg("upload", "kept.jpg")
    before = own_bench.records()
    own_bench.zenoimg("local", "stop")
    own_bench.zenoimg("local", "start")
    assert own_bench.records() == before
    assert json.loads(own_bench.zenoimg("api", "/images").stdout) == list(before.values())
    own_bench.write("after.jpg", jpeg(photo((240, 180), "RGB", seed=11)))
    own_bench.zenoimg("upload", "after.jpg")
    assert own_bench.copies() == {"kept.jpg", "after.jpg"}


def test_a_hard_kill_after_a_deploy_leaves_a_working_stack(own_bench: Bench) -> None:
    own_bench.write("before.jpg", jpeg(photo((240, 180), "RGB", seed=12)))
    own_bench.zenoimg("upload", "before.jpg")
    pid = own_bench.embedded.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    own_bench.until(lambda: own_bench.embedded.status().state == "stopped", "the server is dead")
    own_bench.write("after.jpg", jpeg(photo((240, 180), "RGB", seed=13)))
    own_bench.zenoimg("upload", "after.jpg")
    own_bench.zenoimg("reprocess")  # the record of the first was never saved
    assert set(own_bench.records()) == {"before.jpg", "after.jpg"}
    assert own_bench.copies() == {"before.jpg", "after.jpg"}
    assert json.loads(own_bench.zenoimg("api", "/images").stdout)


def test_destroy_keeps_the_data_and_deploy_adopts_it(own_bench: Bench) -> None:
    own_bench.write("kept.jpg", jpeg(photo((240, 180), "RGB", seed=14)))
    own_bench.zenoimg("upload", "kept.jpg")
    before = own_bench.records()
    assert "--yes" in own_bench.zenoimg("destroy", code=2).stderr
    gone = own_bench.json("destroy", "--yes")
    assert sorted(gone["stays"]) == sorted([ORIGINALS, PROCESSED, TABLE])
    assert "`zenoimg deploy`" in own_bench.zenoimg("list", code=3).stderr

    adopted = own_bench.json("deploy")
    assert sorted(change["physical_id"] for change in adopted["changes"] if change["action"] == "Import") == sorted(
        [ORIGINALS, PROCESSED, TABLE]
    )
    assert own_bench.records() == before
    own_bench.write("after.jpg", jpeg(photo((240, 180), "RGB", seed=15)))
    own_bench.zenoimg("upload", "after.jpg")  # so the adopted bucket triggers the new function
    assert set(own_bench.records()) == {"kept.jpg", "after.jpg"}
    assert own_bench.json("deploy")["result"] == "unchanged"


def test_a_deploy_corrects_settings_changed_by_other_means(own_bench: Bench) -> None:
    s3 = own_bench.client("s3")
    s3.put_bucket_notification_configuration(Bucket=ORIGINALS, NotificationConfiguration={})
    s3.put_bucket_versioning(Bucket=ORIGINALS, VersioningConfiguration={"Status": "Suspended"})
    again = own_bench.zenoimg("deploy")
    assert "versioning is not enabled" in again.stderr
    assert "does not notify imageProcessorLambda" in again.stderr
    own_bench.write("after.jpg", jpeg(photo((240, 180), "RGB", seed=16)))
    own_bench.zenoimg("upload", "after.jpg")
    assert set(own_bench.records()) == {"after.jpg"}
    assert own_bench.json("deploy")["result"] == "unchanged"
