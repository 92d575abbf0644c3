"""The embedded AWS's home folder, log and port, and the environments of server and clients."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest

from tests.local.embedded_bench import Make, client
from zenoimg.errors import ConfigurationError
from zenoimg.local import LocalSettings, child

pytest.importorskip("ministack")
pytestmark = pytest.mark.local


def test_state_of_another_port_is_rejected_until_reset(make: Make, free_port: Callable[[], int]) -> None:
    aws, moved = make(), make()
    aws.start()
    with pytest.raises(ConfigurationError, match=f"created with port {aws.settings.port}"):
        moved.start()
    client(aws, "s3").create_bucket(Bucket="some-bucket")
    aws.stop()
    with pytest.raises(ConfigurationError, match=f"created with port {aws.settings.port}"):
        moved.start()
    (aws.settings.home / "notes.txt").write_text("not ours")
    moved.reset()
    assert {path.name for path in aws.settings.home.iterdir()} == {"notes.txt", "turn.lock"}
    (aws.settings.home / "notes.txt").unlink()
    assert moved.start()
    assert client(moved, "s3").list_buckets()["Buckets"] == []


def test_a_folder_with_other_files_is_left_alone(make: Make) -> None:
    aws = make()
    precious = aws.settings.scratch_folder / "precious"
    precious.parent.mkdir(parents=True)
    precious.write_text("keep me")
    with pytest.raises(ConfigurationError, match="not empty"):
        aws.start()
    aws.reset()
    assert precious.read_text() == "keep me"


def test_a_large_log_is_rotated_at_start(make: Make) -> None:
    aws = make()
    aws.start()
    aws.stop()
    aws.settings.log_file.write_bytes(b"x" * 6_000_000)
    aws.start()
    assert aws.settings.log_file.stat().st_size < 100_000
    assert aws.settings.previous_log_file.stat().st_size == 6_000_000


def test_the_server_does_not_inherit_the_operators_environment(tmp_path: Path) -> None:
    inherited = {
        "PATH": "/bin",
        "HOME": "/home/someone",
        "PYTHONPATH": "/evil",
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "secret",
        "AWS_ENDPOINT_URL": "http://elsewhere",
        "HTTPS_PROXY": "http://proxy",
    }
    seen = child.environment(LocalSettings(tmp_path), inherited)
    assert {name: seen.get(name) for name in inherited} == dict.fromkeys(inherited) | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}/bin",
        "HOME": "/home/someone",
    }
    assert (seen["BIND_HOST"], seen["AWS_CONFIG_FILE"]) == ("127.0.0.1", os.devnull)


def test_its_variables_point_an_sdk_at_it_in_any_environment(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    aws = make()
    aws.start()
    client(aws, "s3").create_bucket(Bucket="some-bucket")
    hostile = {
        "AWS_PROFILE": "no-such-profile",
        "AWS_SESSION_TOKEN": "of-other-keys",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "NO_PROXY": "example.com",
    }
    for name, value in hostile.items():
        monkeypatch.setenv(name, value)
    variables = aws.environment()
    assert variables["NO_PROXY"] == "example.com,127.0.0.1"
    for name in aws.unset_variables():
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = boto3.Session().client("s3").list_buckets()["Buckets"]
    assert [bucket["Name"] for bucket in found] == ["some-bucket"]


def test_settings_come_from_the_environment(tmp_path: Path) -> None:
    assert LocalSettings.from_environment({"ZENOIMG_LOCAL_HOME": ""}).port == 4747
    settings = LocalSettings.from_environment({"ZENOIMG_LOCAL_HOME": str(tmp_path), "ZENOIMG_LOCAL_PORT": "5000"})
    assert (settings.home, settings.endpoint_url) == (tmp_path.resolve(), "http://127.0.0.1:5000")


@pytest.mark.parametrize("port", ["0", "65536", "-1", "4747x", "٤", "http"])
def test_an_invalid_port_is_rejected(port: str) -> None:
    with pytest.raises(ConfigurationError, match="ZENOIMG_LOCAL_PORT"):
        LocalSettings.from_environment({"ZENOIMG_LOCAL_PORT": port})


def test_importing_it_loads_neither_boto3_nor_ministack() -> None:
    program = "import sys, zenoimg.local; print({'boto3', 'botocore', 'ministack'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert answer.stdout.strip() == "set()"
