"""Parse and filter log events: structured lines of our functions, Lambda's own reports, plain text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from zenoimg.operations.logs.follow import LogEvent
from zenoimg.operations.logs.invocations import with_requests

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

#: entry: a line of our logger; report: Lambda's REPORT of one invocation; platform: Lambda's other lines; metrics:
#: the embedded metric format, which only CloudWatch reads; text: anything else.
Kind = Literal["entry", "report", "platform", "metrics", "text"]

_PLATFORM = re.compile(r"(START|END|INIT_START|EXTENSION|TELEMETRY|RESTORE_START)\b")
_REPORT = re.compile(r"(INIT_|RESTORE_)?REPORT\b")
_REQUEST = re.compile(r"RequestId: ([0-9a-f-]{36})")
_STATUS = re.compile(r"Status: (\w+)")
#: Lambda's line when it stops an invocation: time, request id, sentence.
_TIMED_OUT = re.compile(r"(?:\S+Z )?([0-9a-f-]{36}) (Task timed out .*)", re.DOTALL)
_DIED = re.compile(r"RequestId: ([0-9a-f-]{36}) (Error: .*)", re.DOTALL)
#: The Python runtime's line: "[ERROR]", optionally time and request id (empty outside an invocation), text; by tabs.
_BRACKETED = re.compile(r"\[(DEBUG|INFO|WARNING|ERROR|CRITICAL)\]\s*(?:\S+Z\t([0-9a-f-]{36})?\t)?(.*)", re.DOTALL)
#: The runtime's warning before an error at start-up: its first sentence says what happened (awslambdaric 4.2.2).
_ADVICE = re.compile(r"LAMBDA_WARNING: ([^.\n]*\.)[^\n]*\n?(.*)", re.DOTALL)
#: The runtime indents tracebacks with no-break spaces.
_INDENT = re.compile("^\u00a0+", re.MULTILINE)
_TRACEBACK = "Traceback (most recent call last):"
_FULL_REQUEST = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class LogLine:
    """One parsed event. ``fields`` holds those of a structured line; ``traceback`` is empty if there is none."""

    event: LogEvent
    kind: Kind
    level: str
    message: str
    image: str = ""
    request_id: str = ""
    traceback: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LogFilter:
    """Which lines to show: minimum level, contained text (ignoring case), image, request id or a prefix of it."""

    level: str = ""
    text: str = ""
    image: str = ""
    request: str = ""

    def matches(self, line: LogLine) -> bool:
        """Return whether a line passes the filter."""
        if self.level and LEVELS.index(line.level) < LEVELS.index(self.level):
            return False
        if self.image and line.image != self.image:
            return False
        if self.request and not line.request_id.startswith(self.request.lower()):
            return False
        return not self.text or self.text.casefold() in line.event.message.casefold()

    def server_pattern(self) -> str:
        """Return a CloudWatch filter pattern that keeps at least the wanted lines; empty if there is none.

        JSON patterns skip lines that are not JSON, and regular expressions allow few characters
        (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html).
        """
        if _FULL_REQUEST.fullmatch(self.request.lower()):
            return f'?"{self.request.lower()}" ?"[ERROR]"'  # the runtime's [ERROR] event does not name its request
        if self.image and self.image.isascii() and self.image.isprintable():
            quoted = self.image.replace("\\", "\\\\").replace('"', '\\"')
            return f'{{ $.image = "{quoted}" }}'
        if self.level in ("ERROR", "CRITICAL"):
            return "%ERROR|CRITICAL|Error|Task.timed.out|Status%"
        return ""


def understand(event: LogEvent) -> LogLine:
    """Parse an event; unrecognized text becomes a line of kind ``text``."""
    fields = _object(event.message)
    if fields is None:
        line = _of_text(event, event.message.strip())
        return line if line.request_id else replace(line, request_id=event.request_id)
    if "_aws" in fields:
        return LogLine(event, "metrics", "DEBUG", "", request_id=event.request_id, fields=fields)
    level = str(fields.get("level", "INFO")).upper()
    message = fields.get("message", "")
    return LogLine(
        event,
        "entry",
        level if level in LEVELS else "INFO",
        message if isinstance(message, str) else json.dumps(message),
        image=str(fields.get("image", "")),
        request_id=str(fields.get("function_request_id") or fields.get("requestId") or event.request_id),
        traceback=str(fields.get("exception") or ""),
        fields=fields,
    )


def joined(events: Iterable[LogEvent]) -> Iterator[LogEvent]:
    """Yield the events with their requests, joining tracebacks that were logged line by line (the embedded AWS)."""
    open_tracebacks: dict[str, LogEvent] = {}
    for event in with_requests(events):
        traceback = open_tracebacks.pop(event.stream, None)
        if traceback is not None:
            is_indented = event.message[:1].isspace()
            if is_indented or not (_PLATFORM.match(event.message) or event.message.startswith("{")):
                event = replace(traceback, message=f"{traceback.message}\n{event.message}")
                if is_indented:
                    open_tracebacks[event.stream] = event
                    continue
            else:
                yield traceback
        if event.message.strip() == _TRACEBACK:
            open_tracebacks[event.stream] = event
        else:
            yield event
    yield from open_tracebacks.values()


def summary_line(line: LogLine) -> str:
    """Return the line of a traceback that names the error raised last, without the notes below it.

    Empty if the traceback has no such line because the message already contains it.
    """
    name = str(line.fields.get("exception_name") or "")
    lines = line.traceback.splitlines()
    candidates = [text for text in lines if text and not text[0].isspace() and text != _TRACEBACK]
    named = [text for text in candidates if name and text.split(":", 1)[0].rsplit(".", 1)[-1] == name]
    return (named or candidates or [""])[-1]


def innermost_frame(line: LogLine) -> str:
    """Return the innermost frame of our own code in a traceback as ``storage.py:120``; empty without one."""
    frames = re.findall(r'File "[^"]*/(?:zenoimg|lambda_handlers)/(?:[^"]*/)?([^"/]+)", line (\d+)', line.traceback)
    return ":".join(frames[-1]) if frames else ""


def _object(text: str) -> dict[str, Any] | None:
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _of_text(event: LogEvent, text: str) -> LogLine:
    named = _REQUEST.search(text)
    request = named[1] if named else ""
    if _REPORT.match(text):
        status = _STATUS.search(text)
        failed = status is not None and status[1].lower() not in ("success", "succeeded")
        return LogLine(event, "report", "ERROR" if failed else "INFO", text, request_id=request)
    if _PLATFORM.match(text):
        return LogLine(event, "platform", "DEBUG", text, request_id=request)
    if stopped := (_TIMED_OUT.match(text) or _DIED.match(text)):
        return LogLine(event, "text", "ERROR", stopped[2], request_id=stopped[1])
    text = _INDENT.sub(lambda indent: " " * len(indent[0]), re.sub(r"\r\n?", "\n", text))
    if advice := _ADVICE.match(text):
        return _of_text(event, advice[2]) if advice[2] else LogLine(event, "text", "WARNING", advice[1])
    if bracketed := _BRACKETED.match(text):
        level, request, rest = bracketed[1], bracketed[2] or "", bracketed[3]
        if rest.startswith("LAMBDA_WARNING:"):
            return _of_text(event, rest)
        head, traceback, _ = rest.partition(f"\n{_TRACEBACK}")
        return LogLine(event, "text", level, head, request_id=request, traceback=rest[len(head) :] if traceback else "")
    if text.startswith(_TRACEBACK):
        return LogLine(event, "text", "ERROR", "the invocation failed", traceback=text)
    return LogLine(event, "text", "INFO", text, request_id=request)
