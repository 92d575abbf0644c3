"""``reconcile`` on real stores (moto), with changes by others between its steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.aws.conftest import NAMES
from tests.drawn import pictures
from zenoimg.imaging import Limits, Recipe
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.reconcile import Tools, reconcile
from zenoimg.pipeline.settings import PipelineSettings
from zenoimg.pipeline.storage import CopyMark, ImageStorage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEY = "cat.jpg"
PHOTO = pictures.jpeg(pictures.photo((160, 120)))


class FailingStorage(ImageStorage):
    """Fails to store a copy, after something else has happened."""

    def __init__(self, client: S3Client, settings: PipelineSettings, before: Callable[[], object]) -> None:
        super().__init__(client, settings)
        self._before = before

    def put_copy(self, key: str, data: bytes, content_type: str, mark: CopyMark) -> None:
        self._before()
        raise ConnectionError("the copy was not stored")


def put(s3: S3Client, data: bytes = PHOTO) -> None:
    s3.put_object(Bucket=NAMES.originals_bucket, Key=KEY, Body=data)


def fail_after(event: Callable[[], object], s3: S3Client, catalog: Catalog, settings: PipelineSettings) -> None:
    """Run ``reconcile`` on a stored photo; it fails after the event."""
    put(s3)
    tools = Tools(FailingStorage(s3, settings, event), catalog, settings, Recipe(), Limits())
    with pytest.raises(ConnectionError):
        reconcile(KEY, tools)


def test_a_failure_is_recorded(s3: S3Client, catalog: Catalog, settings: PipelineSettings) -> None:
    fail_after(lambda: None, s3, catalog, settings)
    record = catalog.get(KEY)
    assert record is not None
    assert (record.status, record.error) == ("failed", "ConnectionError: the copy was not stored")


def test_a_failure_on_a_version_that_was_overwritten_is_not_recorded(
    s3: S3Client, catalog: Catalog, settings: PipelineSettings
) -> None:
    fail_after(lambda: put(s3, PHOTO[:-2]), s3, catalog, settings)
    assert catalog.get(KEY) is None


def test_a_failure_on_an_original_that_was_deleted_is_not_recorded(
    s3: S3Client, catalog: Catalog, settings: PipelineSettings
) -> None:
    fail_after(lambda: s3.delete_object(Bucket=NAMES.originals_bucket, Key=KEY), s3, catalog, settings)
    assert catalog.get(KEY) is None
