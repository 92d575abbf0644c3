"""The embedded AWS as a process: it starts once, keeps its state, and stops with everything that it started."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.local.embedded_bench import (
    Make,
    await_true,
    begin_invocation,
    client,
    ids_in_table,
    make_table,
    pid_of,
    processes_of,
)
from zenoimg.errors import ConfigurationError, ZenoError
from zenoimg.local import embedded, ports
from zenoimg.suggest import suggest_install

pytest.importorskip("ministack")
pytestmark = pytest.mark.local

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


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


@pytest.mark.thorough
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


@pytest.mark.thorough
def test_a_checkpoint_survives_a_hard_kill(make: Make) -> None:
    aws = make()
    aws.start()
    make_table(aws).put_item(TableName="things", Item={"Id": {"S": "before"}})
    aws.checkpoint()
    client(aws, "dynamodb").put_item(TableName="things", Item={"Id": {"S": "after"}})
    os.kill(pid_of(aws), signal.SIGKILL)
    await_true(lambda: aws.status().state == "stopped")
    assert aws.start()
    assert ids_in_table(aws) == {"before"}


@pytest.mark.thorough
def test_a_lost_state_is_reported_after_a_hard_kill_and_only_then(make: Make) -> None:
    aws = make()
    reports: list[str] = []

    def start() -> bool:
        return aws.start(on_lost_state=lambda: reports.append("lost"))

    start()
    client(aws, "s3").create_bucket(Bucket="some-bucket")
    aws.checkpoint()
    aws.stop()
    start()
    assert reports == []
    os.kill(pid_of(aws), signal.SIGKILL)
    await_true(lambda: aws.status().state == "stopped")
    start()
    assert reports == ["lost"]


@pytest.mark.thorough
def test_a_busy_server_is_awaited_with_a_message(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_BUSY_SECONDS", 0)
    aws = make()
    aws.start()
    pid = pid_of(aws)
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        os.kill(pid, signal.SIGCONT)

    os.kill(pid, signal.SIGSTOP)
    try:
        assert not aws.start(on_progress=say)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert said == [f"The embedded AWS (process {pid}) is busy; waiting up to 120 s for a response"]


@pytest.mark.thorough
def test_a_server_that_ends_while_awaited_is_started_again(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_BUSY_SECONDS", 0)
    aws = make()
    aws.start()
    pid = pid_of(aws)
    os.kill(pid, signal.SIGSTOP)
    assert aws.start(on_progress=lambda text: os.kill(pid, signal.SIGKILL) if "is busy" in text else None)
    assert pid_of(aws) != pid


@pytest.mark.thorough
def test_a_server_that_stays_busy_is_reported_and_not_killed(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    aws = make()
    aws.start()
    pid = pid_of(aws)
    monkeypatch.setattr(embedded, "PATIENCE_SECONDS", 0.1)
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(ZenoError, match="alive but has not responded") as stuck:
            aws.start()
    finally:
        os.kill(pid, signal.SIGCONT)
    assert stuck.value.next_step == "Stop it with `zenoimg local stop`."
    assert pid_of(aws) == pid


def test_a_checkpoint_does_not_start_a_stopped_server(make: Make) -> None:
    aws = make()
    aws.checkpoint()
    assert aws.status().state == "stopped"


@pytest.mark.thorough
def test_two_homes_with_two_ports_run_side_by_side(make: Make) -> None:
    one, two = make("one"), make("two")
    one.start()
    two.start()
    client(one, "s3").create_bucket(Bucket="only-in-one")
    assert client(two, "s3").list_buckets()["Buckets"] == []
    two.stop()
    assert one.status().state == "running"


def test_two_concurrent_starts_start_one_server(make: Make) -> None:
    aws = make()
    program = (
        "import sys; from pathlib import Path; from zenoimg.local import EmbeddedAws, LocalSettings;"
        "print(EmbeddedAws(LocalSettings(Path(sys.argv[1]), int(sys.argv[2]))).start())"
    )
    command = [sys.executable, "-c", program, str(aws.settings.home), str(aws.settings.port)]
    starters = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert sorted(starter.communicate()[0].strip() for starter in starters) == ["False", "True"]
    assert len(processes_of(aws)) == 1
    assert aws.stop()  # started by a process that no longer exists
    assert processes_of(aws) == []


def test_a_port_in_use_is_reported_and_another_one_can_be_chosen(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        aws = make(port=port)
        assert aws.status().state == "port-taken"
        with pytest.raises(ConfigurationError, match=f"port {port}") as refused:
            aws.start()
    assert "ZENOIMG_LOCAL_PORT=" in refused.value.next_step
    assert make().start()  # the same home, which has no state yet


@pytest.mark.thorough
def test_the_output_of_a_server_that_exits_early_is_shown(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "bind_error", lambda port: None)
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        aws = make(port=stranger.getsockname()[1])
        with pytest.raises(ZenoError, match="is already in use") as failed:
            aws.start()
    assert str(aws.settings.log_file) in failed.value.next_step


def test_without_ministack_the_pip_command_is_suggested(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError) as refused:
        make().start()
    assert refused.value.next_step == f"Install it with: {suggest_install('local')}"


def test_a_stale_pid_file_never_kills_another_process(make: Make) -> None:
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


@pytest.mark.thorough
def test_a_stop_lets_the_invocation_in_flight_finish(make: Make) -> None:
    aws = make()
    aws.start()
    begin_invocation(aws, "invocation", seconds=1.5)
    aws.stop()
    assert processes_of(aws) == []
    aws.start()
    assert ids_in_table(aws) == {"invocation began", "invocation ended"}


@pytest.mark.thorough
def test_a_stop_that_takes_too_long_is_reported_and_kills_nothing(make: Make) -> None:
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
def test_it_listens_only_on_loopback(make: Make) -> None:
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


def test_signals_of_the_terminal_do_not_reach_it(make: Make) -> None:
    aws = make()
    aws.start()
    assert os.getsid(pid_of(aws)) != os.getsid(0)
