"""Bring a gallery up to date: find the records, fetch what is missing, write the page.

Gallery ──► missing (images, bytes) ──► fetch (files of each image) ──► write (the page, last of all)
"""

from __future__ import annotations

import os
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from zenoimg.errors import ZenoError
from zenoimg.imaging import Limits
from zenoimg.operations.gallery.album import Album, check_folder, write
from zenoimg.operations.gallery.files import Files, Pictures
from zenoimg.operations.inventory.images import Count, FoundImage, Tally
from zenoimg.operations.output.directory import OutputDirectory
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.records.image_ids import is_possible
from zenoimg.operations.records.listing import Query, from_table
from zenoimg.operations.selectors import Selectors
from zenoimg.pipeline.records import utc_text


@dataclass(frozen=True)
class GalleryOptions:
    """Which images to show (at most ``limit``) and where; without ``originals``, only marked pictures."""

    out: Path
    selectors: Selectors = field(default_factory=Selectors)
    limit: int | None = 1000
    originals: bool = True


@dataclass(frozen=True)
class Missing:
    """The number of images with files to fetch, and the approximate size of those files in bytes."""

    images: int
    size: int


class Gallery:
    """One run. All methods raise botocore's errors, and ``ZenoError`` when the folder cannot be written."""

    def __init__(
        self,
        pipeline: LivePipeline,
        options: GalleryOptions,
        limits: Limits,
        *,
        now: datetime,
        on_bytes: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Find the records, newest first. Raises ``UsageError`` if the folder holds a page that is not a gallery."""
        check_folder(options.out)
        self._pipeline = pipeline
        self._options = options
        self._now = now
        selectors = options.selectors
        if selectors.ids is not None:
            by_id = pipeline.catalog.get_many(filter(is_possible, dict.fromkeys(selectors.ids)))
            #: Requested ids that belong to no image.
            self.unknown = tuple(each for each in dict.fromkeys(selectors.ids) if each not in by_id)
            newest = sorted(by_id.values(), key=lambda record: record.created_at, reverse=True)
            self.records = newest[: options.limit]
            self._total: int | None = len(by_id)
        else:
            self.unknown = ()
            query = Query(selectors, limit=options.limit)
            found = from_table(pipeline.catalog, query, today=now.date())
            self.records = list(found.records)
            self._total = found.images
        with self._writable():
            self._directory = OutputDirectory(options.out)
            self._files = Files(
                pipeline,
                self._directory,
                limits,
                originals=options.originals,
                workers=os.cpu_count() or 1,
                on_bytes=on_bytes,
            )

    @property
    def count(self) -> Count:
        """Return the number of images on the page by status, and the size of their originals."""
        tally = Tally()
        deque(tally.of(FoundImage(each.image_id, each, each.original_size) for each in self.records), maxlen=0)
        return tally.count

    def missing(self) -> Missing:
        """Return what has to be fetched; files of earlier runs exist already."""
        return Missing(*self._files.missing(self.records))

    def fetch(self) -> Iterator[Pictures | None]:
        """Yield the files of each image in no particular order; ``None`` for one that was deleted in the meantime."""
        with self._writable(), warnings.catch_warnings():
            # Decoders warn about unusual files; the warnings that matter are in the records.
            warnings.simplefilter("ignore")
            yield from self._files.run(self.records)

    def write(self, stack: str, pictures: list[Pictures]) -> tuple[Path, Album]:
        """Write the page with these pictures, in the order of the records; return its path and its content."""
        order = {record.image_id: index for index, record in enumerate(self.records)}
        album = Album(
            stack=stack,
            where=self._pipeline.aws.where,
            made_at=utc_text(self._now),
            pictures=sorted(pictures, key=lambda each: order[each.record.image_id]),
            originals=self._options.originals,
            recipe=self._pipeline.deployment.recipe_fingerprint,
            rules=self._pipeline.deployment.recipe_rules,
            selectors=self._options.selectors,
            total=self._total,
        )
        with self._writable():
            return write(self._directory, self._options.out, album), album

    @contextmanager
    def _writable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ZenoError(
                f"{error.filename or self._options.out} cannot be written: {error.strerror or error}",
                next_step="Choose another folder with --out.",
                code="unwritable",
            ) from error
