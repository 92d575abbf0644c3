"""Which originals a reprocess takes up: the buckets' listings against batched reads of the table.

The bucket is the truth. Both listings are sorted by key, so originals and copies are walked side by side in
constant memory; a copy without its original is found on the way, and is taken up to be removed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from zenoimg.errors import ZenoError
from zenoimg.operations.live import LivePipeline
from zenoimg.pipeline.records import ImageRecord, utc_text
from zenoimg.pipeline.settings import PROCESSED_PREFIX

Selection = Literal["missing", "all"]

_LOOKUP = 100  # one BatchGetItem


@dataclass(frozen=True)
class Listed:
    """An original as the bucket lists it; ``created_at`` as records write it."""

    key: str
    etag: str
    size: int
    created_at: str

    def is_told_by(self, record: ImageRecord) -> bool:
        """Whether a record is about this very version.

        A listing tells no VersionIds; ETag and time tell versions apart as well as whole seconds allow.
        """
        return (record.etag, record.created_at) == (self.etag, self.created_at)


@dataclass(frozen=True)
class Candidate:
    """A key of either bucket: its original (``None``: there is none any more), and whether it has a copy."""

    key: str
    original: Listed | None
    has_copy: bool


@dataclass(frozen=True)
class Selected:
    """A key that is taken up, with the record that it has so far. Without an original it is to be removed."""

    key: str
    original: Listed | None
    record: ImageRecord | None


def wanted(candidate: Candidate, record: ImageRecord | None, selection: Selection) -> bool:
    """Whether a selection takes a key up.

    ``missing`` is whatever is not as ``reconcile`` would leave it: no record, a failed one, one of another
    version, a processed one without its copy, anything left of an original that is gone.
    """
    original = candidate.original
    if original is None:
        return candidate.has_copy or record is not None
    if selection == "all":
        return True
    if record is None or record.status == "failed" or not original.is_told_by(record):
        return True
    return candidate.has_copy != (record.status == "processed")


def select(
    pipeline: LivePipeline, selection: Selection, *, ids: Sequence[str] = (), prefix: str = ""
) -> Iterator[Selected]:
    """The keys that a selection takes up, streamed.

    Named ``ids`` are taken up whatever their state. Raises ``ZenoError`` for an id that has neither an
    original nor a record.
    """
    if ids:
        yield from _named(pipeline, list(dict.fromkeys(ids)))
        return
    candidates = side_by_side(_originals(pipeline, prefix), _copies(pipeline, prefix))
    while batch := list(islice(candidates, _LOOKUP)):
        records = pipeline.catalog.get_many(candidate.key for candidate in batch)
        for candidate in batch:
            record = records.get(candidate.key)
            if wanted(candidate, record, selection):
                yield Selected(candidate.key, candidate.original, record)
    yield from _records_alone(pipeline, prefix)


def side_by_side(originals: Iterator[Listed], copies: Iterator[str]) -> Iterator[Candidate]:
    """Two sorted streams as one. S3 lists keys in the order of their UTF-8 bytes; so does this compare them."""
    original, copy = next(originals, None), next(copies, None)
    while original is not None or copy is not None:
        left = None if original is None else original.key.encode()
        right = None if copy is None else copy.encode()
        if original is not None and (right is None or (left is not None and left <= right)):
            yield Candidate(original.key, original, has_copy=left == right)
            copy = next(copies, None) if left == right else copy
            original = next(originals, None)
        elif copy is not None:
            yield Candidate(copy, None, has_copy=True)
            copy = next(copies, None)


def _records_alone(pipeline: LivePipeline, prefix: str) -> Iterator[Selected]:
    """Refused and failed records whose original is gone: they have no copy by which a listing would show them."""
    for status in ("refused", "failed"):
        for record in pipeline.catalog.attention(status):
            if record.image_id.startswith(prefix) and pipeline.storage.head_original(record.image_id) is None:
                yield Selected(record.image_id, None, record)


def _named(pipeline: LivePipeline, ids: Sequence[str]) -> Iterator[Selected]:
    for key in ids:
        found, record = pipeline.storage.head_original(key), pipeline.catalog.get(key)
        if found is None and record is None:
            raise ZenoError(
                f"there is no original {key!r} in {pipeline.settings.originals_bucket}, and no record of one",
                next_step="`zenoimg list` shows the ids.",
                code="no-such-image",
            )
        original = None if found is None else Listed(key, found.etag, found.size, utc_text(found.last_modified))
        yield Selected(key, original, record)


def _originals(pipeline: LivePipeline, prefix: str) -> Iterator[Listed]:
    for item in _listing(pipeline, pipeline.settings.originals_bucket, prefix):
        if not item["Key"].endswith("/"):
            yield Listed(item["Key"], item["ETag"].strip('"'), item["Size"], utc_text(item["LastModified"]))


def _copies(pipeline: LivePipeline, prefix: str) -> Iterator[str]:
    for item in _listing(pipeline, pipeline.settings.processed_bucket, PROCESSED_PREFIX + prefix):
        yield item["Key"].removeprefix(PROCESSED_PREFIX)


def _listing(pipeline: LivePipeline, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    account = pipeline.settings.account_id
    owner: dict[str, Any] = {"ExpectedBucketOwner": account} if account else {}
    pages = pipeline.aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, **owner)
    for page in pages:
        yield from (dict(item) for item in page.get("Contents", []))
