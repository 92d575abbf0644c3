"""Log events are followed without losing or repeating any."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import islice
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, SSOTokenLoadError
from moto import mock_aws

from zenoimg.operations.logs import follow as module
from zenoimg.operations.logs.follow import LATE_MS, SHORT_OVERLAP_MS, LogReader

NOW = 1_750_000_000_000
SERVER_NOW = datetime.fromtimestamp(NOW / 1000 + 3000, UTC)
GROUPS = {"processor": "/aws/lambda/p", "api": "/aws/lambda/a"}


class StopError(Exception):
    pass


class FakeLogs:
    """Answers each poll with the next list of raw events, without event ids; raises an exception in its place."""

    def __init__(self, *polls: list[dict[str, Any]] | Exception) -> None:
        self.polls = list(polls)
        self.requests: list[dict[str, Any]] = []

    def filter_log_events(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        found = self.polls.pop(0) if self.polls else []
        if isinstance(found, Exception):
            raise found
        return {"events": found, "ResponseMetadata": {"HTTPHeaders": {"date": format_datetime(SERVER_NOW)}}}


def refused(code: str, status: int = 400) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "FilterLogEvents")


def raw(at: int, message: str, **more: Any) -> dict[str, Any]:
    return {"timestamp": at, "message": message, "logStreamName": "s", **more}


class Follower:
    """A reader of one log group that records its messages and waits."""

    def __init__(self, *fakes: FakeLogs) -> None:
        self.said: list[str] = []
        self.waited: list[float] = []
        self._fakes = list(fakes)
        self.reader = LogReader(self._connect, {"p": "g"}, say=self.said.append, wait=self._wait)

    def _wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        assert len(self.waited) < 50, "the expected event never arrived"

    def _connect(self) -> Any:
        return self._fakes.pop(0)

    def take(self, count: int, pattern: str = "") -> list[str]:
        return [event.message for event in islice(self.reader.follow(NOW, poll=7, pattern=pattern), count)]


def follow(fake: FakeLogs, count: int) -> list[str]:
    return Follower(fake).take(count)


def test_an_event_older_than_the_newest_is_shown_and_none_twice() -> None:
    first, late, last = raw(NOW + 5000, "first"), raw(NOW + 1000, "late"), raw(NOW + 6000, "last")
    assert follow(FakeLogs([first], [late, first], [late, first, last]), 3) == ["first", "late", "last"]


def test_each_poll_starts_ten_minutes_before_the_newest_event() -> None:
    newest = NOW + 2_000_000
    fake = FakeLogs([raw(newest, "a")], [raw(newest - 90_000, "90 s late"), raw(newest, "a")])
    assert follow(fake, 2) == ["a", "90 s late"]
    assert [request["startTime"] for request in fake.requests] == [NOW, newest - 600_000]


def test_with_many_events_only_some_polls_read_ten_minutes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CHEAP_EVENTS", 1)
    monkeypatch.setattr(module, "_FULL_OVERLAP_EVERY", 3)
    newest = NOW + 2_000_000
    late, events = raw(newest - 90_000, "90 s late"), [raw(newest - 1, "a"), raw(newest, "b")]
    short: list[dict[str, Any]] = []  # a poll of the last minute does not see the late one
    fake = FakeLogs(events, short, short, [late, *events], [raw(newest + 1, "c")])
    assert follow(fake, 4) == ["a", "b", "90 s late", "c"]
    starts = [newest - request["startTime"] for request in fake.requests[1:]]
    assert starts == [SHORT_OVERLAP_MS, SHORT_OVERLAP_MS, LATE_MS, SHORT_OVERLAP_MS]


def test_a_pattern_filters_the_history_and_the_next_poll_starts_before_the_servers_time() -> None:
    fake = FakeLogs([raw(NOW + 1000, "match")], [raw(NOW + 5_000_000, "new")])
    assert Follower(fake).take(2, pattern="%x%") == ["match", "new"]
    assert [request.get("filterPattern") for request in fake.requests] == ["%x%", None]
    assert fake.requests[1]["startTime"] == int(SERVER_NOW.timestamp() * 1000) - LATE_MS


def test_events_before_the_overlap_are_forgotten_and_no_later_ones() -> None:
    newest = NOW + 2_000_000
    old, new = raw(NOW, "old"), raw(newest, "new")
    follower = Follower(FakeLogs([old, new], [new, raw(newest + 1000, "end")]))
    assert follower.take(3) == ["old", "new", "end"]
    assert set(follower.reader._seen["p"].values()) == {newest, newest + 1000}


def test_events_out_of_order_within_a_poll_are_sorted() -> None:
    assert follow(FakeLogs([raw(NOW + 2, "b"), raw(NOW + 1, "a")]), 2) == ["a", "b"]


def test_equal_lines_in_one_millisecond_without_ids_are_each_shown_once() -> None:
    twice = [raw(NOW, "tick"), raw(NOW, "tick")]
    assert follow(FakeLogs(twice, twice, [*twice, raw(NOW + 1, "tock")]), 3) == ["tick", "tick", "tock"]


def test_equal_lines_are_distinguished_by_their_ids() -> None:
    one, two = raw(NOW, "tick", eventId="1"), raw(NOW, "tick", eventId="2")
    assert follow(FakeLogs([one], [two, one], [raw(NOW + 1, "end", eventId="3")]), 3) == ["tick", "tick", "end"]


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (refused("ThrottlingException"), "throttled"),
        (refused("ServiceUnavailableException", 503), "refused"),
        (EndpointConnectionError(endpoint_url="https://logs"), "could not be reached"),
    ],
)
def test_following_backs_off_while_an_error_is_temporary_and_reports_it_once(trouble: Exception, told: str) -> None:
    follower = Follower(FakeLogs([raw(NOW, "a")], trouble, trouble, trouble, [raw(NOW, "a"), raw(NOW + 1, "b")]))
    assert follower.take(2) == ["a", "b"]
    assert follower.waited == [7, 1, 2, 4]
    (sentence,) = follower.said
    assert told in sentence


@pytest.mark.parametrize(
    "trouble",
    [refused("ExpiredTokenException"), SSOTokenLoadError(profile_name="p", error_msg="it expired")],
)
def test_expired_credentials_are_reported_and_read_again(trouble: Exception) -> None:
    expired, renewed = FakeLogs([raw(NOW, "a")], trouble), FakeLogs([raw(NOW, "a"), raw(NOW + 1, "b")])
    follower = Follower(expired, renewed)
    assert follower.take(2) == ["a", "b"]
    (sentence,) = follower.said
    assert "aws sso login" in sentence


def test_a_problem_that_returns_is_reported_again() -> None:
    throttled = refused("ThrottlingException")
    follower = Follower(FakeLogs(throttled, [raw(NOW, "a")], throttled, [raw(NOW + 1, "b")]))
    follower.take(2)
    assert len(follower.said) == 2


@pytest.mark.parametrize("code", ["AccessDeniedException", "InvalidParameterException"])
def test_a_permanent_error_is_raised(code: str) -> None:
    with pytest.raises(ClientError, match=code):
        Follower(FakeLogs(refused(code))).take(1)


def test_a_single_read_gives_up_on_throttling_after_half_a_minute_and_on_expiry_immediately() -> None:
    throttled = refused("ThrottlingException")
    follower = Follower(FakeLogs(*[throttled] * 6))
    with pytest.raises(ClientError, match="Throttling"):
        list(follower.reader.read(NOW))
    assert follower.waited == [1, 2, 4, 8, 16]
    with pytest.raises(ClientError, match="Expired"):
        list(Follower(FakeLogs(refused("ExpiredTokenException"))).reader.read(NOW))


def test_following_starts_when_the_log_group_appears() -> None:
    missing = refused("ResourceNotFoundException")
    follower = Follower(FakeLogs(missing, missing, [raw(NOW, "a")]))
    assert follower.take(1) == ["a"]
    assert follower.said == ["The log group g does not exist yet."]


@pytest.fixture
def logs() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("logs")


def test_both_functions_are_read_in_the_order_of_time(logs: Any) -> None:
    for group in GROUPS.values():
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="s")
    now = int(time.time() * 1000)  # the service rejects events that are too old
    for group, offset, text in (
        ("/aws/lambda/p", 0, "one"),
        ("/aws/lambda/a", 1, "two"),
        ("/aws/lambda/p", 2, "three"),
    ):
        events = [{"timestamp": now + offset, "message": text}]
        logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)
    reader = LogReader(lambda: logs, GROUPS)
    assert [(event.source, event.message) for event in reader.read(now - 1000)] == [
        ("processor", "one"),
        ("api", "two"),
        ("processor", "three"),
    ]
    assert [event.message for event in reader.read(now - 1000, now + 1)] == ["one", "two"]


def test_all_pages_are_read(logs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = int(time.time() * 1000)
    logs.create_log_group(logGroupName="/aws/lambda/p")
    logs.create_log_stream(logGroupName="/aws/lambda/p", logStreamName="s")
    events = [{"timestamp": now + number, "message": str(number)} for number in range(5)]
    logs.put_log_events(logGroupName="/aws/lambda/p", logStreamName="s", logEvents=events)
    ask = logs.filter_log_events
    monkeypatch.setattr(logs, "filter_log_events", lambda **request: ask(**request, limit=2))
    read = LogReader(lambda: logs, {"processor": "/aws/lambda/p"}).read(now)
    assert [event.message for event in read] == ["0", "1", "2", "3", "4"]


def test_a_group_that_does_not_exist_yet_has_no_events(logs: Any) -> None:
    said: list[str] = []
    assert list(LogReader(lambda: logs, GROUPS, say=said.append).read(NOW)) == []
    assert len(said) == 2
