"""``zenoimg tail-logs``."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import command
from zenoimg.cli.framework.completion import image_ids
from zenoimg.cli.framework.session import aws_of, pipeline_of
from zenoimg.cli.terminal.screen import json_text, safe, wait
from zenoimg.cli.terminal.times import is_duration, moment
from zenoimg.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_logs import CloudWatchLogsClient

    from zenoimg.operations.logs.lines import LogLine
    from zenoimg.operations.logs.tail import TailOptions

_SINCE = "10m"

Which = StrEnum("Which", ["processor", "large", "api", "all"])
Level = StrEnum("Level", ["debug", "info", "warning", "error"])


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "tail-logs")(tail_logs)


def tail_logs(
    call: Call,
    which: Annotated[
        Which,
        typer.Argument(
            help="The watermarking function, the one for large photos, the one behind GET /images, or all.",
            metavar="FUNCTION",
        ),
    ] = Which.all,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep following until Ctrl-C.")] = False,
    live: Annotated[
        bool,
        typer.Option(
            "--live", help="Live Tail from now on; AWS bills it by the minute and samples above 500 events a second."
        ),
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", help="Start of the period: 30s, 2h, 1d ago, or an ISO time (default: 10m).", metavar="T"
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="End of the period, in the same form as --since.", metavar="T")
    ] = None,
    level: Annotated[
        Level | None, typer.Option("--level", help="Only lines of this level and above.", case_sensitive=False)
    ] = None,
    text: Annotated[
        str, typer.Option("--filter", help="Only lines that contain this text, ignoring case.", metavar="TEXT")
    ] = "",
    image: Annotated[
        str, typer.Option("--image", help="Only lines about this image.", metavar="KEY", autocompletion=image_ids)
    ] = "",
    request: Annotated[
        str,
        typer.Option("--request", help="Only lines of this request; its first 8 characters are enough.", metavar="ID"),
    ] = "",
    full: Annotated[bool, typer.Option("--full", help="Show full tracebacks instead of their last line.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print each event as one JSON object per line.")] = False,
) -> None:
    """Show the functions' logs.

    Example: zenoimg tail-logs -f --level warning

    Everything about one photo: zenoimg tail-logs --since 1d --image photo.jpg
    """
    from zenoimg.operations.logs.lines import LogFilter
    from zenoimg.operations.logs.tail import TailOptions

    started, ended = _period(since, until, follow=follow, live=live)
    options = TailOptions(
        functions=tuple(Which)[:-1] if which is Which.all else (which.value,),
        since=started,
        until=ended,
        follow=follow,
        live=live,
        only=LogFilter(level.value.upper() if level else "", text, image, request.removeprefix("#")),
        join=not as_json,
    )
    _run(call, options, _as_json if as_json else _Print(call, full=full), since or _SINCE)


def _period(since: str | None, until: str | None, *, follow: bool, live: bool) -> tuple[datetime, datetime | None]:
    """Check the time options; return start and end."""
    if live and (follow or since or until):
        raise UsageError("--live shows new events only; it cannot be combined with --since, --until or --follow")
    now = datetime.now(UTC)
    started = moment(since or _SINCE, now, option="--since")
    ended = None if until is None else moment(until, now, option="--until")
    if ended is not None and follow:
        raise UsageError("--until cannot be combined with --follow, which never ends")
    if ended is not None and ended < started:
        raise UsageError("--until is before --since", next_step="Both take a time before now (2h, 1d) or an ISO time.")
    return started, ended


def _run(call: Call, options: TailOptions, show: Callable[[LogLine], None], since: str) -> None:
    settings, pipeline = pipeline_of(call)
    from zenoimg.operations.logs.lines import LogFilter
    from zenoimg.operations.logs.tail import Surroundings, tail

    unused = [pipeline.aws.logs]

    def connect() -> CloudWatchLogsClient:
        return unused.pop() if unused else aws_of(call, settings).logs

    lines = tail(pipeline, options, Surroundings(connect, lambda text: call.screen.say(f"[dim]{safe(text)}[/]"), wait))
    if options.is_endless:
        what = "Live Tail, billed by the minute" if options.live else "Following the logs"
        call.screen.say(f"[dim]{what}; Ctrl-C ends.[/]")
    count = 0
    try:
        for line in lines:
            show(line)
            count += 1
    except KeyboardInterrupt:
        if not options.is_endless:
            raise
        raise typer.Exit(130) from None  # how following ends; there is nothing to resume
    if not count:
        kind = "No matching log lines" if options.only != LogFilter() else "No log lines"
        call.screen.say(f"{kind} {'in the last' if is_duration(since) else 'since'} {safe(since)}.")


class _Print:
    """Print human-readable lines on stdout."""

    def __init__(self, call: Call, *, full: bool) -> None:
        from zenoimg.cli.terminal.log_text import LogText

        self._out = call.screen.out
        self._terminal = self._out.is_terminal
        self._text = LogText(full=full, width=self._out.width if self._terminal else None, today=datetime.now())

    def __call__(self, line: LogLine) -> None:
        for drawn in self._text.lines(line):
            if self._terminal:
                self._out.print(drawn)
            else:
                sys.stdout.write(f"{drawn}\n")
        sys.stdout.flush()


def _as_json(line: LogLine) -> None:
    event = line.event
    # Built from whole milliseconds: a float would shift some of them by one.
    time = datetime.fromtimestamp(event.at // 1000, UTC) + timedelta(milliseconds=event.at % 1000)
    content = dict(line.fields) if line.fields else event.message.rstrip("\n")
    origin = {"time": time.isoformat(timespec="milliseconds"), "function": event.source, "stream": event.stream}
    sys.stdout.write(json_text({**origin, "event": content}) + "\n")
    sys.stdout.flush()
