from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from PIL import Image

from lambda_handlers import processor
from tests import pictures
from tests.aws.conftest import ACCOUNT, NAMES
from tests.aws.invocation import REQUEST_ID, context, s3_event, sqs_event
from zenoimg.imaging import Limits, Recipe
from zenoimg.pipeline import deployed_recipe
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.events import UnreadableEventError, backfill_body
from zenoimg.pipeline.storage import CopyMark, ImageStorage
from zenoimg.stack import bundle

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

RECIPE = Recipe()
PHOTO = pictures.jpeg(pictures.photo((160, 120)))
MAX_BYTES = 100_000
VISIBILITY_SECONDS = 1800


@pytest.fixture
def queue_url(sqs: SQSClient) -> str:
    attributes: Any = {"VisibilityTimeout": str(VISIBILITY_SECONDS)}
    return sqs.create_queue(QueueName=NAMES.backfill_queue, Attributes=attributes)["QueueUrl"]


@pytest.fixture(scope="module")
def recipe_layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    layer = tmp_path_factory.mktemp("recipe-layer")
    artifact = bundle.recipe_layer(RECIPE, Limits(max_bytes=MAX_BYTES))
    with zipfile.ZipFile(io.BytesIO(artifact.data)) as archive:
        archive.extractall(layer)
    return layer / "python"


@pytest.fixture(autouse=True)
def _environment(
    monkeypatch: pytest.MonkeyPatch, session: boto3.Session, recipe_layer: Path, queue_url: str
) -> Iterator[None]:
    """A fresh execution environment: variables as in the template, the recipe on the path, nothing cached."""
    for name, value in {
        "ORIGINALS_BUCKET": NAMES.originals_bucket,
        "PROCESSED_BUCKET": NAMES.processed_bucket,
        "TABLE_NAME": NAMES.table,
        "ACCOUNT_ID": ACCOUNT,
        "BACKFILL_QUEUE_URL": queue_url,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)
    monkeypatch.syspath_prepend(str(recipe_layer))
    _forget()
    yield
    _forget()


def _forget() -> None:
    processor._tools.cache_clear()
    processor._queues.cache_clear()
    sys.modules.pop(deployed_recipe.PACKAGE, None)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[dict[str, Any]]]:
    """The lines that the function has logged."""
    written = io.StringIO()
    monkeypatch.setattr(processor.logger.registered_handler, "stream", written)
    return lambda: [json.loads(line) for line in written.getvalue().splitlines()]


def put(s3: S3Client, key: str, data: bytes = PHOTO) -> str:
    """Puts an original; returns its version."""
    return s3.put_object(Bucket=NAMES.originals_bucket, Key=key, Body=data)["VersionId"]


def copy_of(s3: S3Client, key: str) -> bytes:
    return s3.get_object(Bucket=NAMES.processed_bucket, Key="processed/" + key)["Body"].read()


def call(event: dict[str, Any]) -> dict[str, Any] | None:
    answer: dict[str, Any] | None = processor.handler(event, context())
    return answer


# The live lane


@pytest.mark.parametrize("key", ["cat.jpg", "2025/06/a cat+dog.jpg", "münchen 🐈.jpg"])
def test_a_photo_that_lands_gets_a_copy_and_a_record(
    key: str, s3: S3Client, storage: ImageStorage, catalog: Catalog
) -> None:
    version = put(s3, key)
    assert call(s3_event(key)) is None
    copy = copy_of(s3, key)
    with Image.open(io.BytesIO(copy)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (160, 120))
    assert copy != PHOTO
    assert storage.get_copy_mark(key) == CopyMark(version, RECIPE.fingerprint)
    record = catalog.get(key)
    assert record is not None
    assert (record.status, record.original_size, record.processed_size) == ("processed", len(PHOTO), len(copy))
    assert (record.version_id, record.recipe) == (version, RECIPE.fingerprint)
    assert (record.format, record.width, record.height, record.frames) == ("JPEG", 160, 120, 1)


def test_the_same_event_again_writes_nothing(s3: S3Client, catalog: Catalog) -> None:
    s3.put_bucket_versioning(Bucket=NAMES.processed_bucket, VersioningConfiguration={"Status": "Enabled"})
    put(s3, "cat.jpg")
    call(s3_event("cat.jpg", "cat.jpg"))
    call(s3_event("cat.jpg"))
    assert len(s3.list_object_versions(Bucket=NAMES.processed_bucket)["Versions"]) == 1


@pytest.mark.parametrize("name", ["ObjectRemoved:DeleteMarkerCreated", "LifecycleExpiration:DeleteMarkerCreated"])
def test_a_photo_that_goes_takes_copy_and_record_with_it(
    name: str, s3: S3Client, storage: ImageStorage, catalog: Catalog
) -> None:
    put(s3, "cat.jpg")
    call(s3_event("cat.jpg"))
    s3.delete_object(Bucket=NAMES.originals_bucket, Key="cat.jpg")
    assert call(s3_event("cat.jpg", name=name)) is None
    assert storage.get_copy_mark("cat.jpg") is None
    assert catalog.get("cat.jpg") is None


def test_a_late_event_of_a_removal_does_not_harm_the_photo_that_came_after_it(
    s3: S3Client, storage: ImageStorage, catalog: Catalog
) -> None:
    put(s3, "cat.jpg")
    s3.delete_object(Bucket=NAMES.originals_bucket, Key="cat.jpg")
    version = put(s3, "cat.jpg")
    call(s3_event("cat.jpg"))
    call(s3_event("cat.jpg", name="ObjectRemoved:DeleteMarkerCreated"))
    assert storage.get_copy_mark("cat.jpg") == CopyMark(version, RECIPE.fingerprint)
    assert catalog.get("cat.jpg") is not None


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(b"just text", "not-an-image", id="text"),
        pytest.param(b"", "not-an-image", id="empty"),
        pytest.param(PHOTO[: len(PHOTO) // 2], "corrupt", id="cut off"),
        pytest.param(PHOTO + b"\0" * MAX_BYTES, "too-large", id="larger than allowed"),
    ],
)
def test_what_cannot_be_watermarked_is_refused_on_record_without_a_retry(
    data: bytes, code: str, s3: S3Client, storage: ImageStorage, catalog: Catalog
) -> None:
    put(s3, "bad.jpg", data)
    assert call(s3_event("bad.jpg")) is None
    record = catalog.get("bad.jpg")
    assert record is not None
    assert record.status == "refused"
    assert (record.error or "").startswith(code + ": ")
    assert record.processed_url is None
    assert storage.get_copy_mark("bad.jpg") is None


def test_a_refused_overwrite_removes_the_copy_of_the_photo_before_it(
    s3: S3Client, storage: ImageStorage, catalog: Catalog
) -> None:
    put(s3, "cat.jpg")
    call(s3_event("cat.jpg"))
    put(s3, "cat.jpg", b"just text")
    call(s3_event("cat.jpg"))
    assert storage.get_copy_mark("cat.jpg") is None
    assert [found.image_id for found in catalog.attention("refused")] == ["cat.jpg"]


def test_a_failure_of_s3_is_recorded_and_raised_and_mended_by_the_retry(s3: S3Client, catalog: Catalog) -> None:
    put(s3, "cat.jpg")
    s3.delete_bucket(Bucket=NAMES.processed_bucket)
    with pytest.raises(ClientError, match="NoSuchBucket"):
        call(s3_event("cat.jpg"))
    failed = catalog.get("cat.jpg")
    assert failed is not None
    assert failed.status == "failed"
    assert "NoSuchBucket" in (failed.error or "")
    s3.create_bucket(Bucket=NAMES.processed_bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    call(s3_event("cat.jpg"))
    record = catalog.get("cat.jpg")
    assert record is not None
    assert (record.status, record.error) == ("processed", None)


def test_a_failure_of_the_table_as_well_still_raises_the_first_one(
    s3: S3Client, dynamodb: Any, catalog: Catalog
) -> None:
    put(s3, "cat.jpg")
    dynamodb.delete_table(TableName=NAMES.table)
    with pytest.raises(ClientError, match="ResourceNotFoundException") as caught:
        call(s3_event("cat.jpg"))
    assert caught.value.operation_name == "GetItem"
    assert "failed record could not be written" in "".join(caught.value.__notes__)


def test_one_bad_key_of_an_event_does_not_hold_up_the_others(s3: S3Client, catalog: Catalog) -> None:
    put(s3, "cat.jpg")
    event = s3_event("elsewhere.jpg", bucket="another-bucket")
    event["Records"] += s3_event("cat.jpg")["Records"]
    with pytest.raises(UnreadableEventError, match="another-bucket"):
        call(event)
    assert catalog.get("cat.jpg") is not None


def test_several_bad_keys_are_all_told(s3: S3Client) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        call(s3_event("a.jpg", "b.jpg", bucket="another-bucket"))
    assert len(caught.value.exceptions) == 2


def test_folder_markers_and_test_events_are_nothing_to_do(s3: S3Client, catalog: Catalog) -> None:
    put(s3, "2025/", b"")
    assert call(s3_event("2025/")) is None
    assert call({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": NAMES.originals_bucket}) is None
    assert catalog.page().records == []


def test_each_image_is_one_structured_line_of_the_log(
    s3: S3Client, catalog: Catalog, log: Callable[[], list[dict[str, Any]]]
) -> None:
    put(s3, "cat.jpg")
    put(s3, "bad.jpg", b"just text")
    call(s3_event("cat.jpg", "bad.jpg"))
    good, bad = log()
    assert (good["level"], good["image"], good["result"]) == ("INFO", "cat.jpg", "processed")
    assert good["function_request_id"] == REQUEST_ID
    assert (bad["level"], bad["image"], bad["result"]) == ("WARNING", "bad.jpg", "refused")
    assert bad["error"].startswith("not-an-image: ")


def test_the_clients_are_made_once_for_an_execution_environment(s3: S3Client, catalog: Catalog) -> None:
    put(s3, "cat.jpg")
    call(s3_event("cat.jpg"))
    tools = processor._tools()
    call(s3_event("cat.jpg"))
    assert processor._tools() is tools
    assert tools.limits.max_bytes == MAX_BYTES
    assert tools.recipe == RECIPE


# The backfill lane


@pytest.fixture
def send(sqs: SQSClient, queue_url: str) -> Callable[..., list[Any]]:
    """Sends bodies and receives them, as Lambda's poller does; in the order sent."""

    def send(*bodies: str) -> list[Any]:
        sent = [sqs.send_message(QueueUrl=queue_url, MessageBody=body)["MessageId"] for body in bodies]
        received = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)["Messages"]
        return sorted(received, key=lambda message: sent.index(message["MessageId"]))

    return send


@pytest.fixture
def visibility(queue_url: str) -> list[dict[str, Any]]:
    """The changes of visibility that the function asks for."""
    asked: list[dict[str, Any]] = []
    processor._queues().meta.events.register(
        "provide-client-params.sqs.ChangeMessageVisibility", lambda params, **_: asked.append(dict(params))
    )
    return asked


def backfill(key: str, *, force: bool = False) -> str:
    return backfill_body(NAMES.originals_bucket, key, force=force)


def test_messages_of_the_queue_are_worked_off(
    s3: S3Client, catalog: Catalog, send: Callable[..., list[Any]], visibility: list[dict[str, Any]]
) -> None:
    put(s3, "cat.jpg")
    put(s3, "a dog+.jpg")
    assert call(sqs_event(send(backfill("cat.jpg"), backfill("a dog+.jpg")))) == {"batchItemFailures": []}
    assert sorted(found.image_id for found in catalog.page().records) == ["a dog+.jpg", "cat.jpg"]
    assert visibility == []


def test_only_the_bad_message_of_a_batch_comes_back(
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
def test_a_failed_message_comes_back_after_thirty_seconds_and_twice_as_long_each_time(
    tries: int,
    seconds: int,
    s3: S3Client,
    catalog: Catalog,
    send: Callable[..., list[Any]],
    visibility: list[dict[str, Any]],
) -> None:
    call(sqs_event(send("not json"), receive_count=tries))
    assert [asked["VisibilityTimeout"] for asked in visibility] == [seconds]


def test_a_message_is_hidden_no_longer_than_was_asked(
    s3: S3Client,
    catalog: Catalog,
    sqs: SQSClient,
    queue_url: str,
    send: Callable[..., list[Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processor, "FIRST_RETRY_SECONDS", 0)
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


def test_a_failing_s3_is_recorded_and_the_message_comes_back(
    s3: S3Client, catalog: Catalog, send: Callable[..., list[Any]], visibility: list[dict[str, Any]]
) -> None:
    put(s3, "cat.jpg")
    s3.delete_bucket(Bucket=NAMES.processed_bucket)
    messages = send(backfill("cat.jpg"))
    assert call(sqs_event(messages)) == {"batchItemFailures": [{"itemIdentifier": messages[0]["MessageId"]}]}
    assert [found.image_id for found in catalog.attention("failed")] == ["cat.jpg"]
    assert len(visibility) == 1


def test_force_redoes_what_is_done(s3: S3Client, catalog: Catalog, send: Callable[..., list[Any]]) -> None:
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


def test_a_dead_letter_of_the_live_lane_can_be_given_to_the_backfill_lane(
    s3: S3Client, catalog: Catalog, send: Callable[..., list[Any]]
) -> None:
    put(s3, "cat.jpg")
    dead = json.dumps({"requestPayload": s3_event("cat.jpg"), "requestContext": {"condition": "RetriesExhausted"}})
    assert call(sqs_event(send(dead))) == {"batchItemFailures": []}
    assert catalog.get("cat.jpg") is not None


def test_the_test_event_of_s3_in_the_queue_is_nothing_to_do(
    s3: S3Client, catalog: Catalog, send: Callable[..., list[Any]]
) -> None:
    assert call(sqs_event(send(json.dumps({"Event": "s3:TestEvent"})))) == {"batchItemFailures": []}
