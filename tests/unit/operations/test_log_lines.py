"""What a log event says, and which lines are wanted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from zenoimg.operations.logs.follow import LogEvent
from zenoimg.operations.logs.lines import LogFilter, joined, place, telling_line, understand

REQUEST = "8f5b4c1e-0f65-4e0f-9d5e-2b1c3d4e5f60"
TRACEBACK = (
    "Traceback (most recent call last):\n"
    '  File "/var/task/zenoimg/pipeline/storage.py", line 104, in put_copy\n'
    "    self._client.put_object(\n"
    '  File "/var/lang/lib/python3.13/site-packages/botocore/client.py", line 606, in _api_call\n'
    "    raise error_class(parsed_response, operation_name)\n"
    "botocore.errorfactory.NoSuchBucket: the bucket is gone\n"
    "its failed record could not be written either: x"
)


def event(message: str, stream: str = "s", at: int = 0) -> LogEvent:
    return LogEvent("processor", at, stream, message)


def entry(level: str = "INFO", message: str = "processed", **more: Any) -> LogEvent:
    return event(json.dumps({"level": level, "message": message, "function_request_id": REQUEST, **more}))


def test_a_structured_line_gives_level_message_image_and_request() -> None:
    line = understand(entry("WARNING", "refused", image="a.jpg"))
    assert (line.kind, line.level, line.message, line.image) == ("entry", "WARNING", "refused", "a.jpg")
    assert line.request_id == REQUEST


@pytest.mark.parametrize(
    ("text", "kind", "level"),
    [
        (f"START RequestId: {REQUEST} Version: $LATEST", "platform", "DEBUG"),
        (f"END RequestId: {REQUEST}", "platform", "DEBUG"),
        ("INIT_START Runtime Version: python:3.13.v1\tRuntime Version ARN: arn:x", "platform", "DEBUG"),
        (f"REPORT RequestId: {REQUEST}\tDuration: 5.10 ms\tMemory Size: 3008 MB", "report", "INFO"),
        (f"REPORT RequestId: {REQUEST}\tDuration: 300000 ms\tStatus: timeout", "report", "ERROR"),
        (f"REPORT RequestId: {REQUEST}\tStatus: error\tError Type: Runtime.OutOfMemory", "report", "ERROR"),
        (f"2025-06-12T15:25:14.123Z {REQUEST} Task timed out after 300.00 seconds", "text", "ERROR"),
        (f"RequestId: {REQUEST} Error: Runtime exited with error: signal: killed", "text", "ERROR"),
        ("[ERROR] ImportError: no module\nTraceback (most recent call last):\n  File x", "text", "ERROR"),
        (f"[WARNING]\t2025-06-12T15:25:14.123Z\t{REQUEST}\tcareful", "text", "WARNING"),
        ('{"_aws": {}, "processed": 1}', "metrics", "DEBUG"),
        ('{"no": "level"}', "entry", "INFO"),
        ('{"level": 7, "message": {"a": 1}}', "entry", "INFO"),
        ("[1, 2]", "text", "INFO"),
        ("{" * 5000, "text", "INFO"),
        ("", "text", "INFO"),
    ],
)
def test_any_text_is_understood_as_something(text: str, kind: str, level: str) -> None:
    line = understand(event(text))
    assert (line.kind, line.level) == (kind, level)


def test_the_line_of_a_traceback_that_counts_is_the_error_and_not_a_note_below_it() -> None:
    line = understand(entry("ERROR", "failed", exception=TRACEBACK, exception_name="NoSuchBucket"))
    assert telling_line(line) == "botocore.errorfactory.NoSuchBucket: the bucket is gone"
    assert place(line) == "storage.py:104"


def test_what_the_runtime_says_of_an_error_needs_no_second_line() -> None:
    line = understand(event("[ERROR] ValueError: bad\nTraceback (most recent call last):\n  File x\n    raise"))
    assert (line.message, telling_line(line)) == ("ValueError: bad", "")
    assert "raise" in line.traceback


def test_a_traceback_line_by_line_becomes_one_event() -> None:
    lines = ["before", *TRACEBACK.splitlines()[:-1], f"END RequestId: {REQUEST}"]
    found = [each.message for each in joined(event(text) for text in lines)]
    assert found == ["before", "\n".join(lines[1:-1]), lines[-1]]
    assert understand(event(found[1])).level == "ERROR"


def test_tracebacks_of_two_streams_do_not_mix_and_none_is_lost() -> None:
    one, two = ("Traceback (most recent call last):", "  a", "E: 1"), ("Traceback (most recent call last):", "  b")
    events = [event(one[0], "x"), event(two[0], "y"), event(one[1], "x"), event(two[1], "y"), event(one[2], "x")]
    assert [each.message for each in joined(events)] == ["\n".join(one), "\n".join(two)]


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [
        (LogFilter(), True),
        (LogFilter(level="WARNING"), True),
        (LogFilter(level="ERROR"), False),
        (LogFilter(text="NOT-AN"), True),
        (LogFilter(text="absent"), False),
        (LogFilter(image="a.jpg"), True),
        (LogFilter(image="a.jp"), False),
        (LogFilter(request=REQUEST), True),
        (LogFilter(request=REQUEST[:8].upper()), True),
        (LogFilter(request="0000"), False),
        (LogFilter(level="WARNING", text="not-an", image="other.jpg"), False),
    ],
)
def test_a_line_must_match_all_that_is_asked_for(wanted: LogFilter, matches: bool) -> None:
    line = understand(entry("WARNING", "refused", image="a.jpg", error="not-an-image: x"))
    assert wanted.matches(line) is matches


@pytest.mark.parametrize(
    ("wanted", "pattern"),
    [
        (LogFilter(), ""),
        (LogFilter(text="anything"), ""),
        (LogFilter(image="a b/c.jpg"), '{ $.image = "a b/c.jpg" }'),
        (LogFilter(image='say "x"\\.jpg'), '{ $.image = "say \\"x\\"\\\\.jpg" }'),
        (LogFilter(image="ü.jpg"), ""),
        (LogFilter(request=REQUEST, image="a.jpg"), f'"{REQUEST}"'),
        (LogFilter(request=REQUEST[:8]), ""),
        (LogFilter(level="WARNING"), ""),
    ],
)
def test_cloudwatch_filters_what_it_surely_can(wanted: LogFilter, pattern: str) -> None:
    assert wanted.server_pattern() == pattern
