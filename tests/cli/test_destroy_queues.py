"""``zenoimg destroy`` on moto shows which messages are lost with the queues before it asks."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.aws.invocation import s3_event
from tests.cli.conftest import Terminal
from tests.cli.test_destroy import account as account
from tests.cli.test_destroy import make_stack, template
from zenoimg.operations import queues
from zenoimg.operations.dead_letters import receiving

pytestmark = pytest.mark.slow

LETTERS = 12


@pytest.fixture
def urls(account: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Create a stack with its three queues: messages in the first, dead letters in the last."""
    monkeypatch.setattr(receiving, "_POLL_SECONDS", 0)
    body = template()
    for name in ("Backfill", "Large", "DeadLetters"):
        queue = {"Backfill": "zeno-backfill", "Large": "zeno-large", "DeadLetters": "zeno-dead-letters"}[name]
        body["Resources"][name] = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": queue}}
        output = "DeadLetterQueueUrl" if name == "DeadLetters" else f"{name}QueueUrl"
        body["Outputs"][output] = {"Value": {"Ref": name}}
    make_stack(body)
    sqs = boto3.client("sqs")
    found = {name: sqs.get_queue_url(QueueName=f"zeno-{name}")["QueueUrl"] for name in ("backfill", "dead-letters")}
    for _ in range(3):
        sqs.send_message(QueueUrl=found["backfill"], MessageBody="{}")
    sqs.receive_message(QueueUrl=found["backfill"], MaxNumberOfMessages=1)
    for number in range(LETTERS):
        answer = {"errorType": "OSError", "errorMessage": f"reason {number}"}
        body_ = json.dumps({"requestPayload": s3_event(f"photo [{number}].jpg"), "responsePayload": answer})
        sqs.send_message(QueueUrl=found["dead-letters"], MessageBody=body_)
    return found


def test_the_messages_are_counted_and_the_first_ten_dead_letters_listed(
    urls: dict[str, str], terminal: Terminal
) -> None:
    shown = terminal.run("destroy", "--dry-run").stderr
    assert "zeno-backfill: 3 messages, 1 of them in flight" in shown
    assert "zeno-large: 0 messages" in shown
    assert f"zeno-dead-letters: {LETTERS} messages" in shown
    assert sum(": OSError: reason" in line for line in shown.splitlines()) == 10
    assert "photo [0].jpg: OSError: reason 0" in shown
    assert "`zenoimg reprocess --failed`" in shown
    letters: Any = boto3.client("sqs").get_queue_attributes(
        QueueUrl=urls["dead-letters"], AttributeNames=["ApproximateNumberOfMessages"]
    )["Attributes"]
    assert int(letters["ApproximateNumberOfMessages"]) == LETTERS, "the letters are kept, and not hidden"


def test_queues_are_in_the_json(urls: dict[str, str], terminal: Terminal) -> None:
    planned = terminal.json("destroy", "--dry-run")
    assert planned["queues"] == [
        {"queue": "zeno-backfill", "waiting": 2, "in_flight": 1},
        {"queue": "zeno-large", "waiting": 0, "in_flight": 0},
        {"queue": "zeno-dead-letters", "waiting": LETTERS, "in_flight": 0},
    ]
    assert planned["dead_letters"][0] == {"ImageId": "photo [0].jpg", "Error": "OSError: reason 0"}
    assert len(planned["dead_letters"]) == 10


def test_an_unreadable_queue_does_not_prevent_the_removal(
    urls: dict[str, str], terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetQueueAttributes")

    monkeypatch.setattr(queues, "counts", denied)
    monkeypatch.setattr("zenoimg.operations.removal.queued.peek", denied)
    shown = terminal.run("destroy", "--yes").stderr
    assert "zeno-backfill: the number of its messages cannot be read" in shown
    assert "Deleted the stack zeno" in shown
