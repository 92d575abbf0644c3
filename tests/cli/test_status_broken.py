"""``zenoimg status`` still works when parts of the pipeline are broken, and names each with its remedy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.cli.conftest import ORIGINALS, TABLE, Terminal
from tests.cli.moto_stack import NAMES, make_stack

pytestmark = pytest.mark.slow


@pytest.fixture
def stack(terminal: Terminal) -> Iterator[Terminal]:
    with mock_aws():
        make_stack()
        yield terminal


def needs(terminal: Terminal, *options: str) -> dict[str, str]:
    """Return the command for each required action."""
    return {need["what"]: need["command"] for need in terminal.json("status", *options, code=1)["needs"]}


def test_an_intact_stack_has_no_broken_part(stack: Terminal) -> None:
    found = stack.json("status", "--check")
    assert (found["broken"], found["needs"]) == ([], [])


def test_three_broken_parts_are_reported_with_their_remedies(stack: Terminal) -> None:
    sqs = boto3.client("sqs")
    boto3.client("dynamodb").delete_table(TableName=NAMES.table)
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=NAMES.backfill_queue)["QueueUrl"])
    boto3.client("lambda").delete_function(FunctionName=NAMES.processor_function)
    again = "zenoimg deploy && zenoimg reprocess"
    assert needs(stack, "--check") == {
        "the table zeno-images does not exist": again,
        "the queue zeno-backfill does not exist": again,
        "the function imageProcessorLambda does not exist": again,
    }
    found = stack.json("status", "--check", code=1)
    assert found["images"] == {"total": None, "refused": None, "failed": None, "kept": None}
    assert (found["backfill"], found["audit"]) == (None, None)
    assert found["dead_letters"]["waiting"] == 0, "and the others are read"
    shown = stack.run("status", code=1).stdout
    assert "Images   –, – refused, – failed" in shown
    assert shown.count("Broken ") == 3
    assert shown.count(again) == 3


def test_for_lost_originals_no_reprocess_is_suggested(stack: Terminal) -> None:
    for bucket in NAMES.buckets:
        boto3.client("s3").delete_bucket(Bucket=bucket)
    found = needs(stack)
    assert set(found.values()) == {"zenoimg deploy"}
    assert any("upload the originals again" in what for what in found)


def test_a_denied_part_leads_to_the_policy(stack: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Query")

    monkeypatch.setattr("zenoimg.operations.health.status._attention", denied)
    assert needs(stack) == {"the table zeno-images: access denied (Query)": "zenoimg template --policy operator"}


def test_a_table_without_a_stack_is_reported_as_well(no_stack: Terminal) -> None:
    boto3.client("dynamodb").delete_table(TableName=TABLE)
    assert needs(no_stack, "--check") == {
        f"the table {TABLE} does not exist; [names] or the environment names it": "zenoimg config"
    }
    boto3.client("s3").delete_bucket(Bucket=ORIGINALS)
    assert len(needs(no_stack)) == 2


def test_for_an_unreadable_dead_letter_listing_is_suggested(stack: Terminal) -> None:
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=NAMES.dead_letter_queue)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="not json")
    assert needs(stack) == {"dead letters that cannot be sent again: 1": "zenoimg dead-letters list"}
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessages"] == "1", "and is still visible"
