"""Select images for reprocessing: compare the buckets' listings with batched reads of the table.

The originals bucket is the source of truth. Both listings are sorted by key, so originals and copies are merged as two
streams; the records found for them are then compared with the entire table, which reveals records with neither
original nor copy. All of it runs in constant memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from botocore.exceptions import ClientError

from zenoimg.errors import ZenoError
from zenoimg.operations.concurrency import batches, map_ahead
from zenoimg.operations.inventory.current import Current
from zenoimg.operations.inventory.orphans import Digest, orphans
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.selectors import Selectors
from zenoimg.pipeline.calls.service import error_code, expected_owner, is_missing
from zenoimg.pipeline.records import ImageRecord, Status, utc_text
from zenoimg.pipeline.settings import PROCESSED_PREFIX
from zenoimg.pipeline.storage import Original, copy_key_fits
from zenoimg.pipeline.verdict import expected_copy, keeps_older_copy
from zenoimg.suggest import suggest

ImageState = Literal["current", "missing", "stale", "failed", "refused", "kept", "left-over"]
STATES: tuple[ImageState, ...] = ("current", "missing", "stale", "failed", "refused", "kept", "left-over")

_LOOKUP = 100  # one BatchGetItem
_LOOKUPS_AHEAD = 4
_HEADS_AHEAD = 16


@dataclass(frozen=True)
class ImageSelection:
    """Which images to select: those in the given ``states`` that match the selectors, by the age of their originals.

    A time bound excludes deleted originals. ``current`` determines what is stale.
    """

    states: frozenset[ImageState]
    selectors: Selectors = field(default_factory=Selectors)
    current: Current = field(default_factory=Current)

    def match(self, candidate: Candidate, record: ImageRecord | None) -> SelectedImage | None:
        """Return the candidate as a selected image, or ``None`` if it is not selected."""
        state = state_of(candidate, record, self.current)
        image = SelectedImage(candidate.key, candidate.original, record, state)
        return image if self.includes(image) else None

    def includes(self, image: SelectedImage) -> bool:
        """Return whether an image is selected; ``refused`` includes refusals that are stale."""
        is_refusal = image.record is not None and image.record.status == "refused"
        states = {image.state, "refused"} if image.state == "stale" and is_refusal else {image.state}
        if not states & self.states:
            return False
        return image.is_selected_by(self.selectors)


@dataclass(frozen=True)
class ListedOriginal:
    """An original as listed by the bucket; ``created_at`` is in the format of records.

    ``storage_class`` is S3's; empty for an original that was read by its key instead of listed.
    """

    key: str
    etag: str
    size: int
    created_at: str
    storage_class: str = ""

    def is_described_by(self, record: ImageRecord) -> bool:
        """Return whether a record describes this version.

        Listings have no VersionIds; ETag and time tell versions apart, to the second.
        """
        return (record.etag, record.created_at) == (self.etag, self.created_at)


@dataclass(frozen=True)
class Candidate:
    """A key of either bucket: its original (``None`` if deleted), and whether it has a copy."""

    key: str
    original: ListedOriginal | None
    has_copy: bool


@dataclass(frozen=True)
class SelectedImage:
    """A selected key, its state and its current record. Without an original, copy and record have to be deleted."""

    key: str
    original: ListedOriginal | None
    record: ImageRecord | None
    state: ImageState

    def is_selected_by(self, selectors: Selectors) -> bool:
        """Return whether it matches selectors, by its key, the age of its original and its record."""
        created_at = self.original.created_at if self.original else ""
        return selectors.takes(self.key, created_at) and selectors.takes_record(self.record)

    @property
    def was_refused(self) -> bool:
        """Return whether this version has already been refused, by the current recipe or an earlier one."""
        is_stale_refusal = self.state == "stale" and self.record is not None and self.record.status == "refused"
        return self.state in ("refused", "kept") or is_stale_refusal

    @property
    def needs_force(self) -> bool:
        """Return whether another attempt needs force, because the record holds the current recipe's refusal."""
        return self.state == "kept"


def state_of(candidate: Candidate, record: ImageRecord | None, current: Current) -> ImageState:
    """Return the state of a key. Pure.

    ``missing``: not in the state that ``reconcile`` would leave, that is: no record or one of another version; a
    processed image without a copy; a refused image that lacks the copy it keeps, or has one it should not keep.
    ``left-over``: the original was deleted. ``stale``: processed by another recipe, or refused by another recipe, other
    limits or other code. ``refused`` and ``kept``: refused by the current recipe, limits and code, without a copy or
    with one by an earlier recipe.
    """
    if candidate.original is None:
        return "left-over" if candidate.has_copy or record is not None else "current"
    if record is None:
        return "missing"
    if record.status == "failed":
        return "failed"
    if not candidate.original.is_described_by(record) or candidate.has_copy != (expected_copy(record) is not None):
        return "missing"
    if current.is_outdated(record):
        return "stale"
    if record.status == "refused":
        return "kept" if keeps_older_copy(record) else "refused"
    return "current"


def select(pipeline: LivePipeline, selection: ImageSelection) -> Iterator[SelectedImage]:
    """Yield the selected images.

    If only failed and refused ones are wanted, query the table's index; otherwise scan everything. Raises botocore's
    ``ClientError`` during iteration.
    """
    if selection.states <= {"failed", "refused", "kept"} or selection.selectors.status in ("failed", "refused"):
        try:
            yield from _by_attention(pipeline, selection)
            return
        except ClientError as error:
            if not lacks_index(error):
                raise
    for candidate, record in scan(pipeline, selection.selectors.prefix, with_orphans="left-over" in selection.states):
        selected = selection.match(candidate, record)
        if selected is not None:
            yield selected


def scan(
    pipeline: LivePipeline, prefix: str = "", *, with_orphans: bool = True
) -> Iterator[tuple[Candidate, ImageRecord | None]]:
    """Yield every key that has an original or a copy, with its record; then the keys that have only a record."""
    seen = Digest()
    candidates = merge_listings(_originals(pipeline, prefix), _copies(pipeline, prefix))

    def look_up(batch: list[Candidate]) -> list[tuple[Candidate, ImageRecord | None]]:
        records = pipeline.catalog.get_many(candidate.key for candidate in batch)
        return [(candidate, records.get(candidate.key)) for candidate in batch]

    for batch in map_ahead(look_up, batches(candidates, _LOOKUP), _LOOKUPS_AHEAD):
        for candidate, record in batch:
            if record is not None:
                seen.add(candidate.key)
            yield candidate, record
    if with_orphans:
        for record in orphans(pipeline, seen, prefix):
            yield Candidate(record.image_id, None, has_copy=False), record


def lacks_index(error: ClientError) -> bool:
    """Return whether the table lacks the queried index, as one created by other means may. moto has its own code."""
    return is_missing(error) or error_code(error) == "ValidationException"


def has_originals(pipeline: LivePipeline) -> bool:
    """Return whether the originals bucket holds any original. Raises botocore's ``ClientError``."""
    return next(_originals(pipeline, ""), None) is not None


def images_by_id(pipeline: LivePipeline, ids: Sequence[str], current: Current) -> Iterator[SelectedImage]:
    """Yield the images with these ids, in any state. Raises ``ZenoError`` for one with neither original nor record."""
    for key in dict.fromkeys(ids):
        image = inspect_image(pipeline, key, current)
        if image.original is None and image.record is None:
            raise ZenoError(
                f"there is no original {key!r} in {pipeline.settings.originals_bucket}, and no record of one",
                next_step=f"`{suggest('list')}` shows the ids.",
                code="no-such-image",
            )
        yield image


def inspect_image(pipeline: LivePipeline, key: str, current: Current) -> SelectedImage:
    """Return the current state of one key, read from S3 and the table directly."""
    original = as_listed(key, pipeline.storage.head_original(key))
    has_copy = copy_key_fits(key) and pipeline.storage.get_copy_mark(key) is not None
    record = pipeline.catalog.get(key)
    return SelectedImage(key, original, record, state_of(Candidate(key, original, has_copy), record, current))


def as_listed(key: str, original: Original | None) -> ListedOriginal | None:
    """Return an original, read by its key, in the form that a listing gives."""
    if original is None:
        return None
    return ListedOriginal(key, original.etag, original.size, utc_text(original.last_modified))


def merge_listings(originals: Iterator[ListedOriginal], copies: Iterator[str]) -> Iterator[Candidate]:
    """Merge two sorted streams by key. S3 lists keys in the order of their UTF-8 bytes."""
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


def _by_attention(pipeline: LivePipeline, selection: ImageSelection) -> Iterator[SelectedImage]:
    statuses: tuple[Status, ...] = ("failed", "refused")
    for status in statuses:
        if status != selection.selectors.status and (selection.selectors.status or status not in selection.states):
            continue
        ids = (record.image_id for record in pipeline.catalog.attention(status))
        wanted = (key for key in ids if key.startswith(selection.selectors.prefix))
        inspect = lambda key: inspect_image(pipeline, key, selection.current)  # noqa: E731
        for image in map_ahead(inspect, wanted, _HEADS_AHEAD):
            has_status = image.record is not None and image.record.status == status
            if has_status and (image.original or "left-over" in selection.states) and selection.includes(image):
                yield image


def _originals(pipeline: LivePipeline, prefix: str) -> Iterator[ListedOriginal]:
    for item in _listing(pipeline, pipeline.settings.originals_bucket, prefix):
        if not item["Key"].endswith("/"):
            created_at, storage_class = utc_text(item["LastModified"]), item.get("StorageClass", "")
            yield ListedOriginal(item["Key"], item["ETag"].strip('"'), item["Size"], created_at, storage_class)


def _copies(pipeline: LivePipeline, prefix: str) -> Iterator[str]:
    for item in _listing(pipeline, pipeline.settings.processed_bucket, PROCESSED_PREFIX + prefix):
        yield item["Key"].removeprefix(PROCESSED_PREFIX)


def _listing(pipeline: LivePipeline, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    owner = expected_owner(pipeline.settings.account_id)
    pages = pipeline.aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, **owner)
    for page in pages:
        yield from (dict(item) for item in page.get("Contents", []))
