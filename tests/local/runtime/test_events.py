"""Lambda's own runtime client runs the functions' deployed zips: S3, SQS and API events."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest

from tests.drawn.pictures import jpeg, photo
from tests.local.bench import ORIGINALS, PROCESSED, Bench
from tests.local.runtime.conftest import processed
from tests.local.runtime.environments import Deployed, Environment

pytestmark = [pytest.mark.local, pytest.mark.thorough]

PHOTO = jpeg(photo((96, 64)))
ODD_KEYS = [
    "a b+c.jpg",
    "ümläut/日本 📷.jpg",
    "100%/%2B ?&=#.jpg",
    'quote\'s "and" back\\slash.jpg',
    "control\x01.jpg",
    "dots/../and//slashes/.jpg",
    "k" * 1014,  # with the prefix of copies, the longest key that S3 accepts
]


@pytest.fixture
def bench(deployed: Deployed) -> Bench:
    return deployed.bench


def put(bench: Bench, *keys: str, data: bytes = PHOTO) -> None:
    for key in keys:
        bench.client("s3").put_object(Bucket=ORIGINALS, Key=key, Body=data)


def s3_record(key: str, name: str = "ObjectCreated:Put", bucket: str = ORIGINALS) -> dict[str, Any]:
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": name,
        "s3": {"bucket": {"name": bucket}, "object": {"key": quote_plus(key)}},
    }


def s3_event(*keys: str, name: str = "ObjectCreated:Put") -> dict[str, Any]:
    return {"Records": [s3_record(key, name) for key in keys]}


@pytest.mark.parametrize("key", ODD_KEYS)
def test_a_photo_with_an_unusual_key_is_processed(processor: Environment, bench: Bench, key: str) -> None:
    put(bench, key)
    assert processor.response(s3_event(key)) is None
    assert processed(bench, key)


def test_duplicates_change_nothing(processor: Environment, bench: Bench) -> None:
    put(bench, "twice.jpg")
    assert processor.response(s3_event("twice.jpg", "twice.jpg")) is None
    copies = bench.client("s3").head_object(Bucket=PROCESSED, Key="processed/twice.jpg")
    record = bench.records()["twice.jpg"]
    assert processor.response(s3_event("twice.jpg")) is None
    assert bench.records()["twice.jpg"] == record
    assert (
        bench.client("s3").head_object(Bucket=PROCESSED, Key="processed/twice.jpg")["LastModified"]
        == (copies["LastModified"])
    )


@pytest.mark.parametrize("name", ["ObjectCreated:Put", "ObjectRemoved:Delete", "LifecycleExpiration:Delete"])
def test_an_event_of_a_key_that_never_existed_leaves_nothing(processor: Environment, bench: Bench, name: str) -> None:
    assert processor.response(s3_event("never/was.jpg", name=name)) is None
    assert "never/was.jpg" not in bench.records()


@pytest.mark.parametrize("name", ["ObjectRemoved:DeleteMarkerCreated", "LifecycleExpiration:DeleteMarkerCreated"])
def test_a_removed_or_expired_original_loses_its_copy_and_record(
    processor: Environment, bench: Bench, name: str
) -> None:
    put(bench, "old.jpg")
    processor.response(s3_event("old.jpg"))
    assert processed(bench, "old.jpg")
    bench.client("s3").delete_object(Bucket=ORIGINALS, Key="old.jpg")
    assert processor.response(s3_event("old.jpg", name=name)) is None
    assert "old.jpg" not in bench.records()
    assert "old.jpg" not in bench.copies()


def test_the_test_event_of_a_new_notification_is_accepted(processor: Environment) -> None:
    event = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": ORIGINALS, "RequestId": "X", "HostId": "Y"}
    assert processor.response(event) is None


def test_a_refused_image_is_not_an_error(processor: Environment, bench: Bench) -> None:
    put(bench, "text.jpg", data=b"no picture")
    assert processor.response(s3_event("text.jpg")) is None
    assert bench.records()["text.jpg"]["Error"].startswith("not-an-image")


def sqs_message(number: int, body: str) -> dict[str, Any]:
    return {
        "messageId": f"message-{number}",
        "receiptHandle": f"receipt-{number}",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:zeno-backfill",
    }


def test_only_failed_messages_of_a_batch_are_returned(processor: Environment, bench: Bench) -> None:
    put(bench, "good.jpg", "also good.jpg")
    bodies = [
        json.dumps(s3_event("good.jpg")),
        "not JSON",
        json.dumps({"Records": [s3_record("a.jpg", bucket="another-bucket")]}),
        json.dumps(s3_event("also good.jpg")),
    ]
    answer = processor.response({"Records": [sqs_message(number, body) for number, body in enumerate(bodies)]})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "message-1"}, {"itemIdentifier": "message-2"}]}
    assert processed(bench, "good.jpg")
    assert processed(bench, "also good.jpg")


def test_two_failed_keys_of_one_event_are_one_error_and_the_others_are_processed(
    processor: Environment, bench: Bench
) -> None:
    put(bench, "between.jpg")
    records = [s3_record("a.jpg", bucket="x"), s3_record("between.jpg"), s3_record("b.jpg", bucket="y")]
    assert processor.error({"Records": records}).startswith("ExceptionGroup: not all keys")
    assert processed(bench, "between.jpg")


@pytest.mark.parametrize("event", [{}, {"Records": "x"}, {"Records": [{"eventSource": "aws:sns"}]}, []])
def test_an_event_of_another_shape_is_an_error_and_the_next_one_works(
    processor: Environment, bench: Bench, event: Any
) -> None:
    assert processor.error(event)
    put(bench, "next.jpg")
    assert processor.response(s3_event("next.jpg")) is None


def api_event(**query: str) -> dict[str, Any]:
    return {
        "version": "2.0",
        "routeKey": "GET /images",
        "rawPath": "/images",
        "headers": {"accept": "*/*"},
        "requestContext": {"http": {"method": "GET", "path": "/images"}, "stage": "$default"},
        "rawQueryString": urlencode(query),
        **({"queryStringParameters": query} if query else {}),
        "isBase64Encoded": False,
    }


def test_the_api_returns_all_records_or_pages_of_them(
    get_images: Environment, processor: Environment, bench: Bench
) -> None:
    put(bench, "one.jpg", "two 📷.jpg")
    processor.response(s3_event("one.jpg", "two 📷.jpg"))
    answer = get_images.response(api_event())
    assert (answer["statusCode"], answer["headers"]["content-type"]) == (200, "application/json")
    ids = {record["ImageId"] for record in json.loads(answer["body"])}
    assert {"one.jpg", "two 📷.jpg"} <= ids
    first = get_images.response(api_event(limit="1"))
    assert len(json.loads(first["body"])) == 1
    assert 'rel="next"' in first["headers"]["link"]


@pytest.mark.parametrize("query", [{"limit": "none"}, {"limit": "0"}, {"cursor": "???"}])
def test_a_bad_query_is_answered_with_400(get_images: Environment, query: dict[str, str]) -> None:
    answer = get_images.response(api_event(**query))
    assert answer["statusCode"] == 400
    assert json.loads(answer["body"])["message"]
