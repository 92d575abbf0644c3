"""An original under a KMS key that the role may not use: its record names the key, and no lane retries it.

moto neither encrypts nor denies: a hook answers the read as S3 does when KMS denies access.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from lambda_handlers import processor
from tests.aws.conftest import NAMES
from tests.aws.invocation import s3_event
from tests.aws.processor.invoke import PHOTO, call, put
from zenoimg.operations.reprocess.here import reconcile_one
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.events import backfill_body
from zenoimg.pipeline.storage import OriginalKeyError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
DENIED = (
    "User: arn:aws:sts::123456789012:assumed-role/role-image-processor/imageProcessorLambda is not authorized to "
    f"perform: kms:Decrypt on resource: {KEY} because no identity-based policy allows the kms:Decrypt action"
)


def encrypted(s3: S3Client) -> None:
    s3.put_object(
        Bucket=NAMES.originals_bucket, Key="cat.jpg", Body=PHOTO, ServerSideEncryption="aws:kms", SSEKMSKeyId=KEY
    )


def refuse(client: Any, code: str, message: str, operations: tuple[str, ...] = ("GetObject",)) -> None:
    def answer(model: Any, **_: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": message}}, model.name)

    for operation in operations:
        client.meta.events.register(f"before-call.s3.{operation}", answer)


def client() -> Any:
    storage: Any = processor._tools().storage
    return storage._client


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AccessDenied", DENIED),
        ("AccessDenied", "Access Denied"),
        ("KMS.DisabledException", f"{KEY} is disabled."),
        ("KMS.NotFoundException", f"Key '{KEY}' does not exist"),
        ("KMS.KMSInvalidStateException", f"{KEY} is pending deletion."),
    ],
    ids=["denied", "denied in older words", "disabled", "gone", "pending deletion"],
)
def test_the_record_names_the_key_and_the_event_is_done(
    s3: S3Client, catalog: Catalog, code: str, message: str
) -> None:
    encrypted(s3)
    refuse(client(), code, message)
    assert call(s3_event("cat.jpg")) is None
    record = catalog.get("cat.jpg")
    assert record is not None
    assert record.status == "failed"
    assert f"is encrypted with the KMS key {KEY}, which cannot be used: {message}" in (record.error or "")


def test_a_message_of_the_backfill_is_done_as_well(
    s3: S3Client, sqs: SQSClient, queue_url: str, catalog: Catalog
) -> None:
    encrypted(s3)
    refuse(client(), "AccessDenied", DENIED)
    sqs.send_message(QueueUrl=queue_url, MessageBody=backfill_body(NAMES.originals_bucket, "cat.jpg"))
    (message,) = sqs.receive_message(QueueUrl=queue_url)["Messages"]
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "eventSource": "aws:sqs",
        "attributes": {"ApproximateReceiveCount": "1"},
    }
    assert call({"Records": [record]}) == {"batchItemFailures": []}
    found = catalog.get("cat.jpg")
    assert found is not None
    assert found.status == "failed"


def test_once_the_key_may_be_used_the_image_is_processed(s3: S3Client, catalog: Catalog) -> None:
    encrypted(s3)
    answers: list[ClientError] = [ClientError({"Error": {"Code": "AccessDenied", "Message": DENIED}}, "GetObject")]

    def once(**_: Any) -> None:
        if answers:
            raise answers.pop()

    client().meta.events.register("before-call.s3.GetObject", once)
    call(s3_event("cat.jpg"))
    assert reconcile_one("cat.jpg", processor._tools(), force=False).result == "processed"


@pytest.mark.parametrize("operations", [("GetObject",), ("GetObject", "HeadObject")], ids=["no key", "no right in S3"])
def test_a_denial_that_is_not_about_a_key_is_retried(s3: S3Client, operations: tuple[str, ...]) -> None:
    put(s3, "cat.jpg") if operations == ("GetObject",) else encrypted(s3)
    refuse(client(), "AccessDenied", "Access Denied", operations)
    with pytest.raises(ClientError, match="Access Denied"):
        call(s3_event("cat.jpg"))


@pytest.mark.parametrize(
    "code",
    [
        "KMS.ThrottlingException",
        "KMS.KMSInternalException",
        "KMS.DependencyTimeoutException",
        "KMS.KeyUnavailableException",
        "KMS.InternalErrorException",
    ],
)
def test_temporary_failures_of_kms_are_retried(s3: S3Client, code: str) -> None:
    encrypted(s3)
    refuse(client(), code, "try again later")
    with pytest.raises(ClientError, match="try again later") as raised:
        call(s3_event("cat.jpg"))
    assert not isinstance(raised.value, OriginalKeyError)
