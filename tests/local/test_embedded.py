from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from zenoimg.errors import ConfigurationError, ZenoError
from zenoimg.local import EmbeddedAws, LocalSettings, child, embedded, ports

pytest.importorskip("ministack")
pytestmark = pytest.mark.local

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
Make = Callable[..., EmbeddedAws]

# Marks its beginning and its end in the table, and computes in between.
FUNCTION = """
import time, boto3
def handler(event, context):
    table = boto3.resource("dynamodb").Table("things")
    table.put_item(Item={"Id": event["name"] + " began"})
    end = time.monotonic() + event["seconds"]
    while time.monotonic() < end:
        sum(range(10_000))
    table.put_item(Item={"Id": event["name"] + " ended"})
"""


@pytest.fixture
def make(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Make]:
    """Makes embedded AWSs with homes of their own, and stops them at the end."""
    made: list[EmbeddedAws] = []

    def make(name: str = "home", port: int | None = None) -> EmbeddedAws:
        made.append(EmbeddedAws(LocalSettings(tmp_path / name, port or free_port())))
        return made[-1]

    yield make
    for aws in made:
        aws.stop()


def client(aws: EmbeddedAws, service: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=aws.settings.endpoint_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name="us-east-1",
        config=Config(retries={"max_attempts": 0}, proxies={}),
    )


def make_table(aws: EmbeddedAws) -> Any:
    dynamodb = client(aws, "dynamodb")
    dynamodb.create_table(
        TableName="things",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
    )
    return dynamodb


def ids_in_table(aws: EmbeddedAws) -> set[str]:
    return {item["Id"]["S"] for item in client(aws, "dynamodb").scan(TableName="things")["Items"]}


def begin_invocation(aws: EmbeddedAws, name: str, *, seconds: float) -> None:
    """Deploy the function, invoke it asynchronously and return once it is at work."""
    make_table(aws)
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allowed = {"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": "*"}
    iam, functions = client(aws, "iam"), client(aws, "lambda")
    role = iam.create_role(RoleName="role", AssumeRolePolicyDocument=_policy(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName="role", PolicyName="put", PolicyDocument=_policy(allowed))
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("function.py", FUNCTION)
    functions.create_function(
        FunctionName="function",
        Runtime="python3.13",
        Handler="function.handler",
        Role=role,
        Timeout=60,
        Code={"ZipFile": code.getvalue()},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName="function", WaiterConfig={"Delay": 1})
    event = json.dumps({"name": name, "seconds": seconds})
    functions.invoke(FunctionName="function", InvocationType="Event", Payload=event)
    await_true(lambda: f"{name} began" in ids_in_table(aws))


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def await_true(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "never came true"
        time.sleep(0.02)


def pid_of(aws: EmbeddedAws) -> int:
    pid = aws.status().pid
    assert pid is not None
    return pid


def processes_of(aws: EmbeddedAws) -> list[int]:
    """Every process with the home folder in its command line."""
    listing = subprocess.run(["ps", "-axww", "-o", "pid=,command="], capture_output=True, check=True, text=True)
    return [int(row.split()[0]) for row in listing.stdout.splitlines() if f"{aws.settings.home}/" in row]


def test_it_starts_once_answers_and_stops(make: Make) -> None:
    aws = make()
    assert aws.status().state == "stopped"
    assert not aws.stop()
    assert aws.start()
    assert not aws.start()
    status = aws.status()
    assert (status.state, status.version, status.endpoint_url) == (
        "running",
        "1.5.33",
        f"http://127.0.0.1:{aws.settings.port}",
    )
    assert client(aws, "sts").get_caller_identity()["Account"] == "000000000000"
    assert aws.stop()
    assert aws.status().state == "stopped"
    assert processes_of(aws) == []


def test_bucket_object_and_record_survive_stop_and_start(make: Make) -> None:
    aws = make()
    aws.start()
    client(aws, "s3").create_bucket(Bucket="some-bucket")
    client(aws, "s3").put_object(Bucket="some-bucket", Key="a key", Body=b"bytes")
    make_table(aws).put_item(TableName="things", Item={"Id": {"S": "kept"}})
    assert aws.status().saved_at is None
    aws.stop()
    assert aws.status().saved_at is not None
    aws.start()
    assert client(aws, "s3").get_object(Bucket="some-bucket", Key="a key")["Body"].read() == b"bytes"
    assert ids_in_table(aws) == {"kept"}


def test_a_checkpoint_outlives_a_hard_kill(make: Make) -> None:
    aws = make()
    aws.start()
    make_table(aws).put_item(TableName="things", Item={"Id": {"S": "before"}})
    aws.checkpoint()
    client(aws, "dynamodb").put_item(TableName="things", Item={"Id": {"S": "after"}})
    os.kill(pid_of(aws), signal.SIGKILL)
    await_true(lambda: aws.status().state == "stopped")
    assert aws.start()
    assert ids_in_table(aws) == {"before"}


def test_a_checkpoint_of_a_stopped_one_starts_nothing(make: Make) -> None:
    aws = make()
    aws.checkpoint()
    assert aws.status().state == "stopped"


def test_two_homes_with_two_ports_run_side_by_side(make: Make) -> None:
    one, two = make("one"), make("two")
    one.start()
    two.start()
    client(one, "s3").create_bucket(Bucket="only-in-one")
    assert client(two, "s3").list_buckets()["Buckets"] == []
    two.stop()
    assert one.status().state == "running"


def test_two_starters_at_once_start_one(make: Make) -> None:
    aws = make()
    program = (
        "import sys; from pathlib import Path; from zenoimg.local import EmbeddedAws, LocalSettings;"
        "print(EmbeddedAws(LocalSettings(Path(sys.argv[1]), int(sys.argv[2]))).start())"
    )
    command = [sys.executable, "-c", program, str(aws.settings.home), str(aws.settings.port)]
    starters = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert sorted(starter.communicate()[0].strip() for starter in starters) == ["False", "True"]
    assert len(processes_of(aws)) == 1
    assert aws.stop()  # started by a process that is gone
    assert processes_of(aws) == []


def test_a_port_taken_by_a_stranger_is_named_and_another_can_be_chosen(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        aws = make(port=port)
        assert aws.status().state == "port-taken"
        with pytest.raises(ConfigurationError, match=f"port {port}") as refused:
            aws.start()
    assert "ZENOIMG_LOCAL_PORT=" in refused.value.next_step
    assert make().start()  # the same home, which has no state yet


def test_a_server_that_dies_early_shows_what_it_said(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "trouble", lambda port: None)
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        aws = make(port=stranger.getsockname()[1])
        with pytest.raises(ZenoError, match="is already in use") as failed:
            aws.start()
    assert str(aws.settings.log_file) in failed.value.next_step


def test_without_ministack_the_way_out_is_pip(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError) as refused:
        make().start()
    assert refused.value.next_step == "pip install 'zenoimg[local]'"


def test_a_stale_pid_file_never_hits_a_stranger(make: Make) -> None:
    aws = make()
    aws.start()
    aws.stop()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        aws.settings.pid_file.write_text(f"{stranger.pid}\n")
        assert aws.status().pid is None
        assert not aws.stop()
        assert aws.start()
        assert aws.stop()
        assert stranger.poll() is None
        stranger.communicate(b"\n")


@pytest.mark.thorough
def test_after_a_hard_kill_orphaned_workers_end_and_it_starts(make: Make) -> None:
    aws = make()
    aws.start()
    begin_invocation(aws, "orphan", seconds=60)
    server = pid_of(aws)
    assert len(processes_of(aws)) == 2
    os.kill(server, signal.SIGKILL)
    await_true(lambda: aws.status().state == "stopped")
    assert len(processes_of(aws)) == 1
    assert aws.start()
    assert processes_of(aws) == [pid_of(aws)]


def test_a_stop_lets_the_invocation_in_flight_finish(make: Make) -> None:
    aws = make()
    aws.start()
    begin_invocation(aws, "invocation", seconds=1.5)
    aws.stop()
    assert processes_of(aws) == []
    aws.start()
    assert ids_in_table(aws) == {"invocation began", "invocation ended"}


@pytest.mark.thorough
def test_a_stop_that_takes_too_long_says_so_and_kills_nothing(make: Make) -> None:
    aws = make()
    aws.start()
    pid = pid_of(aws)
    os.kill(pid, signal.SIGSTOP)
    try:
        assert aws.status().state == "unhealthy"
        with pytest.raises(ZenoError, match=f"process {pid}") as busy:
            aws.stop(patience=0.1)
        assert busy.value.code == "local-still-stopping"
        assert processes_of(aws) == [pid]
    finally:
        os.kill(pid, signal.SIGCONT)
    await_true(lambda: aws.status().state == "stopped")


@linux
def test_it_listens_on_loopback_alone(make: Make) -> None:
    aws = make()
    aws.start()
    pid = pid_of(aws)
    links = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    inodes = {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:")}
    rows = [
        row.split()
        for table in ("tcp", "tcp6", "udp", "udp6")
        for row in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    ]
    listening = [row[1] for row in rows if row[9] in inodes and row[3] != "01" and row[2].endswith(":0000")]
    assert listening == [f"0100007F:{aws.settings.port:04X}"]


def test_it_is_out_of_reach_of_the_terminal(make: Make) -> None:
    aws = make()
    aws.start()
    assert os.getsid(pid_of(aws)) != os.getsid(0)


def test_state_of_another_port_is_refused_until_reset(make: Make, free_port: Callable[[], int]) -> None:
    aws, moved = make(), make()
    aws.start()
    with pytest.raises(ConfigurationError, match=f"made with port {aws.settings.port}"):
        moved.start()
    client(aws, "s3").create_bucket(Bucket="some-bucket")
    aws.stop()
    with pytest.raises(ConfigurationError, match=f"made with port {aws.settings.port}"):
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


def test_a_grown_log_is_turned_over_at_a_start(make: Make) -> None:
    aws = make()
    aws.start()
    aws.stop()
    aws.settings.log_file.write_bytes(b"x" * 6_000_000)
    aws.start()
    assert aws.settings.log_file.stat().st_size < 100_000
    assert aws.settings.previous_log_file.stat().st_size == 6_000_000


def test_the_server_sees_nothing_of_the_operators_environment(tmp_path: Path) -> None:
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


def test_its_variables_lead_an_sdk_to_it_from_any_environment(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(ConfigurationError, match="ZENOIMG_LOCAL_PORT"):
        LocalSettings.from_environment({"ZENOIMG_LOCAL_PORT": port})


def test_importing_it_loads_neither_boto3_nor_ministack() -> None:
    program = "import sys, zenoimg.local; print({'boto3', 'botocore', 'ministack'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert answer.stdout.strip() == "set()"
