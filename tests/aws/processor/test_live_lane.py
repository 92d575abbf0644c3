from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from PIL import Image

from lambda_handlers import processor
from tests.aws.conftest import NAMES
from tests.aws.invocation import REQUEST_ID, s3_event
from tests.aws.processor.invoke import MAX_BYTES, PHOTO, RECIPE, call, copy_of, put
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.events import UnreadableEventError
from zenoimg.pipeline.storage import ImageStorage
from zenoimg.pipeline.verdict import CopyMark

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.mark.parametrize("key", ["cat.jpg", "2025/06/a cat+dog.jpg", "münchen 🐈.jpg"])
def test_an_uploaded_photo_gets_a_copy_and_a_record(
    key: str, s3: S3Client, storage: ImageStorage, catalog: Catalog
) -> None:
    version = put(s3, key)
    assert call(s3_event(key)) is None
    copy = copy_of(s3, key)
    with Image.open(io.BytesIO(copy)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (160, 120))
    assert copy != PHOTO
    assert CopyMark(version, RECIPE.fingerprint).has_content_of(storage.get_copy_mark(key))
    record = catalog.get(key)
    assert record is not None
    assert (record.status, record.original_size, record.processed_size) == ("processed", len(PHOTO), len(copy))
    assert (record.version_id, record.recipe) == (version, RECIPE.fingerprint)
    assert (record.format, record.width, record.height, record.frames) == ("JPEG", 160, 120, 1)
    assert record.encoding == "coefficients"


def test_the_same_event_again_writes_nothing(s3: S3Client, catalog: Catalog) -> None:
    s3.put_bucket_versioning(Bucket=NAMES.processed_bucket, VersioningConfiguration={"Status": "Enabled"})
    put(s3, "cat.jpg")
    call(s3_event("cat.jpg", "cat.jpg"))
    call(s3_event("cat.jpg"))
    assert len(s3.list_object_versions(Bucket=NAMES.processed_bucket)["Versions"]) == 1


@pytest.mark.parametrize("name", ["ObjectRemoved:DeleteMarkerCreated", "LifecycleExpiration:DeleteMarkerCreated"])
def test_a_deleted_photo_loses_its_copy_and_record(
    name: str, s3: S3Client, storage: ImageStorage, catalog: Catalog
) -> None:
    put(s3, "cat.jpg")
    call(s3_event("cat.jpg"))
    s3.delete_object(Bucket=NAMES.originals_bucket, Key="cat.jpg")
    assert call(s3_event("cat.jpg", name=name)) is None
    assert storage.get_copy_mark("cat.jpg") is None
    assert catalog.get("cat.jpg") is None


def test_a_late_removal_event_does_not_harm_a_newer_photo(
    s3: S3Client, storage: ImageStorage, catalog: Catalog
) -> None:
    put(s3, "cat.jpg")
    s3.delete_object(Bucket=NAMES.originals_bucket, Key="cat.jpg")
    version = put(s3, "cat.jpg")
    call(s3_event("cat.jpg"))
    call(s3_event("cat.jpg", name="ObjectRemoved:DeleteMarkerCreated"))
    assert CopyMark(version, RECIPE.fingerprint).has_content_of(storage.get_copy_mark("cat.jpg"))
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
def test_files_that_cannot_be_watermarked_are_recorded_as_refused_without_a_retry(
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


def test_a_failure_of_s3_is_recorded_and_raised_and_fixed_by_the_retry(s3: S3Client, catalog: Catalog) -> None:
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


def test_if_the_table_fails_as_well_the_first_failure_is_raised(s3: S3Client, dynamodb: Any, catalog: Catalog) -> None:
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


def test_several_bad_keys_are_all_reported(s3: S3Client) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        call(s3_event("a.jpg", "b.jpg", bucket="another-bucket"))
    assert len(caught.value.exceptions) == 2


def test_folder_markers_and_test_events_are_ignored(s3: S3Client, catalog: Catalog) -> None:
    put(s3, "2025/", b"")
    assert call(s3_event("2025/")) is None
    assert call({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": NAMES.originals_bucket}) is None
    assert catalog.page().records == []


def test_each_image_is_one_structured_log_line(
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


def test_clients_are_created_once_per_execution_environment(s3: S3Client, catalog: Catalog) -> None:
    put(s3, "cat.jpg")
    call(s3_event("cat.jpg"))
    tools = processor._tools()
    call(s3_event("cat.jpg"))
    assert processor._tools() is tools
    assert tools.limits.max_bytes == MAX_BYTES
    assert tools.recipe == RECIPE
