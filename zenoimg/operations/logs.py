"""Log events of the functions, followed without losing or repeating one.

CloudWatch delivers events late and out of order, so each look asks again from a minute before the newest
event, and drops what it has shown. An endpoint that gives events no id has them told apart by stream, time
and text, with a count where the same line comes twice in one millisecond.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

_OVERLAP_MS = 60_000


@dataclass(frozen=True)
class LogEvent:
    """One event: ``at`` in milliseconds since 1970, ``source`` the short name of its function."""

    source: str
    at: int
    stream: str
    message: str


class LogReader:
    """Events of several log groups; ``groups`` maps a short name to the group's."""

    def __init__(
        self,
        logs: CloudWatchLogsClient,
        groups: Mapping[str, str],
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._logs = logs
        self._groups = groups
        self._sleep = sleep
        self._seen: dict[str, int] = {}

    def read(self, since_ms: int) -> list[LogEvent]:
        """The events from a time on that were not given before, the oldest first.

        A group that does not exist (yet) has none. Raises botocore's ``ClientError`` for other refusals.
        """
        fresh: list[LogEvent] = []
        for source, group in self._groups.items():
            repeats: Counter[str] = Counter()
            for raw in self._filter(group, since_ms):
                identity = self._identity(group, raw, repeats)
                if identity not in self._seen:
                    self._seen[identity] = raw["timestamp"]
                    fresh.append(LogEvent(source, raw["timestamp"], raw["logStreamName"], raw["message"]))
        return sorted(fresh, key=lambda event: event.at)

    def follow(self, since_ms: int, poll: float) -> Iterator[LogEvent]:
        """All events from a time on, for ever; ``poll`` in seconds."""
        newest = since_ms
        while True:
            for event in self.read(max(since_ms, newest - _OVERLAP_MS)):
                newest = max(newest, event.at)
                yield event
            # What lies before the overlap cannot come again.
            self._seen = {key: at for key, at in self._seen.items() if at >= newest - 2 * _OVERLAP_MS}
            self._sleep(poll)

    def _filter(self, group: str, since_ms: int) -> Iterator[Mapping[str, Any]]:
        pages = self._logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=since_ms)
        try:
            for page in pages:
                yield from page["events"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise

    @staticmethod
    def _identity(group: str, raw: Mapping[str, Any], repeats: Counter[str]) -> str:
        if raw.get("eventId"):
            return f"{group}\0{raw['eventId']}"
        text = f"{group}\0{raw['logStreamName']}\0{raw['timestamp']}\0{raw['message']}"
        repeats[text] += 1
        return f"{text}\0{repeats[text]}"
