"""``zenoimg tail-logs``."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import command
from zenoimg.cli.framework.completion import image_ids
from zenoimg.cli.framework.session import aws_of, pipeline_of
from zenoimg.cli.terminal.screen import json_text, safe, wait
from zenoimg.cli.terminal.times import is_duration, moment
from zenoimg.errors import NotDeployedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_logs import CloudWatchLogsClient

    from zenoimg.operations.logs.follow import LogEvent
    from zenoimg.operations.logs.lines import LogFilter, LogLine
    from zenoimg.operations.pipeline import LivePipeline

_SINCE = "10m"
_POLL_SECONDS, _LOCAL_POLL_SECONDS = 2.0, 0.5

Which = StrEnum("Which", ["processor", "api", "all"])
Level = StrEnum("Level", ["debug", "info", "warning", "error"])


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "tail-logs")(tail_logs)


def tail_logs(
    call: Call,
    which: Annotated[
        Which,
        typer.Argument(help="The function that watermarks, the one behind GET /images, or both.", metavar="FUNCTION"),
    ] = Which.all,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    live: Annotated[
        bool,
        typer.Option(
            "--live", help="From now on by Live Tail, which AWS bills by the minute and samples at 500 a second."
        ),
    ] = False,
    since: Annotated[
        str | None,
        typer.Option("--since", help="How far back: 30s, 2h, 1d, or an ISO time (default: 10m).", metavar="T"),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Where to end: so long ago, or an ISO time.", metavar="T")
    ] = None,
    level: Annotated[
        Level | None, typer.Option("--level", help="Only lines of this level and above.", case_sensitive=False)
    ] = None,
    text: Annotated[
        str, typer.Option("--filter", help="Only lines that hold this text, in any case.", metavar="TEXT")
    ] = "",
    image: Annotated[
        str, typer.Option("--image", help="Only lines about this image.", metavar="KEY", autocompletion=image_ids)
    ] = "",
    request: Annotated[
        str, typer.Option("--request", help="Only lines of this request; the 8 characters behind # do.", metavar="ID")
    ] = "",
    full: Annotated[bool, typer.Option("--full", help="Whole tracebacks, not only the line that counts.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Every line, as one JSON object each.")] = False,
) -> None:
    """Show what the functions log.

    Example: zenoimg tail-logs -f --level warning

    What happened to one photo: zenoimg tail-logs --since 1d --image photo.jpg
    """
    if live and (follow or since or until):
        raise UsageError("--live shows what comes from now on: it goes without --since, --until and --follow")
    now = datetime.now(UTC)
    since = since or _SINCE
    started = moment(since, now, option="--since")
    ended = None if until is None else moment(until, now, option="--until")
    if ended is not None and follow:
        raise UsageError("--until does not go with --follow, which has no end")
    if ended is not None and ended < started:
        raise UsageError("--until lies before --since", next_step="Both reckon back from now, or take an ISO time.")
    settings, pipeline = pipeline_of(call)
    from zenoimg.operations.logs.lines import LogFilter, joined, understand

    wanted = LogFilter(level.value.upper() if level else "", text, image, request.removeprefix("#"))
    groups = _groups(pipeline, which)
    if live:
        events = _live(call, pipeline, groups)
    else:
        fresh = [pipeline.aws.logs]

        def connect() -> CloudWatchLogsClient:
            return fresh.pop() if fresh else aws_of(call, settings).logs

        events = _events(call, pipeline, groups, wanted, connect, (started, ended), follow=follow)
    show = _as_json if as_json else _Print(call, full=full)
    shown = 0
    try:
        for event in events if as_json else joined(events):
            line = understand(event)
            if wanted.matches(line):
                show(line)
                shown += 1
    except KeyboardInterrupt:
        if not (follow or live):
            raise
        raise typer.Exit(130) from None  # how following ends; there is nothing to go on from
    if not shown:
        kind = "log lines of this kind" if wanted != LogFilter() else "log lines"
        call.screen.say(f"No {kind} {'in the last' if is_duration(since) else 'since'} {safe(since)}.")


def _groups(pipeline: LivePipeline, which: Which) -> dict[str, str]:
    functions = {"processor": pipeline.deployment.processor_function, "api": pipeline.deployment.get_images_function}
    if not all(functions.values()):
        raise NotDeployedError(
            "this pipeline has no functions, so nothing logs", next_step="`zenoimg deploy` makes a stack with both."
        )
    return {name: f"/aws/lambda/{key}" for name, key in functions.items() if which in (Which.all, Which(name))}


def _live(call: Call, pipeline: LivePipeline, groups: Mapping[str, str]) -> Iterator[LogEvent]:
    from zenoimg.operations.logs.live_tail import live_events

    if pipeline.aws.local:
        raise UsageError("the embedded AWS has no live tail of functions", next_step="Follow its logs with -f.")
    me = pipeline.aws.identity
    prefix = f"arn:{me.partition}:logs:{me.region}:{me.account}:log-group:"
    call.screen.say("[dim]Live Tail; AWS bills it by the minute. Ctrl-C ends.[/]")
    return live_events(
        pipeline.aws.logs,
        {name: prefix + group for name, group in groups.items()},
        say=lambda text: call.screen.say(f"[yellow]{safe(text)}[/]"),
        heartbeat=lambda: wait(0),
    )


def _events(
    call: Call,
    pipeline: LivePipeline,
    groups: Mapping[str, str],
    wanted: LogFilter,
    connect: Any,
    between: tuple[datetime, datetime | None],
    *,
    follow: bool,
) -> Iterator[LogEvent]:
    from zenoimg.operations.logs.follow import LogReader

    reader = LogReader(connect, groups, say=lambda text: call.screen.say(f"[dim]{safe(text)}[/]"), wait=wait)
    since, until = (None if at is None else max(0, round(at.timestamp() * 1000)) for at in between)
    assert since is not None, "every call has a beginning"
    # The embedded AWS knows no JSON patterns.
    pattern = "" if pipeline.aws.local else wanted.server_pattern()
    if not follow:
        return reader.read(since, until, pattern)
    call.screen.say("[dim]Following the logs; Ctrl-C ends.[/]")
    return reader.follow(since, _LOCAL_POLL_SECONDS if pipeline.aws.local else _POLL_SECONDS, pattern)


class _Print:
    """Lines for people, on stdout."""

    def __init__(self, call: Call, *, full: bool) -> None:
        from zenoimg.cli.terminal.log_text import LogText

        self._out = call.screen.out
        self._terminal = self._out.is_terminal
        self._text = LogText(full=full, width=self._out.width if self._terminal else None, today=datetime.now())

    def __call__(self, line: LogLine) -> None:
        for shown in self._text.lines(line):
            if self._terminal:
                self._out.print(shown)
            else:
                sys.stdout.write(f"{shown}\n")
        sys.stdout.flush()


def _as_json(line: LogLine) -> None:
    event = line.event
    # Built from whole milliseconds: a float would shift some of them by one.
    time = datetime.fromtimestamp(event.at // 1000, UTC) + timedelta(milliseconds=event.at % 1000)
    said = dict(line.fields) if line.fields else event.message.rstrip("\n")
    shown = {"time": time.isoformat(timespec="milliseconds"), "function": event.source, "stream": event.stream}
    sys.stdout.write(json_text({**shown, "event": said}) + "\n")
    sys.stdout.flush()
