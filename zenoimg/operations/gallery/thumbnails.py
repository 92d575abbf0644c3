"""Thumbnails of an image before and after, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from zenoimg.imaging import Limits, Refused
from zenoimg.operations.gallery.pictures import shown, thumbnail
from zenoimg.operations.records.missing_copy import why_no_copy
from zenoimg.pipeline.calls.service import expected_owner, is_missing
from zenoimg.pipeline.objects.bodies import read_body, retrying
from zenoimg.pipeline.verdict import expected_copy

if TYPE_CHECKING:
    from zenoimg.operations.pipeline import LivePipeline
    from zenoimg.pipeline.records import ImageRecord


@dataclass(frozen=True)
class Small:
    """A picture of at most 512 pixels per side, upright and in sRGB, as WebP; or the reason why there is none."""

    caption: str
    data: bytes = b""
    problem: str = ""


def before_and_after(pipeline: LivePipeline, record: ImageRecord, limits: Limits) -> Iterator[Small]:
    """Yield the original and, if it was processed, its copy. Raises botocore's ``ClientError``."""
    original = pipeline.storage.get_original(record.image_id, limits.max_bytes)
    if original is None:
        yield Small("before", problem="the original is gone")
    elif original.data is None:
        yield Small("before", problem=f"the original is too large to draw: {original.size:,} bytes")
    else:
        yield _small("before", original.data, limits)
    if expected_copy(record) is not None:
        copy = _copy(pipeline, record.image_id)
        yield Small("after", problem=why_no_copy(record)) if copy is None else _small("after", copy, limits)


def _copy(pipeline: LivePipeline, image_id: str) -> bytes | None:
    guard = expected_owner(pipeline.settings.account_id)
    key = pipeline.settings.copy_key(image_id)
    try:
        bucket = pipeline.settings.processed_bucket
        return retrying(lambda: read_body(pipeline.aws.s3.get_object(Bucket=bucket, Key=key, **guard)))
    except ClientError as error:
        if not is_missing(error):
            raise
        return None


def _small(caption: str, data: bytes, limits: Limits) -> Small:
    try:
        return Small(caption, thumbnail(shown(data, limits).data, limits))
    except Refused as refused:
        return Small(caption, problem=f"cannot be drawn: {refused}")
