"""Tail the functions' logs, parsed and filtered: a period, a period and what follows it, or Live Tail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from zenoimg.errors import NotDeployedError, UsageError
from zenoimg.operations.logs.follow import LogEvent, LogReader
from zenoimg.operations.logs.invocations import with_requests
from zenoimg.operations.logs.lines import LogFilter, LogLine, joined, understand
from zenoimg.operations.logs.live_tail import live_events
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.suggest import suggest

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient


@dataclass(frozen=True)
class TailOptions:
    """What to show: ``functions`` are ``processor``, ``large`` and ``api``; times are timezone-aware.

    ``live`` uses Live Tail, which shows only what is logged from now on.
    """

    functions: tuple[str, ...]
    since: datetime
    until: datetime | None = None
    follow: bool = False
    live: bool = False
    only: LogFilter = field(default_factory=LogFilter)
    #: Join tracebacks that were logged line by line; otherwise each event stays as it was logged.
    join: bool = True

    @property
    def is_endless(self) -> bool:
        """Return whether it runs until interrupted."""
        return self.follow or self.live


@dataclass(frozen=True)
class Surroundings:
    """What tailing needs from its caller.

    ``connect`` returns a CloudWatch Logs client with fresh credentials, ``say`` reports a temporary problem in one
    sentence, ``wait`` sleeps for a number of seconds and raises when the output is no longer read.
    """

    connect: Callable[[], CloudWatchLogsClient]
    say: Callable[[str], None]
    wait: Callable[[float], None]


def tail(pipeline: LivePipeline, options: TailOptions, surroundings: Surroundings) -> Iterator[LogLine]:
    """Yield the matching lines, oldest first.

    Raises ``NotDeployedError`` if the pipeline has no functions, ``UsageError`` for Live Tail on the embedded AWS, and
    botocore's errors as ``LogReader`` does.
    """
    groups = log_groups(pipeline, options.functions)
    events = _live(pipeline, groups, surroundings) if options.live else _polled(pipeline, options, groups, surroundings)
    for event in joined(events) if options.join else with_requests(events):
        line = understand(event)
        if options.only.matches(line):
            yield line


def log_groups(pipeline: LivePipeline, functions: tuple[str, ...] = ("processor", "large", "api")) -> dict[str, str]:
    """Return the log groups by the short name of their function; there may be no large function.

    Raises ``NotDeployedError`` without functions.
    """
    deployment = pipeline.deployment
    names = {
        "processor": deployment.processor_function,
        "large": deployment.processor_large_function,
        "api": deployment.get_images_function,
    }
    if not (names["processor"] and names["api"]):
        raise NotDeployedError(
            "this pipeline has no functions, so there are no logs",
            next_step=f"`{suggest('deploy')}` creates a stack with all functions.",
        )
    return {short: f"/aws/lambda/{name}" for short, name in names.items() if name and short in functions}


def _live(pipeline: LivePipeline, groups: Mapping[str, str], surroundings: Surroundings) -> Iterator[LogEvent]:
    if not pipeline.aws.platform.has_live_tail:
        raise UsageError("the embedded AWS has no Live Tail for functions", next_step="Follow its logs with -f.")
    me = pipeline.aws.identity
    prefix = f"arn:{me.partition}:logs:{me.region}:{me.account}:log-group:"
    return live_events(
        pipeline.aws.logs,
        {short: prefix + group for short, group in groups.items()},
        say=surroundings.say,
        heartbeat=lambda: surroundings.wait(0),
    )


def _polled(
    pipeline: LivePipeline, options: TailOptions, groups: Mapping[str, str], surroundings: Surroundings
) -> Iterator[LogEvent]:
    reader = LogReader(surroundings.connect, groups, say=surroundings.say, wait=surroundings.wait)
    since = _milliseconds(options.since)
    pattern = options.only.server_pattern() if pipeline.aws.platform.filters_logs else ""
    if options.follow:
        return reader.follow(since, pipeline.aws.platform.log_poll_seconds, pattern)
    return reader.read(since, None if options.until is None else _milliseconds(options.until), pattern)


def _milliseconds(moment: datetime) -> int:
    return max(0, round(moment.timestamp() * 1000))
