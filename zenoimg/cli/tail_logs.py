"""``zenoimg tail-logs``."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from zenoimg.cli.connect import pipeline_of
from zenoimg.cli.globals import Call, command
from zenoimg.cli.moments import is_duration, moment
from zenoimg.cli.screen import printable

if TYPE_CHECKING:
    from zenoimg.operations.logs import LogEvent

_LEVELS = {"DEBUG": "dim", "INFO": "green", "WARNING": "yellow", "ERROR": "bold red", "CRITICAL": "bold red"}
#: Fields of a structured line that are shown elsewhere in the printed one, or that only machines want.
_HIDDEN = frozenset(
    {
        "level",
        "location",
        "message",
        "timestamp",
        "service",
        "cold_start",
        "function_name",
        "function_memory_size",
    }
    | {
        "function_arn",
        "function_request_id",
        "image",
        "exception",
        "exception_name",
        "stack_trace",
        "xray_trace_id",
    }
)
_PLATFORM = re.compile(r"^(START|END|REPORT|INIT_START) ")


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "tail-logs")(tail_logs)


def tail_logs(
    call: Call,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    since: Annotated[str, typer.Option("--since", help="How far back: 30s, 10m, 2h, 1d, or an ISO time.")] = "10m",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show what the functions log.

    Example: zenoimg tail-logs -f --since 1h
    """
    started = max(0, int(moment(since, datetime.now(UTC), option="--since").timestamp() * 1000))
    _, pipeline = pipeline_of(call)
    from zenoimg.operations.logs import LogReader

    deployment = pipeline.deployment
    groups = {"processor": deployment.processor_function, "api": deployment.get_images_function}
    reader = LogReader(pipeline.aws.logs, {name: f"/aws/lambda/{function}" for name, function in groups.items()})
    if follow:
        call.screen.say("[dim]Following the logs; Ctrl-C ends.[/]")
        for event in reader.follow(started, poll=0.5 if pipeline.aws.local else 2.0):
            _print(call, event, as_json=as_json)
        return
    events = reader.read(started)
    for event in events:
        _print(call, event, as_json=as_json)
    if not events:
        call.screen.say(f"No log events {'in the last' if is_duration(since) else 'since'} {since}.")


def _print(call: Call, event: LogEvent, *, as_json: bool) -> None:
    fields = _fields(event.message)
    if as_json:
        time = datetime.fromtimestamp(event.at / 1000, UTC).isoformat(timespec="milliseconds")
        shown: dict[str, Any] = {"time": time, "function": event.source, "stream": event.stream}
        shown["event"] = fields if fields is not None else event.message.rstrip("\n")
        print(json.dumps(shown), flush=True)  # noqa: T201 - data, untouched by the terminal
        return
    call.screen.out.print(_line(event, fields))


def _fields(message: str) -> dict[str, Any] | None:
    try:
        value = json.loads(message)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _line(event: LogEvent, fields: dict[str, Any] | None) -> Text:
    time = datetime.fromtimestamp(event.at / 1000).strftime("%H:%M:%S")
    line = Text.assemble((time, "dim"), f" {event.source:<9} ")
    if fields is None:
        text = printable(event.message.strip())
        return line.append(text, style="dim" if _PLATFORM.match(text) else "")
    level = str(fields.get("level", ""))
    line.append(f"{level:<7} ", style=_LEVELS.get(level, ""))
    if "image" in fields:
        line.append(f"{printable(str(fields['image']))} ", style="bold")
    line.append(printable(str(fields.get("message", ""))))
    for name, value in fields.items():
        if name not in _HIDDEN:
            line.append(f" {printable(name)}=", style="dim").append(printable(str(value)))
    if "exception" in fields:
        # The last line of a traceback is the one that says what went wrong.
        line.append(f"\n    {printable(str(fields['exception']).strip().splitlines()[-1])}", style="red")
    return line
