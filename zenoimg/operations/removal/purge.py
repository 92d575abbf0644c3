"""Empty a bucket permanently: all versions of all objects and all delete markers.

Deleted versions are no longer listed, so rerunning an interrupted purge resumes it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from zenoimg.errors import RefusedByAwsError
from zenoimg.operations.concurrency import as_they_end
from zenoimg.pipeline.calls.service import expected_owner, is_transient_code
from zenoimg.pipeline.calls.threads import threads

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: Concurrent requests of up to a thousand versions each; S3 accepts 3,500 deletions per second and prefix.
_WORKERS = 4
_TRIES = 6
_NAMED = 3  # keys listed in an error

Removed = Callable[[int], None]


@dataclass(frozen=True)
class Content:
    """The content of a bucket: number of versions, number of delete markers, bytes of all versions."""

    versions: int = 0
    markers: int = 0
    size: int = 0

    @property
    def total(self) -> int:
        """Return the number of versions and delete markers."""
        return self.versions + self.markers


@dataclass(frozen=True)
class _Item:
    key: str
    version: str
    size: int
    is_marker: bool


def count(
    s3: S3Client, bucket: str, owner: str, *, prefix: str = "", on_count: Removed = lambda count: None
) -> Content:
    """Return the content of a bucket under a prefix; ``on_count`` is called with the size of each page."""
    versions = markers = size = 0
    for page in _pages(s3, bucket, owner, prefix):
        found = sum(item.is_marker for item in page)
        markers += found
        versions += len(page) - found
        size += sum(item.size for item in page)
        on_count(len(page))
    return Content(versions, markers, size)


def is_empty(s3: S3Client, bucket: str, owner: str) -> bool:
    """Return whether a bucket holds no version and no delete marker."""
    answer = s3.list_object_versions(Bucket=bucket, MaxKeys=1, **expected_owner(owner))
    return not answer.get("Versions") and not answer.get("DeleteMarkers")


def empty(
    s3: S3Client,
    bucket: str,
    owner: str,
    *,
    prefix: str = "",
    on_removed: Removed = lambda count: None,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Delete everything in a bucket under a prefix; return the number of versions and markers.

    ``owner`` is the account that must own the bucket. Raises ``RefusedByAwsError`` naming what S3 did not delete
    (legal hold, missing permission) after deleting everything else, and botocore's ``ClientError`` when S3
    rejects an entire request.
    """
    refused: list[str] = []
    removed = 0

    def take(page: list[_Item]) -> int:
        problems = _remove(s3, bucket, owner, page, sleep)
        refused.extend(problems)
        return len(page) - len(problems)

    with threads(_WORKERS, "purge") as pool:
        for number in as_they_end(take, _pages(s3, bucket, owner, prefix), pool, 2 * _WORKERS):
            removed += number
            on_removed(number)
    if refused:
        raise RefusedByAwsError(
            f"{len(refused):,} versions in {bucket} could not be deleted: {'; '.join(refused[:_NAMED])}",
            next_step="Fix the cause and rerun the command; it continues with what is left.",
            code="not-emptied",
        )
    return removed


def _pages(s3: S3Client, bucket: str, owner: str, prefix: str) -> Iterator[list[_Item]]:
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix, **expected_owner(owner))
    for page in pages:
        items = [_Item(found["Key"], found["VersionId"], found["Size"], False) for found in page.get("Versions", [])]
        items += [_Item(found["Key"], found["VersionId"], 0, True) for found in page.get("DeleteMarkers", [])]
        if items:
            yield items


def _remove(s3: S3Client, bucket: str, owner: str, items: Sequence[_Item], sleep: Callable[[float], None]) -> list[str]:
    """Delete up to a thousand versions; return those that could not be deleted, each with its reason."""
    refused = []
    left: list[Any] = [{"Key": item.key, "VersionId": item.version} for item in items if fits_xml(item.key)]
    for attempt in range(_TRIES):
        if not left:
            break
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": left, "Quiet": True}, **expected_owner(owner))
        errors = answer.get("Errors", [])
        again = [error for error in errors if is_transient_code(error["Code"]) and attempt < _TRIES - 1]
        refused += [_problem(error["Key"], error) for error in errors if error not in again]
        left = [{"Key": error["Key"], "VersionId": error["VersionId"]} for error in again]
        if left:
            sleep(random.uniform(0, 0.2 * 2**attempt))  # noqa: S311
    for item in items:
        if not fits_xml(item.key):
            try:
                s3.delete_object(Bucket=bucket, Key=item.key, VersionId=item.version, **expected_owner(owner))
            except ClientError as error:
                refused.append(_problem(item.key, error.response["Error"]))
    return refused


def fits_xml(key: str) -> bool:
    """Return whether DeleteObjects can name a key: XML 1.0 cannot represent most control characters."""
    return all(character >= " " and character not in "\ufffe\uffff" for character in key)


def _problem(key: str, error: Any) -> str:
    return f"{key}: {error.get('Message') or error.get('Code')}"
