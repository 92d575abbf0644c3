"""The fields of a record that describe the copy, whether new or kept. Pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zenoimg.pipeline.objects.headers import CopyHeaders, without_header_warnings
from zenoimg.pipeline.records import ATTRIBUTES, ImageRecord
from zenoimg.pipeline.storage import PublishedCopy
from zenoimg.pipeline.verdict import CopyMark, expected_copy

if TYPE_CHECKING:
    from zenoimg.imaging import Watermarked

Fields = dict[str, Any]
"""Fields of ``ImageRecord`` by name."""


def of_new_copy(done: Watermarked, url: str, mark: CopyMark, headers: CopyHeaders) -> Fields:
    """Describe the new copy of an image."""
    return {
        "processed_size": len(done.data),
        "processed_url": url,
        "format": done.format,
        "width": done.width,
        "height": done.height,
        "frames": done.frames,
        "encoding": done.encoding,
        "warnings": (*done.warnings, *headers.warnings),
        "headers": mark.headers,
        "source_format": done.source_format or None,
    }


def of_kept_copy(copy: PublishedCopy, url: str, record: ImageRecord | None) -> Fields:
    """Describe a copy that a refusal keeps: as in the existing record, or as far as S3 describes it."""
    known = {"copy_recipe": copy.mark.recipe, "processed_size": copy.size, "headers": copy.mark.headers or None}
    is_described = record is not None and copy.mark.has_content_of(expected_copy(record))
    if record is not None and is_described and record.processed_size == copy.size:
        return _of_record(record) | known
    return {"processed_url": url, "format": copy.format} | known


def of_failed(identity: str, record: ImageRecord | None) -> Fields:
    """Describe the copy of a version that failed, if the existing record has one."""
    published = None if record is None else expected_copy(record)
    if record is None or published is None or published.source_version != identity:
        return {}
    return _of_record(record) | {"copy_recipe": published.recipe}


def with_headers(fields: Fields, mark: CopyMark, headers: CopyHeaders) -> Fields:
    """Describe the same copy with other headers."""
    warnings = (*without_header_warnings(fields.get("warnings", ())), *headers.warnings)
    return fields | {"headers": mark.headers, "warnings": warnings}


def _of_record(record: ImageRecord) -> Fields:
    return {each.field: getattr(record, each.field) for each in ATTRIBUTES if each.of_copy}
