"""Read events as they are ingested, with CloudWatch Logs Live Tail: sooner than polling, but sampled under load.

A session shows at most 500 events a second and says when it drops some, ends after three hours, and is billed by the
minute (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import EventStreamError

from zenoimg.operations.logs.follow import LogEvent
from zenoimg.pipeline.calls.service import error_code

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

_SAMPLED = "More than 500 events a second: this is a sample. -f without --live shows all of them."


def live_events(
    logs: CloudWatchLogsClient,
    arns: Mapping[str, str],
    *,
    say: Callable[[str], None],
    heartbeat: Callable[[], None] = lambda: None,
) -> Iterator[LogEvent]:
    """Yield events from now on, forever; ``arns`` maps a function's short name to the ARN of its log group.

    ``say`` is called when sampling begins and when a new session replaces one that ended; ``heartbeat`` is called with
    each update, once a second. Raises botocore's ``ClientError`` for calls that AWS rejects.
    """
    while True:
        session = logs.start_live_tail(logGroupIdentifiers=list(arns.values()))
        try:
            yield from _updates(session["responseStream"], arns, say, heartbeat)
        except EventStreamError as error:
            if error_code(error) not in ("SessionTimeoutException", "SessionStreamingException"):
                raise
        say("The session ended (AWS limits it to three hours). A new session starts; events in between are missing.")


def _updates(
    stream: Any, arns: Mapping[str, str], say: Callable[[str], None], heartbeat: Callable[[], None]
) -> Iterator[LogEvent]:
    was_sampled = False
    for part in stream:
        heartbeat()
        update = part.get("sessionUpdate")
        if update is None:
            continue
        is_sampled = bool(update["sessionMetadata"]["sampled"])
        if is_sampled and not was_sampled:
            say(_SAMPLED)
        was_sampled = is_sampled
        for raw in sorted(update["sessionResults"], key=lambda raw: raw["timestamp"]):
            yield LogEvent(_source(raw, arns), raw["timestamp"], raw["logStreamName"], raw["message"])


def _source(raw: Mapping[str, Any], arns: Mapping[str, str]) -> str:
    """Return the short name for an event's group, which AWS identifies by ARN or as ACCOUNT:NAME."""
    identifier = str(raw["logGroupIdentifier"]).removesuffix(":*")
    return next((name for name, arn in arns.items() if arn.endswith(identifier.split(":")[-1])), "")
