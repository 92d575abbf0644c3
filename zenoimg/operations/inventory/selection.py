"""Which images a reprocess takes up: the buckets' listings against batched reads of the table.

The bucket is the truth. Both listings are sorted by key, so originals and copies are walked side by side; what
the walk found on record is then compared with the table itself, which shows records that neither bucket knows.
All of it in constant memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from botocore.exceptions import ClientError

from zenoimg.errors import ZenoError
from zenoimg.operations.concurrency import batches, map_ahead
from zenoimg.operations.inventory.orphans import Digest, lone_records
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.pipeline.records import ImageRecord, Status, utc_text
from zenoimg.pipeline.service import error_code, expected_owner, is_missing
from zenoimg.pipeline.settings import PROCESSED_PREFIX
from zenoimg.pipeline.storage import Original, copy_key_fits

State = Literal["current", "missing", "stale", "failed", "refused", "left-over"]
STATES: tuple[State, ...] = ("current", "missing", "stale", "failed", "refused", "left-over")

_LOOKUP = 100  # one BatchGetItem
_LOOKUPS_AHEAD = 4
_HEADS_AHEAD = 16


@dataclass(frozen=True)
class Selection:
    """What to take up. ``since`` is a ``CreatedAt`` (UTC text), empty for no bound; it leaves out what is gone.

    ``fingerprint`` is that of the recipe that copies should be of; empty, no copy is stale.
    """

    states: frozenset[State]
    prefix: str = ""
    since: str = ""
    fingerprint: str = ""

    def takes(self, candidate: Candidate, record: ImageRecord | None) -> Selected | None:
        """The candidate as selected, or ``None`` where it is left alone."""
        state = state_of(candidate, record, self.fingerprint)
        if state not in self.states:
            return None
        if self.since and (candidate.original is None or candidate.original.created_at < self.since):
            return None
        return Selected(candidate.key, candidate.original, record, state)


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
    """A key that is taken up, and why, with the record that it has so far. Without an original it is to go."""

    key: str
    original: Listed | None
    record: ImageRecord | None
    state: State


def state_of(candidate: Candidate, record: ImageRecord | None, fingerprint: str) -> State:
    """What is to be said of a key; pure.

    ``missing`` is whatever is not as ``reconcile`` would leave it: no record, or one of another version; a
    processed image without its copy, a refused one with a copy. ``left-over``: the original is gone.
    """
    if candidate.original is None:
        return "left-over" if candidate.has_copy or record is not None else "current"
    if record is None:
        return "missing"
    if record.status == "failed":
        return "failed"
    if not candidate.original.is_told_by(record) or candidate.has_copy != (record.status == "processed"):
        return "missing"
    if record.status == "refused":
        return "refused"
    return "stale" if fingerprint and record.recipe != fingerprint else "current"


def select(pipeline: LivePipeline, selection: Selection) -> Iterator[Selected]:
    """The keys that a selection takes up, streamed.

    Failed and refused ones alone are asked of the table's index; everything else is found by the walk.
    Raises botocore's ``ClientError`` while it is read.
    """
    if selection.states <= {"failed", "refused"}:
        try:
            yield from _by_attention(pipeline, selection)
            return
        except ClientError as error:
            if not lacks_index(error):
                raise
    for candidate, record in walk(pipeline, selection.prefix, lone="left-over" in selection.states):
        taken = selection.takes(candidate, record)
        if taken is not None:
            yield taken


def walk(
    pipeline: LivePipeline, prefix: str = "", *, lone: bool = True
) -> Iterator[tuple[Candidate, ImageRecord | None]]:
    """Every key that has an original or a copy, with its record; then with ``lone`` those that have a record alone."""
    seen = Digest()
    candidates = side_by_side(_originals(pipeline, prefix), _copies(pipeline, prefix))

    def look_up(batch: list[Candidate]) -> list[tuple[Candidate, ImageRecord | None]]:
        records = pipeline.catalog.get_many(candidate.key for candidate in batch)
        return [(candidate, records.get(candidate.key)) for candidate in batch]

    for looked_up in map_ahead(look_up, batches(candidates, _LOOKUP), _LOOKUPS_AHEAD):
        for candidate, record in looked_up:
            if record is not None:
                seen.add(candidate.key)
            yield candidate, record
    if lone:
        for record in lone_records(pipeline, seen, prefix):
            yield Candidate(record.image_id, None, has_copy=False), record


def lacks_index(error: ClientError) -> bool:
    """Whether a table has no such index: one that was made by other means may lack ours. moto has its own code."""
    return is_missing(error) or error_code(error) == "ValidationException"


def named(pipeline: LivePipeline, ids: Sequence[str], fingerprint: str) -> Iterator[Selected]:
    """Named images, whatever their state. Raises ``ZenoError`` for one with neither original nor record."""
    for key in dict.fromkeys(ids):
        found = look_at(pipeline, key, fingerprint)
        if found.original is None and found.record is None:
            raise ZenoError(
                f"there is no original {key!r} in {pipeline.settings.originals_bucket}, and no record of one",
                next_step="`zenoimg list` shows the ids.",
                code="no-such-image",
            )
        yield found


def look_at(pipeline: LivePipeline, key: str, fingerprint: str) -> Selected:
    """One key as it stands now, asked of S3 and the table directly."""
    original = listed(key, pipeline.storage.head_original(key))
    has_copy = copy_key_fits(key) and pipeline.storage.get_copy_mark(key) is not None
    record = pipeline.catalog.get(key)
    return Selected(key, original, record, state_of(Candidate(key, original, has_copy), record, fingerprint))


def listed(key: str, found: Original | None) -> Listed | None:
    """An original that was asked for by its key, as a listing would show it."""
    return None if found is None else Listed(key, found.etag, found.size, utc_text(found.last_modified))


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


def _by_attention(pipeline: LivePipeline, selection: Selection) -> Iterator[Selected]:
    statuses: tuple[Status, ...] = ("failed", "refused")
    for status in statuses:
        if status not in selection.states:
            continue
        ids = (record.image_id for record in pipeline.catalog.attention(status))
        wanted = (key for key in ids if key.startswith(selection.prefix))
        look = lambda key: look_at(pipeline, key, selection.fingerprint)  # noqa: E731
        for found in map_ahead(look, wanted, _HEADS_AHEAD):
            known = found.original is not None and found.original.created_at >= selection.since
            if found.state == status and known:
                yield found


def _originals(pipeline: LivePipeline, prefix: str) -> Iterator[Listed]:
    for item in _listing(pipeline, pipeline.settings.originals_bucket, prefix):
        if not item["Key"].endswith("/"):
            yield Listed(item["Key"], item["ETag"].strip('"'), item["Size"], utc_text(item["LastModified"]))


def _copies(pipeline: LivePipeline, prefix: str) -> Iterator[str]:
    for item in _listing(pipeline, pipeline.settings.processed_bucket, PROCESSED_PREFIX + prefix):
        yield item["Key"].removeprefix(PROCESSED_PREFIX)


def _listing(pipeline: LivePipeline, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    owner = expected_owner(pipeline.settings.account_id)
    pages = pipeline.aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, **owner)
    for page in pages:
        yield from (dict(item) for item in page.get("Contents", []))
