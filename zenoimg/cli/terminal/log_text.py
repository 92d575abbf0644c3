"""Format a log line for humans: time, level, function, image, message and the important fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.padding import Padding
from rich.text import Text

from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.screen import Hanging, printable

if TYPE_CHECKING:
    from zenoimg.operations.logs.lines import LogLine

_LEVELS = {"DEBUG": "dim", "INFO": "green", "WARNING": "yellow", "ERROR": "bold red", "CRITICAL": "bold red"}
_SOURCE_WIDTH = len("processor")
_LEVEL_WIDTH = len("WARNING")
_SHORT_ID = 8  # characters of a request id: enough to tell requests apart, and for --request
#: Fields of a structured line that are shown elsewhere or are useful only to programs.
_HIDDEN = frozenset(
    {"level", "location", "message", "timestamp", "service", "sampling_rate", "cold_start", "xray_trace_id"}
    | {"function_name", "function_memory_size", "function_arn", "function_request_id"}
    | {"image", "result", "error", "format", "original_size", "processed_size", "duration_ms", "stages_ms"}
    | {"warnings", "bytes", "more", "exception", "exception_name", "exception_notes", "stack_trace"}
)
_WIDE = 110  # columns from which the durations of individual stages fit
_FIGURE = re.compile(r"([A-Z][A-Za-z ]*): ([0-9.]+) (?:ms|MB)")


class LogText:
    """Format lines, with a heading for each day that is not today."""

    def __init__(self, *, full: bool, width: int | None, today: datetime) -> None:
        """``full`` shows full tracebacks; ``width`` is the terminal's in columns, ``None`` to never wrap."""
        self._full = full
        self._width = width
        self._day = today.strftime("%Y-%m-%d")

    def lines(self, line: LogLine) -> Iterator[Text | Hanging | Padding]:
        """Yield what to print for a line; nothing for lines that are useful only to programs."""
        if line.kind in ("platform", "metrics"):
            return
        at = datetime.fromtimestamp(line.event.at / 1000)
        day = at.strftime("%Y-%m-%d")
        if self._width is not None and day != self._day:
            self._day = day
            yield Text(day, style="bold")
        content = _report(line) if line.kind == "report" else self._entry(line)
        level = Text("" if line.kind == "report" and line.level == "INFO" else line.level, style=_LEVELS[line.level])
        clock = at.strftime("%H:%M:%S" if self._width is not None else "%Y-%m-%d %H:%M:%S")
        source = f"{line.event.source:<{_SOURCE_WIDTH}} "
        level.pad_right(_LEVEL_WIDTH - len(level.plain) + 1)
        text = Text.assemble((f"{clock} ", "dim"), level, (source, "dim"), content)
        yield text if self._width is None else Hanging(text, len(clock) + _LEVEL_WIDTH + _SOURCE_WIDTH + 3)
        if line.traceback:
            yield from self._traceback(line)

    def _traceback(self, line: LogLine) -> Iterator[Text | Padding]:
        from zenoimg.operations.logs.lines import innermost_frame, summary_line

        if self._full:
            texts = [Text(printable(text), style="red") for text in line.traceback.strip().splitlines()]
        else:
            summary, frame = summary_line(line), innermost_frame(line)
            text = Text.assemble((printable(summary), "red"), (f"  ({printable(frame)})" if frame else "", "dim"))
            texts = [text] if summary else []
        for text in texts:
            yield Text("    ").append(text) if self._width is None else Padding(text, (0, 0, 0, 4))

    def _entry(self, line: LogLine) -> Text:
        content = Text()
        if line.image:
            content.append(f"{printable(line.image)} ", style="bold")
        message = printable(line.message)
        content.append(message, style=render.STYLES.get(message, ""))
        for text in self._fields(line.fields):
            content.append_text(text)
        return content.append_text(_request(line))

    def _fields(self, fields: Any) -> Iterator[Text]:
        before, after = fields.get("original_size"), fields.get("processed_size")
        figures = [str(fields["format"])] if fields.get("format") else []
        if isinstance(before, int):
            figures.append(
                f"{render.size(before)} → {render.size(after)}" if isinstance(after, int) else render.size(before)
            )
        if isinstance(fields.get("bytes"), int):
            figures.append(render.size(fields["bytes"]))
        if fields.get("more"):
            figures.append("more pages")
        stages = _stages(fields.get("stages_ms")) if (self._width or _WIDE) >= _WIDE else ""
        if isinstance(fields.get("duration_ms"), int | float):
            figures.append(f"{fields['duration_ms']:,} ms{stages}")
        if figures:
            yield Text(f"  {printable(', '.join(figures))}", style="dim")
        if fields.get("error"):
            yield Text(f"  {printable(str(fields['error']))}")
        for name, value in fields.items():
            if name not in _HIDDEN:
                text = value if isinstance(value, str) else _compact(value)
                yield Text(f"  {printable(name)}=", style="dim").append(printable(text), style="not dim")
        warnings = fields.get("warnings")
        for warning in warnings if isinstance(warnings, list) else ():
            yield Text(f"  note: {printable(str(warning))}", style="yellow")


def _report(line: LogLine) -> Text:
    """Summarize the REPORT of an invocation: duration and memory."""
    figures = {name.strip(): float(number) for name, number in _FIGURE.findall(line.message)}
    notes = [f"took {figures['Duration']:,.0f} ms"] if "Duration" in figures else []
    if "Init Duration" in figures:
        notes.append(f"started in {figures['Init Duration']:,.0f} ms")
    if figures.get("Max Memory Used"):
        notes.append(f"used {figures['Max Memory Used']:,.0f} of {figures.get('Memory Size', 0):,.0f} MB")
    if line.level == "ERROR":
        status = re.search(r"Status: (\w+)(?:\s+Error Type: (\S+))?", line.message)
        notes.insert(0, " ".join(filter(None, status.groups())) if status else "failed")
    return Text.assemble((printable(", ".join(notes) or line.message), "dim"), _request(line))


def _stages(stages: Any) -> str:
    """List the stages that took time, longest first."""
    if not isinstance(stages, dict):
        return ""
    taken = sorted(((value, name) for name, value in stages.items() if isinstance(value, int) and value), reverse=True)
    return f" ({', '.join(f'{name} {value:,}' for value, name in taken)})" if taken else ""


def _compact(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _request(line: LogLine) -> Text:
    return Text(f"  #{printable(line.request_id[:_SHORT_ID])}" if line.request_id else "", style="dim")
