"""Image events: which changes of the table the pipes pass on, and what they send.

moto keeps the stream of a table and matches event patterns as the services do; the records are those of its stream,
which have the shape of https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.events.models import EventPattern

from tests.unit.stack.rendered import ACME, TEMPLATE, properties, resolved, statements
from zenoimg.pipeline.items.plain_items import tagged
from zenoimg.pipeline.records import RESERVED_PREFIX, ImageRecord, to_item
from zenoimg.stack.template import render

PIPES = ("ImageEvents", "ImageRemovals")
CAT = ImageRecord(
    image_id='a "b"/é.jpg',
    original_size=10,
    processed_size=9,
    processed_url="https://copies.example/processed/a",
    created_at="2025-06-12T15:25:14Z",
    status="processed",
    updated_at="2025-06-12T15:25:20Z",
    version_id="v1",
    recipe="0123456789abcdef",
)
REFUSED = replace(CAT, version_id="v2", status="refused", error="corrupt: cut off", processed_url=None)


class Stream:
    """A table as the template creates it, and its stream."""

    def __init__(self) -> None:
        self._dynamodb = boto3.client("dynamodb", region_name="eu-west-1")
        table = self._dynamodb.create_table(
            TableName="zeno-images",
            KeySchema=[{"AttributeName": "ImageId", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "ImageId", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": stream_setting()["StreamViewType"]},
        )["TableDescription"]
        self._arn = table["LatestStreamArn"]

    def put(self, record: ImageRecord) -> None:
        item = {name: tagged(value) for name, value in to_item(record).items()}
        self._dynamodb.put_item(TableName="zeno-images", Item=item)

    def delete(self, record: ImageRecord) -> None:
        self._dynamodb.delete_item(TableName="zeno-images", Key={"ImageId": {"S": record.image_id}})

    def events(self) -> list[dict[str, Any]]:
        """Return the details of the events of all changes, in order."""
        client = boto3.client("dynamodbstreams", region_name="eu-west-1")
        (shard,) = client.describe_stream(StreamArn=self._arn)["StreamDescription"]["Shards"]
        iterator = client.get_shard_iterator(
            StreamArn=self._arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        records = client.get_records(ShardIterator=iterator)["Records"]
        return [sent for record in records for pipe in PIPES for sent in through(pipe, record)]


def stream_setting() -> Any:
    condition, on, off = properties("Images")["StreamSpecification"]["Fn::If"]
    assert (condition, off) == ("SendsEvents", {"Ref": "AWS::NoValue"})
    return on


def through(pipe: str, record: Any) -> Iterator[dict[str, Any]]:
    """Return the detail of the event that a pipe makes of a stream record, if any."""
    (wanted,) = properties(pipe)["SourceParameters"]["FilterCriteria"]["Filters"]
    plain = json.loads(json.dumps(record, default=str))
    if EventPattern.load(wanted["Pattern"]).matches_event(plain):
        template = properties(pipe)["TargetParameters"]["InputTemplate"]
        yield json.loads(re.sub(r"<\$\.([\w.]+)>", lambda path: json.dumps(at(plain, path[1])), template))


def at(record: Any, path: str) -> Any:
    """Return the value at a path. A path missing from a record is an error: the result is not documented."""
    for name in path.split("."):
        record = record[name]
    return record


@pytest.fixture
def stream() -> Iterator[Stream]:
    with mock_aws():
        yield Stream()


def test_processed_refused_and_removed_images_are_sent_in_order(stream: Stream) -> None:
    stream.put(CAT)
    stream.put(REFUSED)
    stream.delete(REFUSED)
    told = stream.events()
    key = {"stack": "zeno", "id": CAT.image_id}
    assert [{name: event[name] for name in (*key, "version", "status")} for event in told] == [
        {**key, "version": "v1", "status": "processed"},
        {**key, "version": "v2", "status": "refused"},
        {**key, "version": "v2", "status": "removed"},
    ]
    assert [event.get("recipe") for event in told] == [CAT.recipe, CAT.recipe, None]
    assert told[0]["record"]["ProcessedUrl"] == {"S": CAT.processed_url}
    assert told[1]["record"]["Error"] == {"S": REFUSED.error}
    assert told[2]["record"] == told[1]["record"], "the last record of the image"
    assert all(event["sequence"] for event in told)


def test_the_event_of_a_change_has_the_new_image(stream: Stream) -> None:
    stream.put(REFUSED)
    stream.put(replace(CAT, version_id="v3"))
    assert [(event["version"], event["status"]) for event in stream.events()] == [
        ("v2", "refused"),
        ("v3", "processed"),
    ]


def test_failed_attempts_and_smoke_test_photos_are_not_sent(stream: Stream) -> None:
    for record in (replace(CAT, status="failed"), replace(CAT, image_id=f"{RESERVED_PREFIX}smoke-1/a.jpg")):
        stream.put(record)
        if record.status != "failed":
            stream.delete(record)
    assert stream.events() == []


@pytest.mark.parametrize("lacking", [replace(CAT, version_id=None), replace(CAT, recipe=None)])
def test_a_record_without_the_fields_of_an_event_is_not_sent(stream: Stream, lacking: ImageRecord) -> None:
    stream.put(lacking)
    assert stream.events() == []


def test_there_are_no_event_resources_unless_events_are_enabled() -> None:
    assert TEMPLATE["Parameters"]["EventsEnabled"]["Default"] == "false"
    assert TEMPLATE["Conditions"]["SendsEvents"] == {"Fn::Equals": [{"Ref": "EventsEnabled"}, "true"]}
    parts = {name for name, found in TEMPLATE["Resources"].items() if found.get("Condition") == "SendsEvents"}
    assert parts == {"EventsRole", "EventsAlarm", *PIPES}
    assert stream_setting() == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


@pytest.mark.parametrize("pipe", PIPES)
def test_a_pipe_reads_the_tables_stream_from_its_start_and_sends_to_the_bus(pipe: str) -> None:
    found = properties(pipe)
    assert found["Source"] == {"Fn::GetAtt": ["Images", "StreamArn"]}
    assert found["RoleArn"] == {"Fn::GetAtt": ["EventsRole", "Arn"]}
    assert found["SourceParameters"]["DynamoDBStreamParameters"] == {
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 10,
    }
    assert resolved(found["Target"]) == "arn:aws:events:eu-west-1:123456789012:event-bus/${EventsBus}"
    assert found["TargetParameters"]["EventBridgeEventBusParameters"] == {
        "Source": "zenoimg",
        "DetailType": "Image Status",
    }


def test_the_pipes_role_reads_the_stream_and_sends_events_and_only_pipes_may_assume_it() -> None:
    role = properties("EventsRole", render(ACME))
    (given,) = role["Policies"]
    read, send = statements(given["PolicyDocument"])
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-permissions.html
    assert read["Action"] == [
        f"dynamodb:{verb}" for verb in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
    ]
    assert resolved(read["Resource"]) == "arn:aws:dynamodb:eu-west-1:123456789012:table/acme-images/stream/*"
    assert send["Action"] == "events:PutEvents"
    assert send["Resource"] == properties("ImageEvents")["Target"]
    (trust,) = statements(role["AssumeRolePolicyDocument"])
    assert trust["Principal"] == {"Service": "pipes.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Fn::Sub": "${AWS::AccountId}"}}}
    assert role["PermissionsBoundary"] == properties("ProcessorRole")["PermissionsBoundary"]
