"""Read log events of the functions once, or follow them without losing or repeating any.

CloudWatch delivers events late and out of order. Each poll of ``follow`` therefore starts before the newest event
seen and drops the events already shown: ten minutes before it as long as that is little to read, otherwise one
minute before it, and ten minutes every 15th time. Events without an id (the embedded AWS) are identified by stream,
time and text, with a counter for equal lines within one millisecond.
"""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from zenoimg.aws.errors import explain, has_expired
from zenoimg.pipeline.calls.service import is_missing, is_transient, server_time

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

#: How late (in ms) an event may arrive and still be shown.
LATE_MS = 600_000
#: The overlap of most polls if ``LATE_MS`` would mean rereading more than ``_CHEAP_EVENTS`` events.
SHORT_OVERLAP_MS = 60_000
_CHEAP_EVENTS = 10_000  # one page of FilterLogEvents
_FULL_OVERLAP_EVERY = 15  # polls
_MAX_BACKOFF = 30.0  # seconds between two attempts while AWS cannot be read
_ATTEMPTS = 6  # for a single read; following never gives up
_PRUNE_EVERY = 50_000  # events; bounds the memory for a long history


@dataclass(frozen=True)
class LogEvent:
    """One event: ``at`` in milliseconds since 1970, ``source`` the short name of its function.

    ``request_id`` is the invocation that the event belongs to (see ``invocations``), empty if unknown.
    """

    source: str
    at: int
    stream: str
    message: str
    request_id: str = ""


class LogReader:
    """Read events of several log groups; ``groups`` maps a function's short name to its log group.

    ``connect`` creates a client, and is called again when credentials have expired. ``say`` receives one sentence for
    each temporary problem. ``wait`` sleeps for a number of seconds.
    """

    def __init__(
        self,
        connect: Callable[[], CloudWatchLogsClient],
        groups: Mapping[str, str],
        *,
        say: Callable[[str], None] = lambda _: None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._connect = connect
        self._logs = connect()
        self._groups = groups
        self._say = say
        self._wait = wait
        self._reported: dict[str, str] = {}
        self._seen: dict[str, dict[str, int]] = {source: {} for source in groups}
        self._newest: dict[str, int] = {}
        self._server_time: dict[str, int] = {}
        self._polls = 0

    def read(self, since_ms: int, until_ms: int | None = None, pattern: str = "") -> Iterator[LogEvent]:
        """Yield the events of a period, both ends included, oldest first, page by page as they arrive.

        ``pattern`` is a CloudWatch filter pattern. A log group that does not exist has no events. Raises botocore's
        ``ClientError`` and ``BotoCoreError``, for throttling only after half a minute.
        """
        streams = (
            self._events(source, since_ms, until_ms, pattern, attempts=_ATTEMPTS, seen=None) for source in self._groups
        )
        yield from heapq.merge(*streams, key=lambda event: event.at)

    def follow(self, since_ms: int, poll: float, pattern: str = "") -> Iterator[LogEvent]:
        """Yield all events from a time on, forever; ``poll`` is the number of seconds between two polls.

        ``pattern`` filters only the history: an event that does not match cannot advance the time to continue
        from, so from the second poll on every event is yielded and the caller filters. Throttling, an unreachable
        AWS and expired credentials are waited out; other errors are raised as by ``read``.
        """
        self._newest = dict.fromkeys(self._groups, since_ms)
        for self._polls in count():
            streams = [self._poll(source, since_ms, pattern) for source in self._groups]
            for number, event in enumerate(heapq.merge(*streams, key=lambda event: event.at), start=1):
                yield event
                if number % _PRUNE_EVERY == 0:
                    self._prune()
            if pattern:
                self._newest = {key: max(at, self._server_time.get(key, at)) for key, at in self._newest.items()}
                pattern = ""
            self._prune()
            self._wait(poll)

    def _poll(self, source: str, since_ms: int, pattern: str) -> Iterator[LogEvent]:
        seen = self._seen[source]
        full = len(seen) <= _CHEAP_EVENTS or self._polls % _FULL_OVERLAP_EVERY == 0
        start = max(since_ms, self._newest[source] - (LATE_MS if full else SHORT_OVERLAP_MS))
        for event in self._events(source, start, None, pattern, attempts=None, seen=seen):
            self._newest[source] = max(self._newest[source], event.at)
            yield event

    def _prune(self) -> None:
        """Forget events from before the overlap, which are not read again."""
        for source, seen in self._seen.items():
            first = self._newest[source] - LATE_MS
            for identity in [identity for identity, at in seen.items() if at < first]:
                del seen[identity]  # in place, since a poll may be iterating over it

    def _events(
        self,
        source: str,
        since_ms: int,
        until_ms: int | None,
        pattern: str,
        *,
        attempts: int | None,
        seen: dict[str, int] | None,
    ) -> Iterator[LogEvent]:
        request: dict[str, Any] = {"logGroupName": self._groups[source], "startTime": since_ms}
        request |= {} if until_ms is None else {"endTime": until_ms}
        request |= {"filterPattern": pattern} if pattern else {}
        repeats: Counter[str] = Counter()
        first = True
        while True:
            page = self._page(request, attempts)
            if first:
                self._server_time[source] = _date_of(page)
                first = False
            for raw in sorted(page.get("events", ()), key=lambda raw: raw["timestamp"]):
                if seen is not None:
                    identity = _identity(raw, repeats)
                    if identity in seen:
                        continue
                    seen[identity] = raw["timestamp"]
                yield LogEvent(source, raw["timestamp"], raw["logStreamName"], raw["message"])
            token = page.get("nextToken")
            if not token:
                return
            request["nextToken"] = token

    def _page(self, request: Mapping[str, Any], attempts: int | None) -> Mapping[str, Any]:
        """Return one page, retrying temporary errors; retry forever if ``attempts`` is ``None``."""
        group = request["logGroupName"]
        for attempt in count(1):
            try:
                page = self._logs.filter_log_events(**request)
            except (ClientError, BotoCoreError) as error:
                if is_missing(error):
                    self._say_once(group, f"The log group {group} does not exist yet.")
                    return {}
                expired = has_expired(error)
                final = attempt == attempts or (attempts is not None and expired)
                if final or not (expired or is_transient(error)):
                    raise
                problem = explain(error)
                self._say_once(group, f"Waiting: {problem.message}. {problem.next_step if expired else ''}".strip())
                self._wait(min(2.0 ** (attempt - 1), _MAX_BACKOFF))
                if expired:
                    self._logs = self._connect()  # picks up the credentials of a new login
            else:
                self._reported.pop(group, None)
                return page
        raise AssertionError("count() does not end")

    def _say_once(self, group: str, sentence: str) -> None:
        if self._reported.get(group) != sentence:
            if sentence not in self._reported.values():
                self._say(sentence)
            self._reported[group] = sentence


def _date_of(page: Mapping[str, Any]) -> int:
    """Return the server's time in milliseconds since 1970, so that a wrong local clock does not matter."""
    at = server_time(page)
    return int((at.timestamp() if at else time.time()) * 1000)


def _identity(raw: Mapping[str, Any], repeats: Counter[str]) -> str:
    if raw.get("eventId"):
        return str(raw["eventId"])
    text = f"{raw['logStreamName']}\0{raw['timestamp']}\0{raw['message']}"
    repeats[text] += 1
    return f"{text}\0{repeats[text]}"
