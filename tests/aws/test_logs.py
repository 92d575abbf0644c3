"""Log events are followed without losing or repeating one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import boto3
import pytest
from moto import mock_aws

from zenoimg.operations.logs import LogReader

NOW = 1_750_000_000_000
GROUPS = {"processor": "/aws/lambda/p", "api": "/aws/lambda/a"}


class StopError(Exception):
    pass


class FakeLogs:
    """Gives one list of raw events for each look, as an endpoint without event ids does."""

    def __init__(self, *looks: list[dict[str, Any]]) -> None:
        self.looks = list(looks)
        self.asked: list[int] = []

    def get_paginator(self, _: str) -> Any:
        fake = self

        class Paginator:
            def paginate(self, logGroupName: str, startTime: int) -> list[dict[str, Any]]:  # noqa: N803
                fake.asked.append(startTime)
                return [{"events": fake.looks.pop(0) if fake.looks else []}]

        return Paginator()


def raw(at: int, message: str, **more: Any) -> dict[str, Any]:
    return {"timestamp": at, "message": message, "logStreamName": "s", **more}


def follow(fake: FakeLogs, count: int) -> list[str]:
    reader = LogReader(fake, {"processor": "g"}, sleep=lambda _: None)  # type: ignore[arg-type]
    return [event.message for event in islice(reader.follow(NOW, poll=1), count)]


def test_a_late_event_that_is_older_than_the_newest_is_shown_and_none_twice() -> None:
    first, late, last = raw(NOW + 5000, "first"), raw(NOW + 1000, "late"), raw(NOW + 6000, "last")
    assert follow(FakeLogs([first], [late, first], [late, first, last]), 3) == ["first", "late", "last"]


def test_each_look_asks_again_from_a_minute_before_the_newest() -> None:
    fake = FakeLogs([raw(NOW + 200_000, "a")], [raw(NOW + 200_000, "a"), raw(NOW + 201_000, "b")])
    follow(fake, 2)
    assert fake.asked == [NOW, NOW + 140_000]


def test_equal_lines_in_one_millisecond_without_ids_are_each_shown_once() -> None:
    twice = [raw(NOW, "tick"), raw(NOW, "tick")]
    assert follow(FakeLogs(twice, twice, [*twice, raw(NOW + 1, "tock")]), 3) == ["tick", "tick", "tock"]


def test_equal_lines_are_told_apart_by_their_ids() -> None:
    one, two = raw(NOW, "tick", eventId="1"), raw(NOW, "tick", eventId="2")
    assert follow(FakeLogs([one], [two, one], [raw(NOW + 1, "end", eventId="3")]), 3) == ["tick", "tick", "end"]


def test_a_throttled_look_is_raised_and_not_taken_for_silence() -> None:
    class Throttled(FakeLogs):
        def get_paginator(self, _: str) -> Any:
            raise StopError

    with pytest.raises(StopError):
        follow(Throttled(), 1)


@pytest.fixture
def logs() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("logs")


def test_both_functions_are_read_in_the_order_of_time(logs: Any) -> None:
    for group in GROUPS.values():
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="s")
    import time

    now = int(time.time() * 1000)  # the service refuses events that are too old
    for group, offset, text in (
        ("/aws/lambda/p", 0, "one"),
        ("/aws/lambda/a", 1, "two"),
        ("/aws/lambda/p", 2, "three"),
    ):
        events = [{"timestamp": now + offset, "message": text}]
        logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)
    reader = LogReader(logs, GROUPS)
    seen = [(event.source, event.message) for event in reader.read(now - 1000)]
    assert seen == [("processor", "one"), ("api", "two"), ("processor", "three")]
    assert reader.read(now - 1000) == []


def test_a_group_that_does_not_exist_yet_has_no_events(logs: Any) -> None:
    assert LogReader(logs, GROUPS).read(NOW) == []
