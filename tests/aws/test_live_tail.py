"""Live Tail: events are shown, sampling is reported, and a session that ends is followed by another."""

from __future__ import annotations

import time
from itertools import islice
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EventStreamError

from zenoimg.operations.logs.live_tail import live_events

ARNS = {name: f"arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/{name[0]}" for name in ("processor", "api")}


def fill(logs: Any, group: str, *messages: str) -> None:
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    now = int(time.time() * 1000)
    events = [{"timestamp": now + number, "message": message} for number, message in enumerate(messages)]
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)


def test_events_come_with_their_function(session: boto3.Session) -> None:
    logs = session.client("logs")
    fill(logs, "/aws/lambda/a", "one", "two")
    said: list[str] = []
    found = islice(live_events(logs, {"api": ARNS["api"]}, say=said.append), 2)
    assert [(event.source, event.message) for event in found] == [("api", "one"), ("api", "two")]
    assert said == []


def test_sampling_is_reported(session: boto3.Session) -> None:
    logs = session.client("logs")
    fill(logs, "/aws/lambda/p", *["tick"] * 501)
    said: list[str] = []
    next(live_events(logs, {"processor": ARNS["processor"]}, say=said.append))
    (sentence,) = said
    assert "sample" in sentence


class FakeLogs:
    """Each session is a list of parts; an exception ends it."""

    def __init__(self, *sessions: list[Any]) -> None:
        self.sessions = list(sessions)

    def start_live_tail(self, **_: Any) -> dict[str, Any]:
        def stream(parts: list[Any]) -> Any:
            for part in parts:
                if isinstance(part, Exception):
                    raise part
                yield part

        return {"responseStream": stream(self.sessions.pop(0))}


def update(*messages: str, sampled: bool = False) -> dict[str, Any]:
    results = [
        {"timestamp": 1, "message": text, "logStreamName": "s", "logGroupIdentifier": "123456789012:/aws/lambda/p"}
        for text in messages
    ]
    return {"sessionUpdate": {"sessionMetadata": {"sampled": sampled}, "sessionResults": results}}


def ended(code: str) -> EventStreamError:
    return EventStreamError({"Error": {"Code": code, "Message": ""}}, "StartLiveTail")


def test_a_session_that_ended_is_replaced_and_this_is_reported() -> None:
    said: list[str] = []
    fake: Any = FakeLogs([{"sessionStart": {}}, update("a"), ended("SessionTimeoutException")], [update("b")])
    found = islice(live_events(fake, ARNS, say=said.append), 2)
    assert [(event.source, event.message) for event in found] == [("processor", "a"), ("processor", "b")]
    assert len(said) == 1


def test_sampling_is_reported_once_while_it_lasts() -> None:
    said: list[str] = []
    parts = [update("a", sampled=True), update("b", sampled=True), update("c"), update("d", sampled=True)]
    fake: Any = FakeLogs(parts)
    list(islice(live_events(fake, ARNS, say=said.append), 4))
    assert len(said) == 2


def test_errors_of_aws_are_raised(session: boto3.Session) -> None:
    fake: Any = FakeLogs([ended("AccessDeniedException")])
    with pytest.raises(EventStreamError, match="AccessDenied"):
        next(live_events(fake, ARNS, say=lambda _: None))
    with pytest.raises(ClientError, match="ResourceNotFound"):
        next(live_events(session.client("logs"), ARNS, say=lambda _: None))
