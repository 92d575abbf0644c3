"""Fetch the gallery's files, prepare them for browsers, and write them next to the page under safe names.

record ──► names (which files it needs) ──► existing? ──► fetched ──► full size and thumbnail ──► written

A name consists of hashes of the id and of everything that determines the content. So no id can escape from the folder
or into the page's markup, an existing file is always the right one, and a second run fetches only what has changed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from threading import BoundedSemaphore, Event
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from zenoimg.aws.errors import explain
from zenoimg.imaging import Limits, Refused
from zenoimg.operations.concurrency import as_they_end
from zenoimg.operations.gallery.pictures import shown, thumbnail
from zenoimg.operations.output.directory import OutputDirectory
from zenoimg.operations.output.targets import Target
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.pipeline.calls.service import expected_owner, is_missing
from zenoimg.pipeline.calls.threads import threads
from zenoimg.pipeline.objects.bodies import iter_body, retrying
from zenoimg.pipeline.objects.marks import mark_of
from zenoimg.pipeline.records import ImageRecord
from zenoimg.pipeline.storage import identity_of
from zenoimg.pipeline.verdict import expected_copy

FOLDER = "pictures"
#: Incremented when the same picture gives a different file, so that files of earlier versions are replaced.
_FORM = "1"
_OURS = re.compile(r"[0-9a-f]{16}-[0-9a-f]{16}-(?:before|after|small)\.(?:jpg|png|webp|gif|bmp|avif)")
_CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Pictures:
    """The files of one image as paths relative to the page, ``None`` for those that do not exist.

    ``problem`` says why a file that should exist is missing; ``is_unsettled`` is set if the reason is that S3 does not
    match the record.
    """

    record: ImageRecord
    before: str | None = None
    after: str | None = None
    small: str | None = None
    problem: str = ""
    is_unsettled: bool = field(default=False, kw_only=True)

    @property
    def reprocess_helps(self) -> bool:
        """Return whether reprocessing the image may create what it lacks."""
        return self.is_unsettled or self.record.status == "failed"


class _Unsettled(Exception):  # noqa: N818 -- nothing is wrong: the record is read again
    """The object in S3 does not match the record: one of them is being updated."""


class _Stopped(Exception):  # noqa: N818
    """The run was stopped."""


class Stems(NamedTuple):
    """File names without extensions, which depend on the content."""

    before: str | None
    after: str | None
    small: str | None


def is_ours(name: str) -> bool:
    """Return whether a file in the pictures folder has the name of a gallery file."""
    return _OURS.fullmatch(name) is not None


def stems_of(record: ImageRecord, *, originals: bool) -> Stems:
    """Return the names, without extensions, of the files that an image needs.

    The original of a refused image is not opened here either; its copy by an earlier recipe is shown, if it has one.
    """
    mark = expected_copy(record)
    if record.status == "refused" and mark is None:
        return Stems(None, None, None)
    image = _hash(record.image_id)
    version = record.version_id or record.etag or record.updated_at
    original = _hash(_FORM, version, str(record.original_size))
    copy = _hash(_FORM, version, mark.recipe if mark else "", str(record.processed_size))
    before = f"{image}-{original}-before" if originals and record.status != "refused" else None
    if record.status == "failed":
        return Stems(before, None, f"{image}-{original}-small" if originals else None)
    return Stems(before, f"{image}-{copy}-after", f"{image}-{copy}-small")


def _hash(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


class Files:
    """A run that brings the files in a folder up to date."""

    def __init__(
        self,
        pipeline: LivePipeline,
        directory: OutputDirectory,
        limits: Limits,
        *,
        originals: bool,
        concurrency: int = 8,
        workers: int = 2,
        on_bytes: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Without ``originals``, write only marked pictures; ``workers`` limits how many are decoded in parallel."""
        self._pipeline = pipeline
        self._directory = directory
        self._limits = limits
        self._originals = originals
        self._concurrency = concurrency
        self._decoding = BoundedSemaphore(workers)
        self._on_bytes = on_bytes
        self._stopped = Event()
        self._owner = expected_owner(pipeline.settings.account_id)
        self._there = {name.partition(".")[0]: name for name in directory.entries((FOLDER,)) if is_ours(name)}

    def missing(self, records: Iterable[ImageRecord]) -> tuple[int, int]:
        """Return the number of images with files to fetch, and their approximate size in bytes."""
        images = total = 0
        for record in records:
            stems = stems_of(record, originals=self._originals)
            before = 0 if self._is_there(stems.before) else record.original_size or 0
            after = 0 if self._is_there(stems.after, stems.small) else record.processed_size or 0
            images += before > 0 or after > 0
            total += before + after
        return images, total

    def run(self, records: Sequence[ImageRecord]) -> Iterator[Pictures | None]:
        """Yield the files of each image in no particular order; ``None`` for one that was deleted in the meantime.

        Closing the iterator cancels pending work; every file is complete or does not exist.
        """
        try:
            with threads(self._concurrency, "gallery", self._stopped.set) as pool:
                yield from as_they_end(self._create, records, pool, 2 * self._concurrency)
        except BaseException:
            self._directory.sweep()
            raise

    def _is_there(self, *stems: str | None) -> bool:
        return all(stem is None or stem in self._there for stem in stems)

    def _create(self, record: ImageRecord) -> Pictures | None:
        """Create one image's files; if the image changes in the meantime, use its newer record."""
        while True:
            try:
                return self._pictures(record, self._update(record))
            except _Unsettled as unsettled:
                fresh = self._pipeline.catalog.get(record.image_id)
                if fresh is None:
                    return None
                if fresh == record:
                    return replace(self._pictures(record, str(unsettled)), is_unsettled=True)
                record = fresh

    def _pictures(self, record: ImageRecord, problem: str) -> Pictures:
        stems = stems_of(record, originals=self._originals)
        before, after, small = (self._path(stem) for stem in (stems.before, stems.after, stems.small))
        # The record of a failed image contains the reason.
        return Pictures(record, before, after, small, "" if record.status == "failed" else problem)

    def _update(self, record: ImageRecord) -> str:
        """Fetch and write missing files; return why one cannot be shown, or an empty string."""
        stems = stems_of(record, originals=self._originals)
        settings = self._pipeline.settings
        problem = ""
        if not self._is_there(stems.before):
            small = None if stems.after else stems.small
            problem = self._update_one(settings.originals_bucket, record.image_id, record, stems.before, small)
        if stems.after and not self._is_there(stems.after, stems.small):
            copy_key = settings.copy_key(record.image_id)
            worse = self._update_one(settings.processed_bucket, copy_key, record, stems.after, stems.small)
            problem = worse or problem
        return problem

    def _update_one(self, bucket: str, key: str, record: ImageRecord, full: str | None, small: str | None) -> str:
        try:
            self._write(full, small, self._fetch(bucket, key, record))
        except Refused as refusal:
            return f"it cannot be shown here: {refusal.message}"
        except (ClientError, BotoCoreError) as error:
            return explain(error).message
        return ""

    def _fetch(self, bucket: str, key: str, record: ImageRecord) -> bytes:
        """Return the body of the record's version of an object; body and version come from one response, so they match.

        Raises ``_Unsettled`` if the object is missing or another version, ``Refused`` if it is too large.
        """
        return retrying(lambda: self._fetch_once(bucket, key, record))

    def _fetch_once(self, bucket: str, key: str, record: ImageRecord) -> bytes:
        is_copy = bucket == self._pipeline.settings.processed_bucket
        try:
            answer = self._pipeline.aws.s3.get_object(Bucket=bucket, Key=key, **self._owner)
        except ClientError as error:
            if not is_missing(error):
                raise
            raise _Unsettled(f"its {'copy' if is_copy else 'original'} is gone") from None
        with closing(answer["Body"]):
            _check_version(answer, record, is_copy=is_copy)
            self._limits.check_bytes(answer["ContentLength"])
            parts = []
            for part in iter_body(answer, _CHUNK_BYTES):
                self._go_on()
                self._on_bytes(len(part))
                parts.append(part)
            return b"".join(parts)

    def _go_on(self) -> None:
        """Raise ``_Stopped`` once the run has been closed: nothing waits for the remaining files."""
        if self._stopped.is_set():
            raise _Stopped

    def _write(self, full: str | None, small: str | None, data: bytes) -> None:
        """Write the full-size file and its thumbnail. Raises ``Refused`` for images that cannot be drawn."""
        with self._decoding:
            self._go_on()
            picture = shown(data, self._limits)
            self._go_on()
            tiny = thumbnail(picture.data, self._limits) if small else b""
        if full:
            self._store(full, picture.extension, picture.data)
        if small:
            self._store(small, "webp", tiny)

    def _store(self, stem: str, extension: str, data: bytes) -> None:
        name = f"{stem}.{extension}"
        with self._directory.writing(Target(stem, (FOLDER,), name), replace=True) as file:
            file.write(data)
        self._there[stem] = name

    def _path(self, stem: str | None) -> str | None:
        name = self._there.get(stem) if stem else None
        return f"{FOLDER}/{name}" if name else None


def _check_version(answer: Mapping[str, Any], record: ImageRecord, *, is_copy: bool) -> None:
    """Raise ``_Unsettled`` unless a response has the record's version; older copies do not state theirs."""
    found = mark_of(answer["Metadata"]).source_version if is_copy else identity_of(answer)
    if record.version_id and found and found != record.version_id:
        raise _Unsettled("it is being processed; rerun the command later")
