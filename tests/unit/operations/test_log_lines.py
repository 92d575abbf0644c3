"""Log events are parsed, assigned to their requests and filtered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from zenoimg.operations.logs.follow import LogEvent
from zenoimg.operations.logs.lines import LogFilter, innermost_frame, joined, summary_line, understand

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


def test_a_structured_line_has_level_message_image_and_request() -> None:
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
def test_arbitrary_text_is_parsed(text: str, kind: str, level: str) -> None:
    line = understand(event(text))
    assert (line.kind, line.level) == (kind, level)


def test_the_summary_of_a_traceback_is_its_error_and_not_a_note_below_it() -> None:
    line = understand(entry("ERROR", "failed", exception=TRACEBACK, exception_name="NoSuchBucket"))
    assert summary_line(line) == "botocore.errorfactory.NoSuchBucket: the bucket is gone"
    assert innermost_frame(line) == "storage.py:104"


def test_an_error_event_of_the_runtime_needs_no_second_line() -> None:
    line = understand(event("[ERROR] ValueError: bad\nTraceback (most recent call last):\n  File x\n    raise"))
    assert (line.message, summary_line(line)) == ("ValueError: bad", "")
    assert "raise" in line.traceback


def test_a_traceback_logged_line_by_line_becomes_one_event() -> None:
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
def test_a_line_must_pass_every_filter(wanted: LogFilter, matches: bool) -> None:
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
        (LogFilter(request=REQUEST, image="a.jpg"), f'?"{REQUEST}" ?"[ERROR]"'),
        (LogFilter(request=REQUEST[:8]), ""),
        (LogFilter(level="WARNING"), ""),
    ],
)
def test_cloudwatch_filters_if_its_patterns_allow(wanted: LogFilter, pattern: str) -> None:
    assert wanted.server_pattern() == pattern


OTHER = "00000000-0f65-4e0f-9d5e-2b1c3d4e5f60"
RUNTIME_ERROR = (
    "[ERROR] ResourceNotFoundException: no table\nTraceback (most recent call last):\n"
    '\u00a0\u00a0File "/var/task/lambda_handlers/get_images.py", line 60, in handler\n\u00a0\u00a0\u00a0\u00a0page()'
)


def invocation(request: str, at: int, *messages: str, stream: str = "s") -> list[LogEvent]:
    texts = [f"START RequestId: {request} Version: $LATEST", *messages, f"END RequestId: {request}"]
    return [event(text, stream, at + number) for number, text in enumerate(texts)]


def of_request(events: list[LogEvent], request: str) -> list[str]:
    lines = (understand(each) for each in joined(events))
    return [line.message for line in lines if LogFilter(request=request[:8]).matches(line)]


def test_an_error_event_without_a_request_id_belongs_to_the_surrounding_invocation() -> None:
    events = [*invocation(OTHER, 0, "other"), *invocation(REQUEST, 10, RUNTIME_ERROR), event("after", at=20)]
    assert of_request(events, REQUEST)[1] == "ResourceNotFoundException: no table"
    assert len(of_request(events, REQUEST)) == 3
    assert of_request(events, OTHER)[1] == "other"


def test_requests_of_two_streams_do_not_mix() -> None:
    one, two = invocation(REQUEST, 0, "one", stream="x"), invocation(OTHER, 0, "two", stream="y")
    mixed = [each for pair in zip(one, two, strict=True) for each in pair]
    assert (of_request(mixed, REQUEST)[1], of_request(mixed, OTHER)[1]) == ("one", "two")


def test_an_error_event_that_arrives_late_belongs_to_the_invocation_of_its_time() -> None:
    events = [*invocation(REQUEST, 0, "x", "y"), *invocation(OTHER, 100), event(RUNTIME_ERROR, at=2)]
    assert "ResourceNotFoundException: no table" in of_request(events, REQUEST)


def test_a_line_between_two_invocations_belongs_to_neither() -> None:
    events = [*invocation(REQUEST, 0), event(RUNTIME_ERROR, at=50), *invocation(OTHER, 100)]
    assert all("ResourceNotFound" not in text for request in (REQUEST, OTHER) for text in of_request(events, request))


def test_a_traceback_of_the_runtime_is_indented_by_spaces() -> None:
    line = understand(event(RUNTIME_ERROR))
    assert line.traceback.splitlines()[-1] == "    page()"
    assert innermost_frame(line) == "get_images.py:60"


ADVICE = (
    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code. However, in rare "
    "cases, a Lambda runtime update can cause unexpected function behavior. See https://example.com/update.html\r"
)


@pytest.mark.parametrize("prefix", ["", "[WARNING]\t2026-11-28T12:00:00.000Z\t\t"])
def test_advice_of_the_runtime_is_shortened_to_its_first_sentence(prefix: str) -> None:
    line = understand(event(f"{prefix}{ADVICE}\n"))
    assert (line.level, line.message, line.request_id) == ("WARNING", "Unhandled exception.", "")


def test_advice_before_an_error_is_removed() -> None:
    line = understand(
        event(f"{ADVICE}[ERROR] Runtime.ImportModuleError: no module\rTraceback (most recent call last):")
    )
    assert (line.level, line.message) == ("ERROR", "Runtime.ImportModuleError: no module")
