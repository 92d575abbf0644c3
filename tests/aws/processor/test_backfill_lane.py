from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from lambda_handlers import processor
from tests.aws.conftest import NAMES
from tests.aws.invocation import s3_event, sqs_event
from tests.aws.processor.invoke import call, copy_of, put
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.events import backfill_body

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient


@pytest.fixture
def send(sqs: SQSClient, queue_url: str) -> Callable[..., list[Any]]:
    """Send bodies and receive them, as Lambda's poller does, in the order sent."""

    def send(*bodies: str) -> list[Any]:
        sent = [sqs.send_message(QueueUrl=queue_url, MessageBody=body)["MessageId"] for body in bodies]
        received = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)["Messages"]
        return sorted(received, key=lambda message: sent.index(message["MessageId"]))

    return send


@pytest.fixture
def visibility(queue_url: str) -> list[dict[str, Any]]:
    """Return the changes of visibility that the function requests."""
    asked: list[dict[str, Any]] = []
    processor._queues().meta.events.register(
        "provide-client-params.sqs.ChangeMessageVisibility", lambda params, **_: asked.append(dict(params))
    )
    return asked


def backfill(key: str, *, force: bool = False) -> str:
    return backfill_body(NAMES.originals_bucket, key, force=force)


def test_messages_of_the_queue_are_processed(
    s3: S3Client, catalog: Catalog, send: Callable[..., list[Any]], visibility: list[dict[str, Any]]
) -> None:
    put(s3, "cat.jpg")
    put(s3, "a dog+.jpg")
    assert call(sqs_event(send(backfill("cat.jpg"), backfill("a dog+.jpg")))) == {"batchItemFailures": []}
    assert sorted(found.image_id for found in catalog.page().records) == ["a dog+.jpg", "cat.jpg"]
    assert visibility == []


def test_only_the_bad_message_of_a_batch_is_returned(
    s3: S3Client, catalog: Catalog, send: Callable[..., list[Any]], visibility: list[dict[str, Any]], queue_url: str
) -> None:
    put(s3, "cat.jpg")
    put(s3, "dog.jpg")
    messages = send(backfill("cat.jpg"), "not json", backfill("dog.jpg"))
    answer = call(sqs_event(messages))
    assert answer == {"batchItemFailures": [{"itemIdentifier": messages[1]["MessageId"]}]}
    assert sorted(found.image_id for found in catalog.page().records) == ["cat.jpg", "dog.jpg"]
    assert visibility == [
        {"QueueUrl": queue_url, "ReceiptHandle": messages[1]["ReceiptHandle"], "VisibilityTimeout": 30}
    ]


def test_a_batch_of_bad_messages_alone_is_reported_message_by_message(
    s3: S3Client, catalog: Catalog, send: Callable[..., list[Any]]
) -> None:
    messages = send("not json", backfill_body("another-bucket", "cat.jpg"))
    answer = call(sqs_event(messages))
    assert answer == {"batchItemFailures": [{"itemIdentifier": message["MessageId"]} for message in messages]}


@pytest.mark.parametrize(("tries", "seconds"), [(1, 30), (2, 60), (3, 120), (5, 480), (11, 30_720), (12, 43_200)])
def test_a_failed_message_reappears_after_thirty_seconds_doubling_each_time(
    tries: int,
    seconds: int,
    s3: S3Client,
    catalog: Catalog,
    send: Callable[..., list[Any]],
    visibility: list[dict[str, Any]],
) -> None:
    call(sqs_event(send("not json"), receive_count=tries))
    assert [asked["VisibilityTimeout"] for asked in visibility] == [seconds]


def test_a_message_is_hidden_no_longer_than_requested(
    s3: S3Client,
    catalog: Catalog,
    sqs: SQSClient,
    queue_url: str,
    send: Callable[..., list[Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BACKFILL_FIRST_RETRY", "0")
    messages = send("not json")
    assert "Messages" not in sqs.receive_message(QueueUrl=queue_url)
    call(sqs_event(messages))
    (again,) = sqs.receive_message(QueueUrl=queue_url)["Messages"]
    assert again["MessageId"] == messages[0]["MessageId"]


def test_a_visibility_that_cannot_be_changed_does_not_hide_why_the_message_failed(
    s3: S3Client,
    catalog: Catalog,
    sqs: SQSClient,
    queue_url: str,
    send: Callable[..., list[Any]],
    log: Callable[[], list[dict[str, Any]]],
) -> None:
    messages = send("not json")
    sqs.delete_queue(QueueUrl=queue_url)
    assert call(sqs_event(messages)) == {"batchItemFailures": [{"itemIdentifier": messages[0]["MessageId"]}]}
    failed, warned = log()
    assert (failed["level"], failed["exception_name"]) == ("ERROR", "UnreadableEventError")
    assert (warned["level"], warned["exception_name"]) == ("WARNING", "QueueDoesNotExist")


def test_a_failure_of_s3_is_recorded_and_the_message_returned(
    s3: S3Client, catalog: Catalog, send: Callable[..., list[Any]], visibility: list[dict[str, Any]]
) -> None:
    put(s3, "cat.jpg")
    s3.delete_bucket(Bucket=NAMES.processed_bucket)
    messages = send(backfill("cat.jpg"))
    assert call(sqs_event(messages)) == {"batchItemFailures": [{"itemIdentifier": messages[0]["MessageId"]}]}
    assert [found.image_id for found in catalog.attention("failed")] == ["cat.jpg"]
    assert len(visibility) == 1


def test_force_processes_an_up_to_date_image_again(
    s3: S3Client, catalog: Catalog, send: Callable[..., list[Any]]
) -> None:
    put(s3, "cat.jpg")
    call(s3_event("cat.jpg"))
    s3.put_object(
        Bucket=NAMES.processed_bucket,
        Key="processed/cat.jpg",
        Body=b"spoilt",
        Metadata=s3.head_object(Bucket=NAMES.processed_bucket, Key="processed/cat.jpg")["Metadata"],
    )
    call(sqs_event(send(backfill("cat.jpg"))))
    assert copy_of(s3, "cat.jpg") == b"spoilt"
    call(sqs_event(send(backfill("cat.jpg", force=True))))
    assert copy_of(s3, "cat.jpg") != b"spoilt"


def test_a_dead_letter_of_the_live_lane_can_be_sent_to_the_backfill_lane(
    s3: S3Client, catalog: Catalog, send: Callable[..., list[Any]]
) -> None:
    put(s3, "cat.jpg")
    dead = json.dumps({"requestPayload": s3_event("cat.jpg"), "requestContext": {"condition": "RetriesExhausted"}})
    assert call(sqs_event(send(dead))) == {"batchItemFailures": []}
    assert catalog.get("cat.jpg") is not None


def test_the_test_event_of_s3_in_the_queue_is_ignored(
    s3: S3Client, catalog: Catalog, send: Callable[..., list[Any]]
) -> None:
    assert call(sqs_event(send(json.dumps({"Event": "s3:TestEvent"})))) == {"batchItemFailures": []}
