"""A HEIC in the pipeline: its copy is a JPEG under the original's key, as recorded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.aws.conftest import NAMES
from tests.drawn import heifs, pictures
from tests.drawn.heifs import needs_heic
from zenoimg.imaging import Limits, Recipe
from zenoimg.imaging.formats.heif.availability import SWITCHED_OFF
from zenoimg.operations.inventory.current import Current
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.reconcile import reconcile
from zenoimg.pipeline.settings import PipelineSettings
from zenoimg.pipeline.storage import ImageStorage
from zenoimg.pipeline.tools import Tools

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = needs_heic

KEY = "a/IMG_1.HEIC"


def tools_for(s3: S3Client, catalog: Catalog, settings: PipelineSettings) -> Tools:
    return Tools(ImageStorage(s3, settings), catalog, settings, Recipe(), Limits())


def put(s3: S3Client, **headers: str) -> None:
    data = heifs.encoded(pictures.photo((160, 120)))
    s3.put_object(Bucket=NAMES.originals_bucket, Key=KEY, Body=data, ContentType="image/heic", **headers)  # type: ignore[arg-type]


def test_the_copy_has_the_type_of_its_content_and_a_suggested_file_name(
    s3: S3Client, catalog: Catalog, settings: PipelineSettings
) -> None:
    put(s3)
    assert reconcile(KEY, tools_for(s3, catalog, settings)).result == "processed"
    copy = s3.head_object(Bucket=NAMES.processed_bucket, Key=f"processed/{KEY}")
    assert copy["ContentType"] == "image/jpeg"
    assert copy["ContentDisposition"] == 'inline; filename="IMG_1.jpg"'
    record = catalog.get(KEY)
    assert record is not None
    assert (record.format, record.source_format) == ("JPEG", "HEIF")
    assert record.warnings[0] == "HEIF cannot be written and was converted to JPEG"


def test_rewritten_headers_suggest_the_same_file_name(
    s3: S3Client, catalog: Catalog, settings: PipelineSettings
) -> None:
    put(s3, ContentDisposition='attachment; filename="sea.heic"')
    tools = tools_for(s3, catalog, settings)
    reconcile(KEY, tools)
    before = catalog.get(KEY)
    reconcile(KEY, replace(tools, settings=replace(settings, cache_control="max-age=60")))
    copy = s3.head_object(Bucket=NAMES.processed_bucket, Key=f"processed/{KEY}")
    assert (copy["CacheControl"], copy["ContentType"]) == ("max-age=60", "image/jpeg")
    assert copy["ContentDisposition"] == 'attachment; filename="sea.jpg"'
    after = catalog.get(KEY)
    assert before is not None
    assert after is not None
    assert (after.format, after.source_format, after.etag) == (before.format, before.source_format, before.etag)


def test_a_refusal_while_heic_is_off_is_stale_once_it_is_on(
    s3: S3Client, catalog: Catalog, settings: PipelineSettings
) -> None:
    put(s3)
    on = tools_for(s3, catalog, settings)
    off = replace(on, limits=replace(on.limits, heic=False))
    assert reconcile(KEY, off).result == "refused"
    record = catalog.get(KEY)
    assert record is not None
    assert record.error == f"unsupported-format: {SWITCHED_OFF}"
    assert not Current(off.recipe.fingerprint, off.limits_fingerprint).is_outdated(record)
    assert Current(on.recipe.fingerprint, on.limits_fingerprint).is_outdated(record)
    assert off.recipe.fingerprint == on.recipe.fingerprint
    assert reconcile(KEY, on).result == "processed"
