"""Put originals, call the handler, read the copies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambda_handlers import processor
from tests.aws.conftest import NAMES
from tests.aws.invocation import context
from tests.drawn import pictures
from zenoimg.imaging import Recipe

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RECIPE = Recipe()
PHOTO = pictures.jpeg(pictures.photo((160, 120)))
MAX_BYTES = 100_000


def put(s3: S3Client, key: str, data: bytes = PHOTO) -> str:
    """Put an original; return its version."""
    return s3.put_object(Bucket=NAMES.originals_bucket, Key=key, Body=data)["VersionId"]


def copy_of(s3: S3Client, key: str) -> bytes:
    return s3.get_object(Bucket=NAMES.processed_bucket, Key="processed/" + key)["Body"].read()


def call(event: dict[str, Any]) -> dict[str, Any] | None:
    answer: dict[str, Any] | None = processor.handler(event, context())
    return answer
