"""The dependencies of ``reconcile``: stores, settings, recipe and limits, and the functions that tests replace."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Protocol

from zenoimg.imaging import Limits, Recipe, Watermarked, watermark
from zenoimg.imaging.limits import usable_memory
from zenoimg.pipeline.objects.headers import CopyHeaders, HeaderRules
from zenoimg.pipeline.recipes import AnyRecipe, recipe_for
from zenoimg.pipeline.records import ImageRecord
from zenoimg.pipeline.settings import PipelineSettings
from zenoimg.pipeline.storage import Original, PublishedCopy
from zenoimg.pipeline.verdict import CopyMark, limits_fingerprint


class Storage(Protocol):
    """What ``reconcile`` needs from the two buckets; see ``pipeline.storage.ImageStorage``."""

    def get_original(self, key: str, max_bytes: int) -> Original | None: ...  # noqa: D102
    def head_original(self, key: str) -> Original | None: ...  # noqa: D102
    def get_tags(self, key: str, original: Original) -> dict[str, str] | None: ...  # noqa: D102
    def head_copy(self, key: str) -> PublishedCopy | None: ...  # noqa: D102
    def put_copy(  # noqa: D102
        self, key: str, data: bytes, content_type: str, mark: CopyMark, *, headers: CopyHeaders, replacing: str | None
    ) -> bool: ...
    def rewrite_copy(self, key: str, copy: PublishedCopy, mark: CopyMark, headers: CopyHeaders) -> bool: ...  # noqa: D102
    def delete_copy(self, key: str, etag: str) -> bool: ...  # noqa: D102


class Records(Protocol):
    """What ``reconcile`` needs from the table; see ``pipeline.catalog.Catalog``."""

    def get(self, image_id: str) -> ImageRecord | None: ...  # noqa: D102
    def put(self, record: ImageRecord) -> None: ...  # noqa: D102
    def put_failed(self, record: ImageRecord) -> bool: ...  # noqa: D102
    def delete(self, image_id: str) -> None: ...  # noqa: D102


class Mark(Protocol):
    """Watermarks one picture; see ``imaging.watermark``."""

    def __call__(self, data: bytes, recipe: Recipe, limits: Limits, *, key: str) -> Watermarked: ...  # noqa: D102


def mark_within(megabytes: int | None) -> Mark:
    """Return ``watermark`` for a function with this much memory: images that need more raise ``NeedsMemoryError``.

    With ``None``, everything within the limits is tried.
    """
    return watermark if megabytes is None else partial(watermark, available=usable_memory(megabytes))


@dataclass(frozen=True)
class Tools:
    """The dependencies of a run; created once per execution environment."""

    storage: Storage
    records: Records
    settings: PipelineSettings
    recipe: AnyRecipe
    limits: Limits
    watermark: Mark = watermark
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    timer: Callable[[], float] = time.perf_counter
    on_stage: Callable[[str], None] = lambda _: None  # called with the name of each stage as it ends

    def recipe_for(self, key: str) -> Recipe:
        """Return the recipe for a key."""
        return recipe_for(self.recipe, key)

    def header_rules(self, key: str) -> HeaderRules:
        """Return the rules for the headers of a key's copy."""
        return HeaderRules(self.settings.cache_control, self.recipe_for(key).metadata, self.settings.copies_tags)

    @cached_property
    def limits_fingerprint(self) -> str:
        """Return the identifier of limits and code that records of refusals contain."""
        return limits_fingerprint(self.limits)
