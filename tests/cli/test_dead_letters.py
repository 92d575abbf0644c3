"""``zenoimg dead-letters``: permanently failed messages are listed, shown in full and discarded; listing hides none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from tests.aws.invocation import s3_event
from tests.cli.conftest import Terminal
from tests.cli.moto_stack import NAMES, make_stack
from tests.records import record
from zenoimg.cli.app import app
from zenoimg.operations.dead_letters import receiving, survey
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.events import backfill_body

pytestmark = pytest.mark.slow

ORIGINALS = NAMES.originals_bucket


@dataclass(frozen=True)
class Queue:
    """The dead-letter queue of a stack whose command runs in ``terminal``."""

    terminal: Terminal
    url: str

    def bury(self, *bodies: str) -> list[str]:
        """Send messages; return their ids."""
        return [boto3.client("sqs").send_message(QueueUrl=self.url, MessageBody=body)["MessageId"] for body in bodies]

    def visible(self) -> int:
        attributes = boto3.client("sqs").get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])["Attributes"]
        assert attributes["ApproximateNumberOfMessagesNotVisible"] == "0", "none is left hidden"
        return int(attributes["ApproximateNumberOfMessages"])


@pytest.fixture
def queue(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    monkeypatch.setattr(receiving, "_POLL_SECONDS", 0)
    with mock_aws():
        make_stack()
        dead = boto3.client("sqs").get_queue_url(QueueName=NAMES.dead_letter_queue)["QueueUrl"]
        yield Queue(terminal, dead)


def envelope(key: str, message: str = "Access Denied", tries: int = 3) -> str:
    """Return what Lambda sends to the destination of a failed asynchronous invocation."""
    return json.dumps(
        {
            "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": tries},
            "requestPayload": s3_event(key),
            "responsePayload": {"errorType": "ClientError", "errorMessage": message},
        }
    )


def test_an_empty_queue_has_nothing_to_show(queue: Queue) -> None:
    done = queue.terminal.run("dead-letters", "list")
    assert (done.stdout, done.stderr) == ("", "0 dead letters.\n")
    assert queue.terminal.json("dead-letters", "list") == []
    assert queue.terminal.json("dead-letters", "discard", "--all", "--yes") == []


def test_the_list_shows_key_lane_tries_time_and_reason_and_leaves_letters_visible(queue: Queue) -> None:
    ids = queue.bury(envelope("live.jpg"), backfill_body(ORIGINALS, "again é.jpg"), "not json", backfill_body("b", "a"))
    Catalog(boto3.client("dynamodb"), NAMES.table).put(
        replace(record("again é.jpg", status="failed"), error="it broke")
    )
    found = {letter["MessageId"]: letter for letter in queue.terminal.json("dead-letters", "list")}
    assert list(found) == ids, "the oldest first"
    assert all(letter.pop("SentAt").startswith("20") for letter in found.values())
    live, again, text, foreign = (found[one] for one in ids)
    assert live == {
        "MessageId": ids[0],
        "ImageIds": ["live.jpg"],
        "Lane": "live",
        "Attempts": 3,
        "Reason": "ClientError: Access Denied",
        "Problem": "",
    }
    assert (again["ImageIds"], again["Reason"]) == (["again é.jpg"], "it broke")
    assert "not JSON" in text["Problem"]
    assert foreign["Problem"] == "an event of another bucket: b"
    assert queue.visible() == 4
    done = queue.terminal.run("dead-letters", "list")
    assert all(one[:8] in done.stdout for one in ids)
    assert "`zenoimg reprocess --failed`" in done.stderr
    assert "`zenoimg dead-letters discard --unreadable`" in done.stderr
    assert queue.visible() == 4


def test_with_a_limit_the_total_is_reported(queue: Queue) -> None:
    queue.bury(*(envelope(f"{number}.jpg") for number in range(25)))
    assert len(queue.terminal.json("dead-letters", "list", "--limit", "12")) == 12
    done = queue.terminal.run("dead-letters", "list", "--limit", "12")
    assert "25 dead letters; 12 shown." in done.stderr
    assert queue.visible() == 25


@pytest.mark.parametrize(
    "body", ["\u009b2Jpoison [bold]", '{"requestPayload": "\\u001b[2J"}', "[" * 5000, '{"Records": [1]}', '"\\ud800"']
)
def test_a_hostile_message_is_shown_escaped_and_can_be_discarded(queue: Queue, body: str) -> None:
    (one,) = queue.bury(body)
    shown = queue.terminal.run("dead-letters", "show", one[:8]).stdout
    assert one in shown
    assert "Unreadable" in shown
    assert not {"\x1b", "\x9b"} & set(shown)
    assert queue.terminal.json("dead-letters", "show", one)[0]["Body"] == body
    assert queue.terminal.any_code("dead-letters", "list").exit_code == 0
    (result,) = queue.terminal.json("dead-letters", "discard", "--unreadable", "--yes")
    assert (result["MessageId"], result["Result"]) == (one, "discarded")
    assert queue.visible() == 0


def test_show_has_the_whole_message(queue: Queue) -> None:
    (one,) = queue.bury(envelope("live.jpg", "x" * 1000))
    shown = queue.terminal.run("dead-letters", "show", one).stdout
    assert "ClientError: " + "x" * 1000 in shown
    assert '"condition": "RetriesExhausted"' in shown
    assert "x" * 200 not in queue.terminal.run("dead-letters", "list").stdout


def test_only_what_is_chosen_is_discarded(queue: Queue) -> None:
    readable, other = queue.bury(envelope("a.jpg"), envelope("b.jpg"))
    (text,) = queue.bury("not json")
    assert queue.terminal.run("dead-letters", "discard", "--unreadable", "--dry-run").stderr.count(text) == 1
    assert queue.visible() == 3
    results = queue.terminal.json("dead-letters", "discard", "--unreadable", "--yes")
    assert [result["MessageId"] for result in results] == [text]
    done = queue.terminal.run("dead-letters", "discard", readable[:8], "--yes")
    assert "1 of them can be sent again instead: `zenoimg reprocess --failed`" in done.stderr
    assert [one["MessageId"] for one in queue.terminal.json("dead-letters", "list")] == [other]
    assert queue.visible() == 1


def test_discarding_needs_a_choice_and_a_confirmation(queue: Queue) -> None:
    queue.bury("not json")
    for arguments in ((), ("--all", "--unreadable"), ("some-id", "--all")):
        queue.terminal.run("dead-letters", "discard", *arguments, code=2)
    assert "--yes" in queue.terminal.run("dead-letters", "discard", "--all", code=2).stderr
    assert queue.visible() == 1


def test_an_unknown_id_is_reported(queue: Queue) -> None:
    (one,) = queue.bury("not json")
    assert "00000000-none" in queue.terminal.run("dead-letters", "show", "00000000-none", code=1).stderr
    results = queue.terminal.json("dead-letters", "discard", "00000000-none", one, "--yes", code=1)
    assert {result["MessageId"]: result["Result"] for result in results} == {
        "00000000-none": "missing",
        one: "discarded",
    }
    (one,) = queue.bury("not json")
    assert "at least 8 characters" in queue.terminal.run("dead-letters", "show", one[:3], code=2).stderr


def test_letters_that_arrive_during_confirmation_are_kept(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    queue.bury("not json")

    def confirmed(*_: object, **__: object) -> bool:
        queue.bury("a later one")
        return True

    monkeypatch.setattr("zenoimg.cli.commands.dead_letters.confirm", confirmed)
    done = CliRunner().invoke(app, ["dead-letters", "discard", "--all"])  # the message is not sent by the command
    assert (done.exit_code, done.stderr.count("discarded ")) == (0, 1)
    assert queue.visible() == 1


def test_discarding_stops_at_the_bound_and_says_how_many_are_left(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "MAX_KEPT", 20)
    monkeypatch.setattr(survey, "MAX_KEPT", 20)
    queue.bury(*(envelope(f"{number}.jpg") for number in range(25)))
    done = queue.terminal.run("dead-letters", "discard", "--all", "--yes", code=1)
    assert "Reads the first 20 of about 25 dead letters." in done.stderr
    assert "20 dead letters: 20 discarded." in done.stderr
    assert "About 5 dead letters were not read. " in done.stderr
    assert "`zenoimg dead-letters discard --all`" in done.stderr
    assert queue.visible() == 5
    done = queue.terminal.run("dead-letters", "discard", "--all", "--yes")
    assert "not read" not in done.stderr
    assert queue.visible() == 0


def test_unreadable_letters_beyond_the_bound_are_not_forgotten(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "MAX_KEPT", 20)
    monkeypatch.setattr(survey, "MAX_KEPT", 20)
    queue.bury(*(envelope(f"{number}.jpg") for number in range(24)), "not json")
    done = queue.terminal.run("dead-letters", "discard", "--unreadable", "--yes", code=1)
    assert "About 5 dead letters were not read. " in done.stderr
    assert "`zenoimg reprocess --failed`" in done.stderr


def test_letters_are_shown_even_without_the_table(queue: Queue) -> None:
    queue.bury(backfill_body(ORIGINALS, "a.jpg"))
    boto3.client("dynamodb").delete_table(TableName=NAMES.table)
    assert queue.terminal.json("dead-letters", "list")[0]["ImageIds"] == ["a.jpg"]


def test_a_pipeline_without_queues_is_reported(no_stack: Terminal) -> None:
    done: Any = no_stack.run("dead-letters", "list", code=3)
    assert "no queues" in done.stderr
