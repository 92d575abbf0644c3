"""The record of one image: its fields, its DynamoDB item and its JSON, all defined once in ``ImageRecord``.

Declare a new field there, at the position that it has in the JSON, and describe it in docs/openapi.yaml.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any, Literal

Status = Literal["processed", "refused", "failed"]
STATUSES: tuple[Status, ...] = ("processed", "refused", "failed")

#: Prefix of zenoimg's own image ids (photos with which a deploy tests the stack); no list shows them.
RESERVED_PREFIX = ".zenoimg/"

#: Maximum length of an image id, in bytes of UTF-8: it is an S3 key
#: (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html).
MAX_KEY_BYTES = 1024

#: Number of partitions of the ``by-day`` index over which a day's records are spread: a DynamoDB partition takes 1,000
#: writes per second, and a burst of uploads falls on one day.
DAY_SHARDS = 4


@dataclass(frozen=True)
class Attribute:
    """How one field of ``ImageRecord`` is stored and shown."""

    field: str
    name: str  # of the item's attribute and of the JSON key
    read: Callable[[Any], Any]  # converts the value that DynamoDB returns to the field's
    of_copy: bool  # whether it describes the copy, and so is kept as long as the copy


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(each) for each in ([value] if isinstance(value, str) else value))


def _moment(value: Any) -> str:
    text = _text(value)
    if len(text) != len("2025-06-12T15:25:14Z") or text[-1] != "Z":
        raise ValueError(f"{text!r} is no time of a record")
    datetime.fromisoformat(text)
    return text


def _stored_as(name: str, read: Callable[[Any], Any] = _text, *, of_copy: bool = False) -> dict[str, Any]:
    """Return the metadata of a field of ``ImageRecord``."""
    return {"name": name, "read": read, "of_copy": of_copy}


@dataclass(frozen=True)
class ImageRecord:
    """What is known about one original; sizes are in bytes, dimensions in pixels as a viewer shows them.

    The order of the fields is the order of the JSON keys; existing clients rely on the first five. ``version_id``
    identifies the version of the original that the record describes: its S3 VersionId, or its ETag in a bucket
    without versioning. ``None`` marks what does not apply, such as the size of a copy that does not exist. Both times
    are empty if an item has none that can be read.

    ``recipe`` is the recipe of the last attempt. A refused or failed attempt leaves an earlier copy of the same version
    published: then ``copy_recipe`` is the recipe of that copy, and the fields about the copy describe it. ``limits``
    identifies the limits and the code that refused an image, ``headers`` the rules of the copy's headers in S3.
    ``source_format`` is the format of the original that the copy was made from, ``format`` that of the copy.
    """

    image_id: str = field(metadata=_stored_as("ImageId"))
    original_size: int | None = field(metadata=_stored_as("OriginalSize", int))
    processed_size: int | None = field(metadata=_stored_as("ProcessedSize", int, of_copy=True))
    processed_url: str | None = field(metadata=_stored_as("ProcessedUrl", of_copy=True))
    created_at: str = field(metadata=_stored_as("CreatedAt", _moment))
    status: Status = field(metadata=_stored_as("Status"))
    updated_at: str = field(metadata=_stored_as("UpdatedAt", _moment))
    format: str | None = field(default=None, metadata=_stored_as("Format", of_copy=True))
    width: int | None = field(default=None, metadata=_stored_as("Width", int, of_copy=True))
    height: int | None = field(default=None, metadata=_stored_as("Height", int, of_copy=True))
    frames: int | None = field(default=None, metadata=_stored_as("Frames", int, of_copy=True))
    etag: str | None = field(default=None, metadata=_stored_as("ETag"))
    version_id: str | None = field(default=None, metadata=_stored_as("VersionId"))
    recipe: str | None = field(default=None, metadata=_stored_as("Recipe"))
    duration_ms: int | None = field(default=None, metadata=_stored_as("DurationMs", int))
    warnings: tuple[str, ...] = field(default=(), metadata=_stored_as("Warnings", _texts, of_copy=True))
    error: str | None = field(default=None, metadata=_stored_as("Error"))
    copy_recipe: str | None = field(default=None, metadata=_stored_as("CopyRecipe"))
    limits: str | None = field(default=None, metadata=_stored_as("Limits"))
    encoding: str | None = field(default=None, metadata=_stored_as("Encoding", of_copy=True))
    headers: str | None = field(default=None, metadata=_stored_as("Headers", of_copy=True))
    source_format: str | None = field(default=None, metadata=_stored_as("SourceFormat", of_copy=True))

    def same_outcome(self, other: ImageRecord | None) -> bool:
        """Return whether both record the same outcome for the same original and recipe, regardless of time."""
        return other is not None and self._outcome() == other._outcome()

    def _outcome(self) -> ImageRecord:
        return replace(self, updated_at="", duration_ms=None)


ATTRIBUTES: tuple[Attribute, ...] = tuple(Attribute(field=each.name, **each.metadata) for each in fields(ImageRecord))
"""The schema of a record, in the order of its JSON."""
JSON_KEYS: tuple[str, ...] = tuple(attribute.name for attribute in ATTRIBUTES)


def utc_text(moment: datetime) -> str:
    """Format a time as ``2025-06-12T15:25:14Z``: UTC, whole seconds. A naive time is taken as UTC."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.strftime("%Y-%m-%dT%H:%M:%SZ")


def day_partition(day: str, shard: int) -> str:
    """Return the partition key of the ``by-day`` index for a day (``2025-06-12``) and a shard."""
    return f"{day}#{shard}"


def to_item(record: ImageRecord) -> dict[str, Any]:
    """Return the record as a DynamoDB item of plain values, index attributes included.

    ``None`` fields are left out, since a key attribute of an index must not be NULL. zenoimg's own images belong to no
    day, and send no events, because the event filter requires the day.
    """
    item = {name: value for name, value in to_json(record).items() if value is not None}
    shard = zlib.crc32(record.image_id.encode()) % DAY_SHARDS
    if not record.image_id.startswith(RESERVED_PREFIX):
        item["DayShard"] = day_partition(record.created_at[:10], shard)
    if record.status != "processed":
        item["Attention"] = record.status
    return item


def from_item(item: Mapping[str, Any]) -> ImageRecord:
    """Return the record in a DynamoDB item of plain values; numbers may be ``Decimal``.

    Attributes that an item lacks get their defaults, and so do values of an unexpected type, written by other
    programs: a record without a status is a processed one. A status that is not one of ours is kept, since it must not
    be shown as processed.
    """
    values: dict[str, Any] = {
        "original_size": None,
        "processed_size": None,
        "processed_url": None,
        "created_at": "",
        "status": "processed",
    }
    for attribute in ATTRIBUTES:
        value = item.get(attribute.name)
        if value is not None:
            try:
                values[attribute.field] = attribute.read(value)
            except (TypeError, ValueError, ArithmeticError):
                continue
    values.setdefault("updated_at", values["created_at"])
    return ImageRecord(**values)


def to_json(record: ImageRecord) -> dict[str, Any]:
    """Return the record as in the API and ``list --json``: always with every key, in the fixed order.

    Times that an item lacks are ``None``.
    """
    shown = {each.name: getattr(record, each.field) for each in ATTRIBUTES}
    shown["Warnings"] = list(record.warnings)
    for name in ("CreatedAt", "UpdatedAt"):
        shown[name] = shown[name] or None
    return shown
