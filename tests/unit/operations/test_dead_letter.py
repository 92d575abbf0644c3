"""What a message of the dead-letter queue says about its lane and its attempts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from zenoimg.operations.dead_letters.letter import Lane, letter_of
from zenoimg.operations.dead_letters.survey import short_ids
from zenoimg.pipeline.events import backfill_body

QUEUES: dict[str, Lane] = {"zeno-backfill": "backfill", "zeno-large": "large"}


def message(body: str, **attributes: str) -> dict[str, Any]:
    return {"MessageId": "0123456789", "ReceiptHandle": "r", "Body": body, "Attributes": attributes}


@pytest.mark.parametrize(
    ("source", "lane"),
    [("zeno-backfill", "backfill"), ("zeno-large", "large"), ("another", "unknown"), ("", "unknown")],
)
def test_the_lane_of_a_message_is_its_source_queue(source: str, lane: str) -> None:
    arn = f"arn:aws:sqs:eu-west-1:123456789012:{source}" if source else ""
    letter = letter_of(message(backfill_body("b", "a.jpg"), DeadLetterQueueSourceArn=arn), "b", QUEUES)
    assert (letter.lane, letter.attempts, letter.problem) == (lane, None, "")


def test_the_time_is_when_the_message_entered_a_queue() -> None:
    assert letter_of(message("x", SentTimestamp="1749741914000"), "b", QUEUES).sent_at == datetime(
        2025, 6, 12, 15, 25, 14, tzinfo=UTC
    )


@pytest.mark.parametrize("context", [None, 3, {}, {"approximateInvokeCount": "many"}])
def test_an_unknown_envelope_has_no_number_of_tries(context: object) -> None:
    body = json.dumps({"requestPayload": {}, "requestContext": context, "responsePayload": "no object"})
    letter = letter_of(message(body), "b", QUEUES)
    assert (letter.lane, letter.attempts, letter.reason) == ("live", None, "")
    assert "no Records" in letter.problem


def test_short_ids_are_unique() -> None:
    ids = ["aaaaaaaa-1", "aaaaaaaa-2", "bbbbbbbb-1"]
    letters = [letter_of({**message("x"), "MessageId": one}, "b", QUEUES) for one in ids]
    assert short_ids(letters) == {one: one for one in ids}
    assert short_ids(letters[1:]) == {"aaaaaaaa-2": "aaaaaaaa", "bbbbbbbb-1": "bbbbbbbb"}
