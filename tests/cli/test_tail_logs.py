"""tail-logs: lines for people, lines for programs, and how it ends."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from tests.cli.conftest import Terminal
from zenoimg.aws.platform import AWS, EMBEDDED
from zenoimg.cli.commands import tail_logs
from zenoimg.cli.terminal.log_text import LogText
from zenoimg.operations.logs.follow import LogEvent
from zenoimg.operations.logs.lines import understand

NOW = datetime(2020, 1, 1, tzinfo=UTC)  # replaced for each test
REQUEST = "8f5b4c1e-0f65-4e0f-9d5e-2b1c3d4e5f60"
TRACEBACK = (
    'Traceback (most recent call last):\n  File "/var/task/zenoimg/pipeline/storage.py", line 7, in f\n    x\nE: no'
)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the lines a minute old when a test starts, however long the run before it took."""
    monkeypatch.setattr(sys.modules[__name__], "NOW", datetime.now(UTC))


def at(seconds: float) -> int:
    return int((NOW - timedelta(minutes=1, seconds=-seconds)).timestamp() * 1000)


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(at(seconds) / 1000, UTC).isoformat()


def entry(level: str, message: str, **more: Any) -> str:
    return json.dumps({"level": level, "message": message, "function_request_id": REQUEST, **more})


PROCESSED = entry(
    "INFO",
    "processed",
    image="a [red]b[/].jpg",
    result="processed",
    format="JPEG",
    original_size=3_420_000,
    processed_size=3_437_100,
    duration_ms=1234,
    stages_ms={"fetch": 34, "watermark": 1100, "store": 100, "check": 0},
    warnings=["the gain map is \x1b[31mgone"],
)
LINES = {
    "/aws/lambda/P": [
        (0, f"START RequestId: {REQUEST} Version: $LATEST"),
        (1, PROCESSED),
        (2, '{"_aws": {}, "processed": 1}'),
        (3, f"END RequestId: {REQUEST}"),
        (4, f"REPORT RequestId: {REQUEST}\tDuration: 1250.51 ms\tBilled Duration: 1251 ms\tMemory Size: 3008 MB"
            "\tMax Memory Used: 93 MB\tInit Duration: 412.01 ms\t"),
        (6, entry("ERROR", "failed", image="b.jpg", exception=TRACEBACK, exception_name="E")),
    ],
    "/aws/lambda/A": [(5, entry("WARNING", "refused", status=400, error="limit must be a whole number"))],
}  # fmt: skip


@dataclass
class FakeLogs:
    """Both log groups; after ``looks`` reads, the terminal gets a Ctrl-C."""

    looks: int = 1

    def filter_log_events(self, **request: Any) -> dict[str, Any]:
        if request["logGroupName"] == "/aws/lambda/P":
            self.looks -= 1
            if self.looks < 0:
                raise KeyboardInterrupt
        events = [
            {"timestamp": at(second), "message": text, "logStreamName": "s"}
            for second, text in LINES[request["logGroupName"]]
        ]
        kept = [raw for raw in events if request["startTime"] <= raw["timestamp"] <= request.get("endTime", 2**60)]
        return {"events": kept}


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> FakeLogs:
    fake = FakeLogs()
    deployment = SimpleNamespace(processor_function="P", processor_large_function="", get_images_function="A")
    pipeline = SimpleNamespace(deployment=deployment, aws=SimpleNamespace(logs=fake, local=True, platform=EMBEDDED))
    monkeypatch.setattr(tail_logs, "pipeline_of", lambda call: (None, pipeline))
    monkeypatch.setattr(tail_logs, "wait", lambda seconds: None)
    return fake


def test_without_a_terminal_lines_are_not_wrapped(terminal: Terminal, logs: FakeLogs) -> None:
    # Date and time come first.
    assert [line[20:] for line in terminal.run("tail-logs").stdout.splitlines()[:4]] == [
        "INFO    processor a [red]b[/].jpg processed  JPEG, 3.42 MB → 3.44 MB, 1,234 ms (watermark 1,100, store 100, "
        r"fetch 34)  note: the gain map is \x1b[31mgone  #8f5b4c1e",
        "        processor took 1,251 ms, started in 412 ms, used 93 of 3,008 MB  #8f5b4c1e",
        "WARNING api       refused  limit must be a whole number  status=400  #8f5b4c1e",
        "ERROR   processor b.jpg failed  #8f5b4c1e",
    ]


def test_a_traceback_is_reduced_to_its_relevant_line(terminal: Terminal, logs: FakeLogs) -> None:
    lines = terminal.run("tail-logs").stdout.splitlines()
    assert lines[-1] == "    E: no  (storage.py:7)"


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (["processor"], 3),
        (["api"], 1),
        (["all"], 4),
        (["--level", "warning"], 2),
        (["--level", "ERROR"], 1),
        (["--image", "b.jpg"], 1),
        (["--filter", "LIMIT must"], 1),
        (["--request", "#8f5b4c1e"], 4),
        (["--request", "00000000"], 0),
        (["--until", 1.5], 1),
        (["--since", 5.5], 1),
    ],
)
def test_only_requested_lines_are_shown(
    terminal: Terminal, logs: FakeLogs, options: list[str | float], count: int
) -> None:
    arguments = [iso(option) if isinstance(option, float) else option for option in options]
    shown = [line for line in terminal.run("tail-logs", *arguments).stdout.splitlines() if not line.startswith(" ")]
    assert len(shown) == count


def test_full_shows_the_whole_traceback(terminal: Terminal, logs: FakeLogs) -> None:
    assert 'File "/var/task/zenoimg/pipeline/storage.py", line 7' in terminal.run("tail-logs", "--full").stdout


def test_json_is_one_object_per_event_and_line(terminal: Terminal, logs: FakeLogs) -> None:
    lines = [json.loads(line) for line in terminal.run("tail-logs", "--json").stdout.splitlines()]
    assert len(lines) == 7
    assert lines[1]["event"] == json.loads(PROCESSED)
    assert (lines[0]["function"], lines[0]["event"][:5]) == ("processor", "START")
    assert datetime.fromisoformat(lines[1]["time"]).timestamp() * 1000 == at(1)


def test_following_shows_each_line_once_and_ends_with_ctrl_c(terminal: Terminal, logs: FakeLogs) -> None:
    logs.looks = 3
    done = terminal.run("tail-logs", "-f", code=130)
    assert done.stdout.count("a [red]b[/].jpg") == 1
    assert "Rerun the command" not in done.stderr


def test_live_shows_new_lines_using_the_groups_arns(
    terminal: Terminal, logs: FakeLogs, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def stream() -> Iterator[dict[str, Any]]:
        found = {"timestamp": at(1), "message": PROCESSED, "logStreamName": "s"}
        results = [{**found, "logGroupIdentifier": "arn:aws:logs:eu-west-1:1:log-group:/aws/lambda/P"}]
        yield {"sessionUpdate": {"sessionMetadata": {"sampled": True}, "sessionResults": results}}
        raise KeyboardInterrupt

    def start_live_tail(**request: Any) -> dict[str, Any]:
        asked.extend(request["logGroupIdentifiers"])
        return {"responseStream": stream()}

    identity = SimpleNamespace(partition="aws", region="eu-west-1", account="1")
    client = SimpleNamespace(start_live_tail=start_live_tail)
    aws = SimpleNamespace(logs=client, local=False, platform=AWS, identity=identity)
    deployment = SimpleNamespace(processor_function="P", processor_large_function="", get_images_function="A")
    pipeline = SimpleNamespace(deployment=deployment, aws=aws)
    monkeypatch.setattr(tail_logs, "pipeline_of", lambda call: (None, pipeline))
    done = terminal.run("tail-logs", "--live", code=130)
    assert asked == [f"arn:aws:logs:eu-west-1:1:log-group:/aws/lambda/{name}" for name in "PA"]
    assert "processor a [red]b[/].jpg processed" in done.stdout
    assert "sample" in done.stderr
    assert "by the minute" in done.stderr


def test_the_embedded_aws_has_no_live_tail(terminal: Terminal, logs: FakeLogs) -> None:
    assert "-f" in terminal.run("tail-logs", "--live", code=2).stderr


def test_the_absence_of_lines_is_reported(terminal: Terminal, logs: FakeLogs) -> None:
    done = terminal.run("tail-logs", "--since", "5s")
    assert (done.stdout, done.stderr.strip()) == ("", "No log lines in the last 5s.")


@pytest.mark.parametrize(
    "options",
    [
        ["--live"],
        ["--live", "-f"],
        ["--live", "--since", "1m"],
        ["--until", "1m", "-f"],
        ["--until", "20m"],
        ["--since", "yesterday"],
        ["nobody"],
        ["--level", "loud"],
    ],
)
def test_contradictory_options_are_usage_errors(terminal: Terminal, logs: FakeLogs, options: list[str]) -> None:
    terminal.run("tail-logs", *options, code=2)


@pytest.mark.parametrize("width", [80, 120, 200])
@pytest.mark.parametrize("full", [False, True])
def test_long_lines_wrap_at_the_terminal_width_with_a_hanging_indent(width: int, full: bool) -> None:
    drawn = LogText(full=full, width=width, today=NOW.astimezone())
    console = Console(width=width, record=True, file=io.StringIO(), force_terminal=True)
    for group in LINES.values():
        for second, text in group:
            for part in drawn.lines(understand(LogEvent("processor", at(second), "s", text))):
                console.print(part)
    rows = console.export_text().splitlines()
    assert max(map(len, rows)) <= width
    assert ("(watermark 1,100" in " ".join(rows)) == (width >= 110)
    for row in rows:
        assert row[:8].count(":") == 2 or row.startswith("    "), row


def test_a_line_of_another_day_has_its_day_above_it() -> None:
    drawn = LogText(full=False, width=80, today=NOW + timedelta(days=2))
    event = LogEvent("api", at(0), "s", "text")
    day, _ = drawn.lines(understand(event))
    assert str(day) == f"{datetime.fromtimestamp(at(0) / 1000):%Y-%m-%d}"
    assert len(list(drawn.lines(understand(event)))) == 1
