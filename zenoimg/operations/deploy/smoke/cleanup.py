"""Remove the photos of smoke tests, with their copies and records."""

from __future__ import annotations

from collections.abc import Iterator

from zenoimg.operations.pipeline import LivePipeline
from zenoimg.pipeline.calls.service import expected_owner
from zenoimg.pipeline.records import RESERVED_PREFIX

#: Prefix of the keys of test photos, which no list shows.
PREFIX = f"{RESERVED_PREFIX}smoke-"


def remove(pipeline: LivePipeline, key: str) -> None:
    """Remove the copy, the record and every version of one test photo.

    The original is removed last: as long as anything is left, ``remove_leftovers`` finds it.
    """
    assert key.startswith(PREFIX), "only test photos are removed"
    owner = expected_owner(pipeline.settings.account_id)
    copies, copy_key = pipeline.settings.processed_bucket, pipeline.settings.copy_key(key)
    pipeline.aws.s3.delete_object(Bucket=copies, Key=copy_key, **owner)
    pipeline.catalog.delete(key)
    bucket = pipeline.settings.originals_bucket
    for version_key, version in _versions(pipeline, key):
        pipeline.aws.s3.delete_object(Bucket=bucket, Key=version_key, VersionId=version, **owner)


def remove_leftovers(pipeline: LivePipeline) -> int:
    """Remove the photos left by interrupted tests; return their number."""
    keys = {*_originals(pipeline), *_copies(pipeline)}
    for key in keys:
        remove(pipeline, key)
    return len(keys)


def _versions(pipeline: LivePipeline, prefix: str) -> Iterator[tuple[str, str]]:
    """Yield key and version id of all versions and delete markers with a prefix."""
    pages = pipeline.aws.s3.get_paginator("list_object_versions").paginate(
        Bucket=pipeline.settings.originals_bucket, Prefix=prefix, **expected_owner(pipeline.settings.account_id)
    )
    for page in pages:
        for item in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
            yield item["Key"], item["VersionId"]


def _originals(pipeline: LivePipeline) -> set[str]:
    return {key for key, _ in _versions(pipeline, PREFIX)}


def _copies(pipeline: LivePipeline) -> set[str]:
    start = pipeline.settings.copy_key("")
    pages = pipeline.aws.s3.get_paginator("list_objects_v2").paginate(
        Bucket=pipeline.settings.processed_bucket, Prefix=start + PREFIX, **expected_owner(pipeline.settings.account_id)
    )
    return {item["Key"].removeprefix(start) for page in pages for item in page.get("Contents", [])}
