"""``reconcile`` on moto's stores, with changes by others between its steps."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.aws.conftest import NAMES
from tests.drawn import pictures
from zenoimg.imaging import Limits, Recipe, WatermarkSpec
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.outcome import Outcome
from zenoimg.pipeline.reconcile import reconcile
from zenoimg.pipeline.records import ImageRecord
from zenoimg.pipeline.settings import PipelineSettings
from zenoimg.pipeline.storage import ImageStorage
from zenoimg.pipeline.tools import Tools

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEY = "cat.jpg"
PHOTO = pictures.jpeg(pictures.photo((160, 120)))


class FailingStorage(ImageStorage):
    """Storage that fails to store a copy, after something else has happened."""

    def __init__(self, client: S3Client, settings: PipelineSettings, before: Callable[[], object]) -> None:
        super().__init__(client, settings)
        self._before = before

    def put_copy(self, *_: object, **__: object) -> bool:
        self._before()
        raise ConnectionError("the copy was not stored")


def put(s3: S3Client, data: bytes = PHOTO) -> None:
    s3.put_object(Bucket=NAMES.originals_bucket, Key=KEY, Body=data)


def fail_after(event: Callable[[], object], s3: S3Client, catalog: Catalog, settings: PipelineSettings) -> None:
    """Run ``reconcile`` on a stored photo; it fails after something has happened."""
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


OLD, NEW = Recipe(watermark=WatermarkSpec(text="old")), Recipe(watermark=WatermarkSpec(text="new"))
NARROW = Limits(max_bytes=100)  # no photo is within the limits


@pytest.fixture
def tools(storage: ImageStorage, catalog: Catalog, settings: PipelineSettings) -> Tools:
    """Return the tools of the function before a rollout."""
    return Tools(storage, catalog, settings, OLD, Limits())


@pytest.fixture
def refusing(tools: Tools) -> Tools:
    """Return the tools of a function whose recipe and limits refuse every photo."""
    return replace(tools, recipe=NEW, limits=NARROW)


def record_of(catalog: Catalog) -> ImageRecord:
    record = catalog.get(KEY)
    assert record is not None
    return record


def copy_facts(record: ImageRecord) -> tuple[object, ...]:
    return (
        record.processed_size,
        record.processed_url,
        record.format,
        record.width,
        record.height,
        record.frames,
    )


def test_a_refusal_leaves_the_copy_of_the_same_version_published_and_described(
    s3: S3Client, catalog: Catalog, storage: ImageStorage, tools: Tools, refusing: Tools
) -> None:
    put(s3)
    reconcile(KEY, tools)
    before, copy = record_of(catalog), storage.head_copy(KEY)
    outcome = reconcile(KEY, refusing)
    after = record_of(catalog)
    assert (outcome.result, outcome.record) == ("refused", after)
    assert storage.head_copy(KEY) == copy
    assert (after.status, after.recipe, after.copy_recipe) == ("refused", NEW.fingerprint, OLD.fingerprint)
    assert after.limits == refusing.limits_fingerprint
    assert (after.error or "").startswith("too-large: ")
    assert copy_facts(after) == copy_facts(before)
    assert None not in copy_facts(after)
    assert reconcile(KEY, refusing) == Outcome("unchanged", after)


def test_a_kept_copy_is_described_after_a_failure_as_well(
    s3: S3Client, catalog: Catalog, settings: PipelineSettings, tools: Tools, refusing: Tools
) -> None:
    put(s3)
    reconcile(KEY, tools)
    before = record_of(catalog)
    failing = FailingStorage(s3, settings, lambda: None)
    with pytest.raises(ConnectionError):
        reconcile(KEY, replace(tools, recipe=NEW, storage=failing))
    failed = record_of(catalog)
    assert (failed.status, failed.recipe, failed.copy_recipe) == ("failed", NEW.fingerprint, OLD.fingerprint)
    assert copy_facts(failed) == copy_facts(before)
    reconcile(KEY, refusing)
    assert copy_facts(record_of(catalog)) == copy_facts(before)


def test_a_kept_copy_without_a_record_is_described_from_s3(
    s3: S3Client, catalog: Catalog, tools: Tools, refusing: Tools
) -> None:
    put(s3)
    reconcile(KEY, tools)
    size, url, *_ = copy_facts(record_of(catalog))
    catalog.delete(KEY)
    reconcile(KEY, refusing)
    assert copy_facts(record_of(catalog)) == (size, url, "JPEG", None, None, None)


def test_the_copy_of_another_version_does_not_survive_a_refusal(
    s3: S3Client, catalog: Catalog, storage: ImageStorage, tools: Tools, refusing: Tools
) -> None:
    put(s3)
    reconcile(KEY, tools)
    put(s3, PHOTO + b"\0")
    reconcile(KEY, refusing)
    record = record_of(catalog)
    assert storage.head_copy(KEY) is None
    assert (record.copy_recipe, set(copy_facts(record))) == (None, {None})


def test_going_back_to_the_recipe_of_the_kept_copy_processes_it_again(
    s3: S3Client, catalog: Catalog, tools: Tools, refusing: Tools
) -> None:
    put(s3)
    for each in (tools, refusing, tools):
        reconcile(KEY, each)
    record = record_of(catalog)
    assert (record.status, record.recipe, record.copy_recipe) == ("processed", OLD.fingerprint, None)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(lambda tools: replace(tools, limits=Limits(max_bytes=99)), id="other limits"),
        pytest.param(lambda tools: replace(tools, recipe=OLD), id="another recipe"),
    ],
)
def test_a_refusal_is_judged_again_under_another_recipe_or_other_limits(
    other: Callable[[Tools], Tools], s3: S3Client, catalog: Catalog, refusing: Tools
) -> None:
    put(s3)
    assert reconcile(KEY, refusing).result == "refused"
    assert reconcile(KEY, refusing).result == "unchanged"
    assert reconcile(KEY, other(refusing)).result == "refused"


def test_a_refusal_whose_copy_is_lost_is_recorded_again_without_it(
    s3: S3Client, catalog: Catalog, storage: ImageStorage, tools: Tools, refusing: Tools
) -> None:
    put(s3)
    reconcile(KEY, tools)
    reconcile(KEY, refusing)
    s3.delete_object(Bucket=NAMES.processed_bucket, Key=f"processed/{KEY}")
    assert reconcile(KEY, refusing).result == "refused"
    assert record_of(catalog).copy_recipe is None


def test_an_archived_original_is_tried_again_each_time(s3: S3Client, catalog: Catalog, tools: Tools) -> None:
    s3.put_object(Bucket=NAMES.originals_bucket, Key=KEY, Body=PHOTO, StorageClass="GLACIER")
    assert reconcile(KEY, tools).result == "refused"
    assert (record_of(catalog).error or "").startswith("archived: ")
    assert reconcile(KEY, tools).result == "refused", "it may have been restored"


class CountedStorage(ImageStorage):
    """Storage that counts the reads of originals."""

    reads = 0

    def get_original(self, key: str, max_bytes: int) -> Any:
        self.reads += 1
        return super().get_original(key, max_bytes)


def test_an_event_of_a_removal_reads_the_original_only_if_there_is_work(
    s3: S3Client, catalog: Catalog, settings: PipelineSettings, tools: Tools
) -> None:
    counted = CountedStorage(s3, settings)
    tools = replace(tools, storage=counted)
    put(s3)
    assert reconcile(KEY, tools, removed=True).result == "processed", "an older version expired before the first run"
    assert reconcile(KEY, tools, removed=True).result == "unchanged"
    assert counted.reads == 1
    s3.delete_object(Bucket=NAMES.originals_bucket, Key=KEY)
    assert reconcile(KEY, tools, removed=True).result == "removed"
    assert counted.reads == 1
    assert catalog.get(KEY) is None


HEADERS: dict[str, Any] = {
    "CacheControl": "max-age=60",
    "ContentDisposition": 'inline; filename="cat.jpg"',
    "ContentLanguage": "de",
}


def copy_response(s3: S3Client) -> Any:
    return s3.head_object(Bucket=NAMES.processed_bucket, Key=f"processed/{KEY}")


def test_a_copy_has_the_headers_and_the_user_metadata_of_its_original(
    s3: S3Client, catalog: Catalog, tools: Tools
) -> None:
    metadata = {"photographer": "A", "recipe": "theirs", "city": "B"}
    s3.put_object(Bucket=NAMES.originals_bucket, Key=KEY, Body=PHOTO, Metadata=metadata, **HEADERS)
    reconcile(KEY, tools)
    copy, record = copy_response(s3), record_of(catalog)
    assert {name: copy[name] for name in HEADERS} == HEADERS
    assert copy["ContentType"] == "image/jpeg"
    assert copy["Metadata"] == {
        "photographer": "A",
        "recipe": "theirs",
        "zenoimg-source-version": record.version_id,
        "zenoimg-recipe": OLD.fingerprint,
        "zenoimg-headers": record.headers,
    }
    assert [warning for warning in record.warnings if "city" in warning]
    assert reconcile(KEY, tools).result == "unchanged"


@pytest.mark.parametrize("is_refused", [False, True], ids=["processed", "kept by a refusal"])
def test_changed_header_rules_rewrite_headers_without_watermarking_again(
    is_refused: bool, s3: S3Client, catalog: Catalog, tools: Tools, refusing: Tools, settings: PipelineSettings
) -> None:
    metadata = {"photographer": "A", "city": "B"}
    s3.put_object(Bucket=NAMES.originals_bucket, Key=KEY, Body=PHOTO, Metadata=metadata, **HEADERS)
    reconcile(KEY, tools)
    if is_refused:
        reconcile(KEY, refusing)
    before, etag = record_of(catalog), copy_response(s3)["ETag"]

    def draw(*_: object, **__: object) -> Any:
        raise AssertionError("nothing is to be drawn")

    current = refusing if is_refused else tools
    changed = replace(current, settings=replace(settings, cache_control="no-cache"), watermark=draw)
    outcome = reconcile(KEY, changed)
    copy, after = copy_response(s3), record_of(catalog)
    assert outcome.result == before.status
    assert (copy["CacheControl"], copy["ContentLanguage"]) == ("no-cache", "de")
    assert (copy["ETag"], copy["ContentType"]) == (etag, "image/jpeg")
    assert copy["Metadata"]["photographer"] == "A"
    assert after.headers == copy["Metadata"]["zenoimg-headers"] != before.headers
    assert replace(after, headers="", updated_at="") == replace(before, headers="", updated_at="")
    assert reconcile(KEY, changed).result == "unchanged"


def test_headers_are_added_to_a_copy_made_before_they_were_carried_over(
    s3: S3Client, catalog: Catalog, tools: Tools
) -> None:
    s3.put_object(Bucket=NAMES.originals_bucket, Key=KEY, Body=PHOTO, **HEADERS)
    reconcile(KEY, tools)
    record = record_of(catalog)
    entries = {"source-version": record.version_id or "", "recipe": OLD.fingerprint}
    body = s3.get_object(Bucket=NAMES.processed_bucket, Key=f"processed/{KEY}")["Body"].read()
    s3.put_object(Bucket=NAMES.processed_bucket, Key=f"processed/{KEY}", Body=body, Metadata=entries)
    catalog.put(replace(record, headers=None))
    assert reconcile(KEY, tools).result == "processed"
    assert copy_response(s3)["ContentLanguage"] == "de"
    assert reconcile(KEY, tools).result == "unchanged"


def test_a_compressed_original_is_unpacked_within_the_limit(s3: S3Client, catalog: Catalog, tools: Tools) -> None:
    packed = gzip.compress(PHOTO)
    s3.put_object(Bucket=NAMES.originals_bucket, Key=KEY, Body=packed, ContentEncoding="gzip")
    assert reconcile(KEY, replace(tools, limits=Limits(max_bytes=len(PHOTO) - 1))).result == "refused"
    assert "larger than the limit when unpacked" in (record_of(catalog).error or "")
    assert reconcile(KEY, tools).result == "processed"
    assert record_of(catalog).original_size == len(packed)
    assert "ContentEncoding" not in copy_response(s3)
