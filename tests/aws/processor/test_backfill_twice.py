"""Running a reprocess twice does not process images twice, whatever the order of its messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.aws.conftest import NAMES
from tests.aws.invocation import sqs_event
from tests.aws.processor.invoke import call, put
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.events import backfill_body

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient


@pytest.mark.parametrize(("force", "copies"), [(False, 3), (True, 6)])
def test_keys_sent_twice_are_processed_once(
    force: bool, copies: int, s3: S3Client, catalog: Catalog, sqs: SQSClient, queue_url: str
) -> None:
    """Only ``--all`` and named images are processed again."""
    s3.put_bucket_versioning(Bucket=NAMES.processed_bucket, VersioningConfiguration={"Status": "Enabled"})
    keys = [f"{number}.jpg" for number in range(3)]
    for key in keys:
        put(s3, key)
    for key in keys * 2:
        body = backfill_body(NAMES.originals_bucket, key, force=force)
        sqs.send_message(QueueUrl=queue_url, MessageBody=body)
    for message in sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)["Messages"]:
        assert call(sqs_event([message])) == {"batchItemFailures": []}
    assert len(s3.list_object_versions(Bucket=NAMES.processed_bucket)["Versions"]) == copies
    assert {record.image_id for record in catalog.page().records} == set(keys)
