"""Images that need more memory than the function has are sent to the large queue and marked by the large function."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from PIL import Image

from lambda_handlers import processor
from tests.aws.conftest import NAMES
from tests.aws.invocation import s3_event, sqs_event
from tests.aws.processor.invoke import PHOTO, RECIPE, call, copy_of, put
from zenoimg.imaging import Limits, watermark
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.events import backfill_body, parse_body

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

Log = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def large_queue(sqs: SQSClient, monkeypatch: pytest.MonkeyPatch) -> str:
    url = sqs.create_queue(QueueName=NAMES.large_queue)["QueueUrl"]
    monkeypatch.setenv("LARGE_QUEUE_URL", url)
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
    return url


def received(sqs: SQSClient, url: str) -> list[Any]:
    return sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])


def as_large_function(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    processor._tools.cache_clear()
    for name, value in {
        "LARGE_QUEUE_URL": "",
        "BACKFILL_QUEUE_URL": url,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "3008",
    }.items():
        monkeypatch.setenv(name, value)


def saved(kind: str, **options: Any) -> bytes:
    encoded = io.BytesIO()
    Image.new("RGB", (10_000, 10_000), "#305070").save(encoded, kind, **options)
    return encoded.getvalue()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {}),
        ("PNG", {"compress_level": 1}),
        ("TIFF", {"compression": "tiff_deflate"}),
    ],
)
@pytest.mark.thorough
def test_a_picture_of_100_megapixels_is_handed_over_undecoded_and_then_marked(
    s3: S3Client,
    sqs: SQSClient,
    catalog: Catalog,
    large_queue: str,
    monkeypatch: pytest.MonkeyPatch,
    log: Log,
    kind: str,
    options: dict[str, Any],
) -> None:
    monkeypatch.setattr(processor, "load_deployed", lambda: (RECIPE, Limits()))  # this layer takes 100 KB
    data = saved(kind, **options)
    put(s3, "large", data)
    call(s3_event("large"))
    assert [line["result"] for line in log()] == ["handed-over"]
    assert catalog.get("large") is None
    messages = received(sqs, large_queue)
    as_large_function(monkeypatch, large_queue)
    assert call(sqs_event(messages)) == {"batchItemFailures": []}
    record = catalog.get("large")
    assert record is not None
    assert (record.status, record.width, record.height) == ("processed", 10_000, 10_000)
    assert copy_of(s3, "large") == watermark(data).data


@pytest.fixture
def _little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every photo need more memory than the function has."""
    monkeypatch.setattr("zenoimg.pipeline.tools.usable_memory", lambda megabytes: 1)


@pytest.mark.usefixtures("_little_memory")
def test_a_hand_over_is_logged_and_measured_and_keeps_its_force_flag(
    s3: S3Client, sqs: SQSClient, catalog: Catalog, large_queue: str, log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    put(s3, "cat 1.jpg")
    body = backfill_body(NAMES.originals_bucket, "cat 1.jpg", force=True)
    message: Any = {"MessageId": "m", "ReceiptHandle": "r", "Body": body}
    assert call(sqs_event([message])) == {"batchItemFailures": []}
    (line,) = log()
    assert (line["level"], line["image"], line["result"]) == ("INFO", "cat 1.jpg", "handed-over")
    measured = [json.loads(text) for text in capsys.readouterr().out.splitlines() if '"_aws"' in text]
    assert [(found["handed-over"], found["processed"]) for found in measured] == [([1.0], [0.0])]
    ((key,),) = [parse_body(found["Body"]) for found in received(sqs, large_queue)]
    assert (key.bucket, key.key, key.force) == (NAMES.originals_bucket, "cat 1.jpg", True)
    assert catalog.get("cat 1.jpg") is None


@pytest.mark.usefixtures("_little_memory")
def test_a_hand_over_that_fails_fails_the_run_so_that_its_lane_retries(
    s3: S3Client, sqs: SQSClient, catalog: Catalog, large_queue: str
) -> None:
    put(s3, "cat.jpg")
    sqs.delete_queue(QueueUrl=large_queue)
    with pytest.raises(ClientError):
        call(s3_event("cat.jpg"))
    record = catalog.get("cat.jpg")
    assert record is not None
    assert record.status == "failed"


@pytest.mark.usefixtures("_little_memory")
def test_an_original_deleted_or_overwritten_in_the_meantime_ends_in_an_allowed_state(
    s3: S3Client, sqs: SQSClient, catalog: Catalog, large_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("deleted.jpg", "overwritten.jpg"):
        put(s3, key, PHOTO + b" ")
        call(s3_event(key))
    messages = received(sqs, large_queue)
    s3.delete_object(Bucket=NAMES.originals_bucket, Key="deleted.jpg")
    version = put(s3, "overwritten.jpg")
    as_large_function(monkeypatch, large_queue)
    assert call(sqs_event([*messages, *messages])) == {"batchItemFailures": []}
    (record,) = catalog.page().records
    assert (record.image_id, record.version_id, record.status) == ("overwritten.jpg", version, "processed")


@pytest.mark.usefixtures("_little_memory")
def test_without_a_large_function_the_processor_marks_the_image(s3: S3Client, catalog: Catalog) -> None:
    put(s3, "cat.jpg")
    call(s3_event("cat.jpg"))
    record = catalog.get("cat.jpg")
    assert record is not None
    assert record.status == "processed"
