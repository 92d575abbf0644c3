"""List the versions and delete markers of originals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from zenoimg.operations.pipeline import LivePipeline
from zenoimg.pipeline.calls.service import expected_owner


@dataclass(frozen=True)
class Version:
    """One version of an object, or one delete marker. ``size`` in bytes, ``None`` for a marker."""

    version_id: str
    is_marker: bool
    size: int | None = None
    is_current: bool = False
    modified: datetime | None = None
    etag: str = ""
    storage_class: str = ""


def versions_of(pipeline: LivePipeline, key: str) -> list[Version]:
    """Return all versions and delete markers of exactly this key, newest first.

    S3 does not tell the order of a marker and a version within one second, unless one of them is current.
    """
    found: list[Version] = []
    for page in _pages(pipeline, key):
        found += [_version(each) for each in page.get("Versions", []) if each["Key"] == key]
        found += [_marker(each) for each in page.get("DeleteMarkers", []) if each["Key"] == key]
        if page.get("NextKeyMarker", key) != key:
            break  # keys are sorted, and the exact key comes first
    # Sorting is stable, and S3 returns the versions of a key in the order of their age.
    return sorted(found, key=lambda each: (each.is_current, each.modified), reverse=True)


def deleted_keys(pipeline: LivePipeline, prefix: str, since: datetime | None) -> Iterator[str]:
    """Yield the keys whose newest version is a delete marker added at ``since`` or later, in key order."""
    for page in _pages(pipeline, prefix):
        for marker in page.get("DeleteMarkers", []):
            if marker["IsLatest"] and (since is None or marker["LastModified"] >= since):
                yield marker["Key"]


def _pages(pipeline: LivePipeline, prefix: str) -> Iterator[dict[str, Any]]:
    paginator: Any = pipeline.aws.s3.get_paginator("list_object_versions")
    owner = expected_owner(pipeline.settings.account_id)
    yield from paginator.paginate(Bucket=pipeline.settings.originals_bucket, Prefix=prefix, **owner)


def _version(found: dict[str, Any]) -> Version:
    return Version(
        found["VersionId"],
        is_marker=False,
        size=found["Size"],
        is_current=found["IsLatest"],
        modified=found["LastModified"],
        etag=found["ETag"].strip('"'),
        storage_class=found.get("StorageClass", "STANDARD"),
    )


def _marker(found: dict[str, Any]) -> Version:
    return Version(found["VersionId"], is_marker=True, is_current=found["IsLatest"], modified=found["LastModified"])
