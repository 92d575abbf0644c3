"""The record of one image: its fields, its DynamoDB item, its JSON. The one schema of the project.

The five fields that clients have always read come first and in this order: ``ImageId``, ``OriginalSize``,
``ProcessedSize``, ``ProcessedUrl``, ``CreatedAt``. The API, ``list --json`` and the table hold the same names.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal, cast

Status = Literal["processed", "refused", "failed"]
STATUSES: tuple[Status, ...] = ("processed", "refused", "failed")

#: Ids that begin so are zenoimg's own (a deploy tests itself with a photo); no list shows them.
RESERVED_PREFIX = ".zenoimg/"

#: Partitions that one day's records are spread over in the ``by-day`` index, so that a burst of uploads on
#: one day does not press on a single DynamoDB partition (1,000 writes a second each).
DAY_SHARDS = 4

#: (field of the record, attribute of the item and key of the JSON), in the order of the JSON.
_NAMES: tuple[tuple[str, str], ...] = (
    ("image_id", "ImageId"),
    ("original_size", "OriginalSize"),
    ("processed_size", "ProcessedSize"),
    ("processed_url", "ProcessedUrl"),
    ("created_at", "CreatedAt"),
    ("status", "Status"),
    ("updated_at", "UpdatedAt"),
    ("format", "Format"),
    ("width", "Width"),
    ("height", "Height"),
    ("frames", "Frames"),
    ("etag", "ETag"),
    ("version_id", "VersionId"),
    ("recipe", "Recipe"),
    ("duration_ms", "DurationMs"),
    ("warnings", "Warnings"),
    ("error", "Error"),
)
JSON_KEYS: tuple[str, ...] = tuple(name for _, name in _NAMES)


@dataclass(frozen=True)
class ImageRecord:
    """What is known of one original: sizes in bytes, dimensions in pixels as a viewer shows them.

    ``version_id`` is the identity of the original that this record is about: its S3 VersionId, or its ETag
    where the bucket has no versions. ``None`` marks what does not apply (a refused image has no copy).
    """

    image_id: str
    original_size: int | None
    processed_size: int | None
    processed_url: str | None
    created_at: str
    status: Status
    updated_at: str
    format: str | None = None
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    etag: str | None = None
    version_id: str | None = None
    recipe: str | None = None
    duration_ms: int | None = None
    warnings: tuple[str, ...] = ()
    error: str | None = None

    def same_outcome(self, other: ImageRecord | None) -> bool:
        """Whether both say the same of the same original by the same recipe; times do not count."""
        return other is not None and self._outcome() == other._outcome()

    def _outcome(self) -> ImageRecord:
        return replace(self, updated_at="", duration_ms=None)


def utc_text(moment: datetime) -> str:
    """``2025-06-12T15:25:14Z``: UTC, whole seconds. A naive moment is taken as UTC."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.strftime("%Y-%m-%dT%H:%M:%SZ")


def day_partition(day: str, shard: int) -> str:
    """The partition of the ``by-day`` index for a day (``2025-06-12``) and a shard."""
    return f"{day}#{shard}"


def to_item(record: ImageRecord) -> dict[str, Any]:
    """The record as a DynamoDB item (resource-style values), index attributes included.

    ``None`` fields are left out: a key attribute of an index may not be NULL, and absent is cheaper.
    """
    item = {name: value for name, value in to_json(record).items() if value is not None}
    shard = zlib.crc32(record.image_id.encode()) % DAY_SHARDS
    item["DayShard"] = day_partition(record.created_at[:10], shard)
    if record.status != "processed":
        item["Attention"] = record.status
    return item


def from_item(item: Mapping[str, Any]) -> ImageRecord:
    """The record of a DynamoDB item (resource-style values: numbers may be ``Decimal``).

    Attributes that an older record lacks are ``None``; a record without a status is a processed one.
    """
    values: dict[str, Any] = {}
    for field, name in _NAMES:
        value = item.get(name)
        values[field] = int(value) if field in _INTEGERS and value is not None else value
    values["warnings"] = tuple(cast("list[str]", values["warnings"] or ()))
    values["status"] = values["status"] or "processed"
    values["updated_at"] = values["updated_at"] or values["created_at"]
    return ImageRecord(**values)


_INTEGERS = frozenset({"original_size", "processed_size", "width", "height", "frames", "duration_ms"})


def to_json(record: ImageRecord) -> dict[str, Any]:
    """The record as the API and ``list --json`` show it: every key always, in the fixed order."""
    shown: dict[str, Any] = {name: getattr(record, field) for field, name in _NAMES}
    shown["Warnings"] = list(record.warnings)
    return shown
