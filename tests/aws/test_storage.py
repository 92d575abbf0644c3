from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from tests.aws.conftest import ACCOUNT, NAMES
from zenoimg.pipeline.settings import PipelineSettings
from zenoimg.pipeline.storage import ImageStorage, OriginalArchivedError, PublishedCopy, copy_key_fits, identity_of
from zenoimg.pipeline.verdict import CopyMark

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEYS = ["cat.jpg", "2025/06/a cat.jpg", "1+1=2.jpg", "100%.jpg", "münchen 🐈.jpg", "a//b.jpg", "?#&.jpg"]
EVERYTHING = 10**9


@pytest.mark.parametrize("key", KEYS)
def test_one_read_returns_the_bytes_and_their_version(s3: S3Client, storage: ImageStorage, key: str) -> None:
    old = s3.put_object(Bucket=NAMES.originals_bucket, Key=key, Body=b"old")
    new = s3.put_object(Bucket=NAMES.originals_bucket, Key=key, Body=b"newer")
    found = storage.get_original(key, EVERYTHING)
    assert found is not None
    assert (found.data, found.size) == (b"newer", 5)
    assert found.identity == new["VersionId"] != old["VersionId"]
    assert found.etag == new["ETag"].strip('"')


def test_a_head_request_returns_the_same_without_the_bytes(s3: S3Client, storage: ImageStorage) -> None:
    s3.put_object(Bucket=NAMES.originals_bucket, Key="cat.jpg", Body=b"cat")
    read, looked = storage.get_original("cat.jpg", EVERYTHING), storage.head_original("cat.jpg")
    assert read is not None
    assert looked is not None
    assert looked.data is None
    assert (looked.identity, looked.etag, looked.size) == (read.identity, read.etag, read.size)
    assert looked.last_modified == read.last_modified


def test_an_object_at_the_limit_is_read_and_one_byte_more_is_not(s3: S3Client, storage: ImageStorage) -> None:
    s3.put_object(Bucket=NAMES.originals_bucket, Key="cat.jpg", Body=b"12345")
    at_limit, above = storage.get_original("cat.jpg", 5), storage.get_original("cat.jpg", 4)
    assert at_limit is not None
    assert above is not None
    assert at_limit.data == b"12345"
    assert (above.data, above.size) == (None, 5)


def test_a_key_that_never_existed_is_missing(storage: ImageStorage, s3: S3Client) -> None:
    assert storage.get_original("cat.jpg", EVERYTHING) is None
    assert storage.head_original("cat.jpg") is None
    assert storage.get_copy_mark("cat.jpg") is None


def test_a_deleted_key_is_missing_although_it_has_versions(s3: S3Client, storage: ImageStorage) -> None:
    s3.put_object(Bucket=NAMES.originals_bucket, Key="cat.jpg", Body=b"cat")
    s3.delete_object(Bucket=NAMES.originals_bucket, Key="cat.jpg")
    assert storage.get_original("cat.jpg", EVERYTHING) is None
    assert storage.head_original("cat.jpg") is None


def test_a_missing_bucket_is_not_a_missing_photo(session: boto3.Session, settings: PipelineSettings) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        ImageStorage(session.client("s3"), settings).get_original("cat.jpg", EVERYTHING)


def test_without_versions_the_etag_is_the_identity(s3: S3Client, storage: ImageStorage) -> None:
    s3.put_bucket_versioning(Bucket=NAMES.originals_bucket, VersioningConfiguration={"Status": "Suspended"})
    put = s3.put_object(Bucket=NAMES.originals_bucket, Key="cat.jpg", Body=b"cat")
    found = storage.get_original("cat.jpg", EVERYTHING)
    assert found is not None
    assert found.identity == put["ETag"].strip('"')


@pytest.mark.parametrize(
    ("answer", "identity"),
    [
        ({"ETag": '"e1"', "VersionId": "v1"}, "v1"),
        ({"ETag": '"e1"', "VersionId": "null"}, "e1"),
        ({"ETag": '"e1"', "VersionId": None}, "e1"),
        ({"ETag": '"e1"'}, "e1"),
    ],
)
def test_the_null_version_does_not_identify_content(answer: dict[str, Any], identity: str) -> None:
    assert identity_of(answer) == identity


MARK = CopyMark("v1", "00ff00ff00ff00ff")


@pytest.mark.parametrize("key", KEYS)
def test_a_copy_is_stored_under_its_prefix_with_type_and_mark(s3: S3Client, storage: ImageStorage, key: str) -> None:
    assert storage.put_copy(key, b"copy", "image/jpeg", MARK, replacing=None)
    stored = s3.get_object(Bucket=NAMES.processed_bucket, Key="processed/" + key)
    assert stored["Body"].read() == b"copy"
    assert stored["ContentType"] == "image/jpeg"
    assert stored["Metadata"] == {"zenoimg-source-version": "v1", "zenoimg-recipe": "00ff00ff00ff00ff"}
    assert storage.head_copy(key) == PublishedCopy(MARK, stored["ETag"], 4, "image/jpeg")


def test_the_mark_of_a_copy_is_also_read_under_its_former_names(s3: S3Client, storage: ImageStorage) -> None:
    metadata = {"source-version": "v1", "recipe": "r1"}
    s3.put_object(Bucket=NAMES.processed_bucket, Key="processed/cat.jpg", Body=b"copy", Metadata=metadata)
    assert storage.get_copy_mark("cat.jpg") == CopyMark("v1", "r1")


def test_a_copy_of_another_origin_has_an_empty_mark(s3: S3Client, storage: ImageStorage) -> None:
    s3.put_object(Bucket=NAMES.processed_bucket, Key="processed/cat.jpg", Body=b"copy")
    assert storage.get_copy_mark("cat.jpg") == CopyMark("", "")


def copy_bytes(s3: S3Client) -> bytes:
    return s3.get_object(Bucket=NAMES.processed_bucket, Key="processed/cat.jpg")["Body"].read()


def test_a_copy_replaces_only_the_one_that_was_read(s3: S3Client, storage: ImageStorage) -> None:
    assert not storage.put_copy("cat.jpg", b"first", "image/jpeg", MARK, replacing='"0"'), "there is no copy yet"
    assert storage.put_copy("cat.jpg", b"first", "image/jpeg", MARK, replacing=None)
    first = storage.head_copy("cat.jpg")
    assert first is not None
    assert not storage.put_copy("cat.jpg", b"second", "image/jpeg", MARK, replacing=None)
    assert copy_bytes(s3) == b"first"
    assert storage.put_copy("cat.jpg", b"second", "image/jpeg", MARK, replacing=first.etag)
    assert not storage.put_copy("cat.jpg", b"third", "image/jpeg", MARK, replacing=first.etag)
    assert copy_bytes(s3) == b"second"


def test_only_the_copy_that_was_read_is_deleted_and_the_original_stays(s3: S3Client, storage: ImageStorage) -> None:
    s3.put_object(Bucket=NAMES.originals_bucket, Key="cat.jpg", Body=b"cat")
    storage.put_copy("cat.jpg", b"copy", "image/jpeg", MARK, replacing=None)
    copy = storage.head_copy("cat.jpg")
    assert copy is not None
    assert not storage.delete_copy("cat.jpg", '"0"')
    assert storage.head_copy("cat.jpg") == copy
    assert storage.delete_copy("cat.jpg", copy.etag)
    assert not storage.delete_copy("cat.jpg", copy.etag), "it is gone"
    assert storage.head_copy("cat.jpg") is None
    assert storage.head_original("cat.jpg") is not None


@pytest.mark.parametrize(
    ("content_type", "name"), [("image/jpeg", "JPEG"), ("image/webp", "WebP"), ("binary/octet-stream", None)]
)
def test_the_format_of_a_copy_follows_from_its_content_type(content_type: str, name: str | None) -> None:
    assert PublishedCopy(MARK, '"0"', 1, content_type).format == name


def test_a_key_leaves_room_for_the_prefix_in_bytes_not_characters() -> None:
    assert copy_key_fits("k" * 1014)
    assert not copy_key_fits("k" * 1015)
    assert copy_key_fits("ü" * 507)
    assert not copy_key_fits("ü" * 508)


CALLS = [
    pytest.param("get_object", lambda storage: storage.get_original("cat.jpg", 1), id="read"),
    pytest.param("head_object", lambda storage: storage.head_original("cat.jpg"), id="look"),
    pytest.param("head_object", lambda storage: storage.get_copy_mark("cat.jpg"), id="look at the copy"),
    pytest.param("put_object", lambda storage: storage.put_copy("c", b"", "image/png", MARK, replacing=None), id="put"),
    pytest.param("delete_object", lambda storage: storage.delete_copy("cat.jpg", '"0"'), id="delete"),
]


@pytest.mark.parametrize(("operation", "call"), CALLS)
def test_a_denied_call_is_never_mistaken_for_a_missing_photo(
    operation: str, call: Any, session: boto3.Session, settings: PipelineSettings
) -> None:
    client = session.client("s3")
    with Stubber(client) as stubber:
        code = "403" if operation == "head_object" else "AccessDenied"
        stubber.add_client_error(operation, code, http_status_code=403)
        if operation == "get_object":  # followed by a check whether a KMS key was denied
            stubber.add_client_error("head_object", "403", http_status_code=403)
        with pytest.raises(ClientError, match=code):
            call(ImageStorage(client, settings))


@pytest.mark.parametrize(("operation", "call"), CALLS)
@pytest.mark.parametrize("account", [ACCOUNT, None])
def test_every_call_names_the_account_that_must_own_the_bucket(
    operation: str, call: Any, account: str | None, s3: S3Client, settings: PipelineSettings
) -> None:
    owners: list[str | None] = []
    s3.meta.events.register(
        "provide-client-params.s3", lambda params, **_: owners.append(params.get("ExpectedBucketOwner"))
    )
    call(ImageStorage(s3, PipelineSettings(**{**vars(settings), "account_id": account})))
    assert owners == [account]


def test_an_archived_original_is_distinguished_from_a_missing_one(
    session: boto3.Session, settings: PipelineSettings
) -> None:
    client = session.client("s3")
    with Stubber(client) as stubber:
        stubber.add_client_error("get_object", "InvalidObjectState", http_status_code=403)
        with pytest.raises(OriginalArchivedError, match=r"cat\.jpg"):
            ImageStorage(client, settings).get_original("cat.jpg", EVERYTHING)
