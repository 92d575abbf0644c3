"""Many photos at once, and an AWS that is killed in the meantime."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.drawn.pictures import jpeg, photo
from tests.local.bench import ORIGINALS, TABLE
from tests.local.faults.conftest import Faults, deploy
from zenoimg.local import EmbeddedAws

pytestmark = [pytest.mark.local, pytest.mark.thorough]


def records_of(bench: Faults) -> int:
    """Return the number of records with a cheap request, since the machine is busy."""
    count: int = bench.client("dynamodb").scan(TableName=TABLE, Select="COUNT")["Count"]
    return count


@pytest.mark.parametrize("photos", [60, pytest.param(300, marks=pytest.mark.nightly)])
def test_photos_dropped_at_once_by_the_aws_cli_are_all_processed(
    photos: int, own_aws: EmbeddedAws, tmp_path: Path
) -> None:
    aws = shutil.which("aws")
    if aws is None:
        pytest.skip("the AWS CLI is not on the PATH")
    # ministack unpacks the layer for each invocation that finds no idle worker, and the HEIF decoder is half of it.
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / "zenoimg.toml").write_text("[formats]\nheic = false\n", encoding="utf-8")
    bench = deploy(own_aws, tmp_path / "drop", Faults)
    some = [jpeg(photo((320, 240), "RGB", seed=seed)) for seed in range(10)]
    for number in range(photos):
        # Bytes after the picture's end are kept: 50 KB each, all different.
        filled = some[number % 10] + number.to_bytes(2, "big") * 25_000
        bench.write(f"many/{number:03}.jpg", filled[:50_000])
    config = bench.write("aws-config", b"[default]\ns3 =\n  max_concurrent_requests = 4\n")
    environment = {**bench.environment, **own_aws.environment({}), "AWS_CONFIG_FILE": str(config)}
    command = [aws, "s3", "cp", "--recursive", "--only-show-errors", "many", f"s3://{ORIGINALS}/many"]
    subprocess.run(command, env=environment, cwd=bench.folder, check=True, timeout=600)
    bench.until(lambda: records_of(bench) >= photos, f"{photos} records", seconds=600)
    bench.all_is_well("many/", photos)


@pytest.mark.parametrize("records", [10, 50, 90])
def test_a_hard_kill_in_the_middle_of_a_hundred_photos(records: int, own_aws: EmbeddedAws, tmp_path: Path) -> None:
    bench = deploy(own_aws, tmp_path / "killed", Faults)
    keys = [f"killed/{number:03}.jpg" for number in range(100)]
    bench.put_unseen(keys)
    bench.zenoimg("reprocess", "--no-wait")
    bench.until(lambda: records_of(bench) >= records, f"{records} records", seconds=300)
    pid = own_aws.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    bench.until(lambda: own_aws.status().state == "stopped", "the server is dead")

    bench.zenoimg("local", "start")
    found = bench.json("status", "--check", code=1)
    assert found["audit"]["originals"] == 100
    results = bench.json("reprocess")
    assert {result["Result"] for result in results} == {"processed"}
    bench.all_is_well("killed/", 100)
    assert bench.json("reprocess") == []
