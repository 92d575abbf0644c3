"""What a log event says: structured lines of our functions, reports of Lambda itself, plain text; and filters."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from zenoimg.operations.logs.follow import LogEvent

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

#: entry: a line of our logger; report: Lambda's account of one call; platform: Lambda's other lines; metrics:
#: the embedded metric format, for CloudWatch alone; text: anything else.
Kind = Literal["entry", "report", "platform", "metrics", "text"]

_PLATFORM = re.compile(r"(START|END|INIT_START|EXTENSION|TELEMETRY|RESTORE_START)\b")
_REPORT = re.compile(r"(INIT_|RESTORE_)?REPORT\b")
_REQUEST = re.compile(r"RequestId: ([0-9a-f-]{36})")
_STATUS = re.compile(r"Status: (\w+)")
#: What Lambda writes when it ends a call: the time, the request, and then the sentence.
_TIMED_OUT = re.compile(r"(?:\S+Z )?([0-9a-f-]{36}) (Task timed out .*)", re.DOTALL)
_DIED = re.compile(r"RequestId: ([0-9a-f-]{36}) (Error: .*)", re.DOTALL)
#: Python's runtime: "[ERROR]", then perhaps the time and the request between tabs, then the text.
_BRACKETED = re.compile(r"\[(DEBUG|INFO|WARNING|ERROR|CRITICAL)\]\s*(?:\S+Z\t([0-9a-f-]{36})\t)?(.*)", re.DOTALL)
_TRACEBACK = "Traceback (most recent call last):"
_FULL_REQUEST = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class LogLine:
    """One event, understood. ``fields`` are those of a structured line, ``traceback`` is empty without one."""

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
    """What is wanted: from a level on, holding a text (in any case), of one image, of one request or its start."""

    level: str = ""
    text: str = ""
    image: str = ""
    request: str = ""

    def matches(self, line: LogLine) -> bool:
        """Whether a line is wanted."""
        if self.level and LEVELS.index(line.level) < LEVELS.index(self.level):
            return False
        if self.image and line.image != self.image:
            return False
        if self.request and not line.request_id.startswith(self.request.lower()):
            return False
        return not self.text or self.text.casefold() in line.event.message.casefold()

    def server_pattern(self) -> str:
        """A pattern by which CloudWatch gives at least what is wanted; empty where only we can tell.

        Its JSON patterns skip lines that are no JSON, and its regular expressions know few characters
        (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html).
        """
        if _FULL_REQUEST.fullmatch(self.request.lower()):
            return f'"{self.request.lower()}"'
        if self.image and self.image.isascii() and self.image.isprintable():
            quoted = self.image.replace("\\", "\\\\").replace('"', '\\"')
            return f'{{ $.image = "{quoted}" }}'
        if self.level in ("ERROR", "CRITICAL"):
            return "%ERROR|CRITICAL|Error|Task.timed.out|Status%"
        return ""


def understand(event: LogEvent) -> LogLine:
    """What an event says; any text is understood as something."""
    fields = _object(event.message)
    if fields is None:
        return _of_text(event, event.message.strip())
    if "_aws" in fields:
        return LogLine(event, "metrics", "DEBUG", "", fields=fields)
    level = str(fields.get("level", "INFO")).upper()
    message = fields.get("message", "")
    return LogLine(
        event,
        "entry",
        level if level in LEVELS else "INFO",
        message if isinstance(message, str) else json.dumps(message),
        image=str(fields.get("image", "")),
        request_id=str(fields.get("function_request_id") or fields.get("requestId") or ""),
        traceback=str(fields.get("exception") or ""),
        fields=fields,
    )


def joined(events: Iterable[LogEvent]) -> Iterator[LogEvent]:
    """The same events, a traceback as one: AWS gives it so, the embedded AWS each line as an event of its own."""
    begun: dict[str, LogEvent] = {}
    for event in events:
        open_one = begun.pop(event.stream, None)
        if open_one is not None:
            inside = event.message[:1].isspace()
            if inside or not (_PLATFORM.match(event.message) or event.message.startswith("{")):
                event = replace(open_one, message=f"{open_one.message}\n{event.message}")
                if inside:
                    begun[event.stream] = event
                    continue
            else:
                yield open_one
        if event.message.strip() == _TRACEBACK:
            begun[event.stream] = event
        else:
            yield event
    yield from begun.values()


def telling_line(line: LogLine) -> str:
    """The line of a traceback that counts: the error that was raised at last, without what was noted below it.

    Empty where the traceback holds none, since the message said it already.
    """
    name = str(line.fields.get("exception_name") or "")
    lines = line.traceback.splitlines()
    candidates = [text for text in lines if text and not text[0].isspace() and text != _TRACEBACK]
    named = [text for text in candidates if name and text.split(":", 1)[0].rsplit(".", 1)[-1] == name]
    return (named or candidates or [""])[-1]


def place(line: LogLine) -> str:
    """``storage.py:120``, the innermost place of ours in a traceback; empty when there is none."""
    found = re.findall(r'File "[^"]*/(?:zenoimg|lambda_handlers)/(?:[^"]*/)?([^"/]+)", line (\d+)', line.traceback)
    return ":".join(found[-1]) if found else ""


def _object(text: str) -> dict[str, Any] | None:
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _of_text(event: LogEvent, text: str) -> LogLine:
    found = _REQUEST.search(text)
    request = found[1] if found else ""
    if _REPORT.match(text):
        status = _STATUS.search(text)
        bad = status is not None and status[1].lower() not in ("success", "succeeded")
        return LogLine(event, "report", "ERROR" if bad else "INFO", text, request_id=request)
    if _PLATFORM.match(text):
        return LogLine(event, "platform", "DEBUG", text, request_id=request)
    if ended := (_TIMED_OUT.match(text) or _DIED.match(text)):
        return LogLine(event, "text", "ERROR", ended[2], request_id=ended[1])
    if bracketed := _BRACKETED.match(text):
        level, request, rest = bracketed[1], bracketed[2] or "", bracketed[3]
        head, traceback, _ = rest.partition(f"\n{_TRACEBACK}")
        return LogLine(event, "text", level, head, request_id=request, traceback=rest[len(head) :] if traceback else "")
    if text.startswith(_TRACEBACK):
        return LogLine(event, "text", "ERROR", "the call failed", traceback=text)
    return LogLine(event, "text", "INFO", text, request_id=request)
