"""One mocked account (moto) per test: the two buckets, the template's table, the backfill queue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from tests.conftest import REGION
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.settings import PipelineSettings, copies_url
from zenoimg.pipeline.storage import ImageStorage
from zenoimg.stack.names import StackNames
from zenoimg.stack.template import render

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

ACCOUNT = "123456789012"  # needed by moto
NAMES = StackNames("zeno")
_TABLE: dict[str, Any] = render(NAMES)["Resources"]["Images"]["Properties"]


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    """Return a shared session, which reads the services' models only once; each test creates its own clients."""
    return boto3.Session()


@pytest.fixture(autouse=True)
def _aws() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture
def s3(session: boto3.Session) -> S3Client:
    """Return S3 with both buckets; the originals are versioned, as in the template."""
    client = session.client("s3")
    for bucket in NAMES.buckets:
        client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})  # type: ignore[typeddict-item]
    client.put_bucket_versioning(Bucket=NAMES.originals_bucket, VersioningConfiguration={"Status": "Enabled"})
    return client


@pytest.fixture
def dynamodb(session: boto3.Session) -> DynamoDBClient:
    """Return DynamoDB with the template's table, indexes included."""
    client = session.client("dynamodb")
    wanted = ("TableName", "BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    client.create_table(**{key: _TABLE[key] for key in wanted})
    return client


@pytest.fixture
def sqs(session: boto3.Session) -> SQSClient:
    return session.client("sqs")


@pytest.fixture
def settings() -> PipelineSettings:
    return PipelineSettings(
        originals_bucket=NAMES.originals_bucket,
        processed_bucket=NAMES.processed_bucket,
        table=NAMES.table,
        copies_url=copies_url(NAMES.processed_bucket, REGION, None),
        account_id=ACCOUNT,
    )


@pytest.fixture
def storage(s3: S3Client, settings: PipelineSettings) -> ImageStorage:
    return ImageStorage(s3, settings)


@pytest.fixture
def catalog(dynamodb: DynamoDBClient) -> Catalog:
    return Catalog(dynamodb, NAMES.table)
