"""Log events of the functions: read once, or followed without losing or repeating one.

CloudWatch delivers events late and out of order, so each look of ``follow`` asks again from a minute before the
newest event, and drops what it has shown. An endpoint that gives events no id has them told apart by stream,
time and text, with a count where the same line comes twice in one millisecond.
"""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from zenoimg.aws.session import explain, has_expired, passes

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

OVERLAP_MS = 60_000
_LONGEST_WAIT = 30.0  # seconds between two tries while something is wrong
_TRIES = 6  # of a single read; following goes on for ever
_PRUNE_EVERY = 50_000  # events, so that a long history does not stay in memory


@dataclass(frozen=True)
class LogEvent:
    """One event: ``at`` in milliseconds since 1970, ``source`` the short name of its function."""

    source: str
    at: int
    stream: str
    message: str


class LogReader:
    """Events of several log groups; ``groups`` maps a short name to the group's.

    ``connect`` makes a client, and a new one when credentials have expired. ``say`` gets a sentence when
    something is wrong that may pass, once for each trouble. ``wait`` sleeps so many seconds.
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
        self._trouble: dict[str, str] = {}
        self._seen: dict[str, dict[str, int]] = {source: {} for source in groups}
        self._newest: dict[str, int] = {}
        self._server_time: dict[str, int] = {}

    def read(self, since_ms: int, until_ms: int | None = None, pattern: str = "") -> Iterator[LogEvent]:
        """The events of a time, both ends included, the oldest first, page by page as they come.

        ``pattern`` is CloudWatch's filter pattern. A group that does not exist has no events. Raises botocore's
        ``ClientError`` and ``BotoCoreError``; throttling only after half a minute.
        """
        looks = (self._events(source, since_ms, until_ms, pattern, tries=_TRIES, seen=None) for source in self._groups)
        yield from heapq.merge(*looks, key=lambda event: event.at)

    def follow(self, since_ms: int, poll: float, pattern: str = "") -> Iterator[LogEvent]:
        """All events from a time on, for ever; ``poll`` in seconds between two looks.

        ``pattern`` filters the history only: what does not match shows no newest time to go on from. So from
        the second look on everything comes, and the caller filters. Throttling, an unreachable AWS and expired
        credentials are waited for; other refusals raise as in ``read``.
        """
        self._newest = dict.fromkeys(self._groups, since_ms)
        while True:
            looks = [self._look(source, since_ms, pattern) for source in self._groups]
            for number, event in enumerate(heapq.merge(*looks, key=lambda event: event.at), start=1):
                yield event
                if number % _PRUNE_EVERY == 0:
                    self._prune()
            if pattern:
                self._newest = {key: max(at, self._server_time.get(key, at)) for key, at in self._newest.items()}
                pattern = ""
            self._prune()
            self._wait(poll)

    def _look(self, source: str, since_ms: int, pattern: str) -> Iterator[LogEvent]:
        start = max(since_ms, self._newest[source] - OVERLAP_MS)
        for event in self._events(source, start, None, pattern, tries=None, seen=self._seen[source]):
            self._newest[source] = max(self._newest[source], event.at)
            yield event

    def _prune(self) -> None:
        """Forget what lies before the overlap: it is not asked for again."""
        for source, seen in self._seen.items():
            first = self._newest[source] - OVERLAP_MS
            for identity in [identity for identity, at in seen.items() if at < first]:
                del seen[identity]  # in place: a look may be in the middle of it

    def _events(
        self,
        source: str,
        since_ms: int,
        until_ms: int | None,
        pattern: str,
        *,
        tries: int | None,
        seen: dict[str, int] | None,
    ) -> Iterator[LogEvent]:
        request: dict[str, Any] = {"logGroupName": self._groups[source], "startTime": since_ms}
        request |= {} if until_ms is None else {"endTime": until_ms}
        request |= {"filterPattern": pattern} if pattern else {}
        repeats: Counter[str] = Counter()
        first = True
        while True:
            page = self._page(request, tries)
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

    def _page(self, request: Mapping[str, Any], tries: int | None) -> Mapping[str, Any]:
        """One page, asked for again while what is wrong may pass; ``tries`` of ``None`` is for ever."""
        group = request["logGroupName"]
        for attempt in count(1):
            try:
                page = self._logs.filter_log_events(**request)
            except (ClientError, BotoCoreError) as error:
                if _is_missing(error):
                    self._say_once(group, f"The log group {group} does not exist (yet).")
                    return {}
                expired = has_expired(error)
                final = attempt == tries or (tries is not None and expired)
                if final or not (expired or passes(error)):
                    raise
                trouble = explain(error)
                self._say_once(group, f"Waiting: {trouble.message}. {trouble.next_step if expired else ''}".strip())
                self._wait(min(2.0 ** (attempt - 1), _LONGEST_WAIT))
                if expired:
                    self._logs = self._connect()  # a new sign-in may have left others
            else:
                self._trouble.pop(group, None)
                return page
        raise AssertionError("the loop ends by itself")

    def _say_once(self, group: str, sentence: str) -> None:
        if self._trouble.get(group) != sentence:
            if sentence not in self._trouble.values():
                self._say(sentence)
            self._trouble[group] = sentence


def _is_missing(error: Exception) -> bool:
    return isinstance(error, ClientError) and error.response["Error"].get("Code") == "ResourceNotFoundException"


def _date_of(page: Mapping[str, Any]) -> int:
    """When the server answered, in milliseconds since 1970, so that this machine's clock may be wrong."""
    date = page.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    try:
        return int(parsedate_to_datetime(date).timestamp() * 1000)
    except (TypeError, ValueError):
        return int(time.time() * 1000)


def _identity(raw: Mapping[str, Any], repeats: Counter[str]) -> str:
    if raw.get("eventId"):
        return str(raw["eventId"])
    text = f"{raw['logStreamName']}\0{raw['timestamp']}\0{raw['message']}"
    repeats[text] += 1
    return f"{text}\0{repeats[text]}"
