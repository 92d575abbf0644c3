"""What guards a published copy against a concurrent change, on an S3 that evaluates it: moto's CopyObject does not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.aws.conftest import ACCOUNT
from tests.local.embedded_bench import client
from zenoimg.local import EmbeddedAws
from zenoimg.pipeline.objects.headers import CopyHeaders
from zenoimg.pipeline.settings import PipelineSettings, copies_url
from zenoimg.pipeline.storage import ImageStorage, PublishedCopy
from zenoimg.pipeline.verdict import CopyMark

pytestmark = [pytest.mark.local, pytest.mark.slow]

KEY, BUCKET = "cat.jpg", "conditions-processed"
OLD, NEW = CopyMark("v1", "00ff00ff00ff00ff"), CopyMark("v1", "00ff00ff00ff00ff", headers="11")


@pytest.fixture
def s3(embedded: EmbeddedAws) -> Any:
    made = client(embedded, "s3")
    made.create_bucket(Bucket=BUCKET)
    return made


@pytest.fixture
def storage(s3: Any) -> ImageStorage:
    url = copies_url(BUCKET, "us-east-1", None)
    return ImageStorage(s3, PipelineSettings("conditions-original", BUCKET, "no-table", url, account_id=ACCOUNT))


def copy_of(storage: ImageStorage) -> PublishedCopy:
    copy = storage.head_copy(KEY)
    assert copy is not None
    return copy


def test_only_the_copy_that_was_read_gets_other_headers(s3: Any, storage: ImageStorage) -> None:
    assert storage.put_copy(KEY, b"first", "image/jpeg", OLD, replacing=None)
    first = copy_of(storage)
    assert storage.put_copy(KEY, b"second", "image/jpeg", OLD, replacing=first.etag)
    headers = CopyHeaders({"CacheControl": "max-age=60"}, {})
    assert not storage.rewrite_copy(KEY, first, NEW, headers)
    second = copy_of(storage)
    assert second.mark == OLD
    assert storage.rewrite_copy(KEY, second, NEW, headers)
    assert copy_of(storage).mark == NEW
    stored = s3.get_object(Bucket=BUCKET, Key=f"processed/{KEY}")
    assert (stored["Body"].read(), stored["CacheControl"]) == (b"second", "max-age=60")
