"""Download copies or originals into a folder, several at once; each file completely or not at all.

images ──► ids ──► paths (see targets) ──► HeadObject ──► compared with the existing file ──► downloaded ──► result
            │ skipped       │ unsafe, conflict        │ missing                │ unchanged, conflict
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BufferedReader
from threading import Event
from typing import Any, BinaryIO, Literal

from botocore.exceptions import BotoCoreError, ClientError

from zenoimg.aws.errors import explain
from zenoimg.imaging.formats import FORMATS, file_name
from zenoimg.operations.concurrency import as_they_end
from zenoimg.operations.content import digest, is_same, remote_of
from zenoimg.operations.inventory.images import Count, FoundImage, Tally
from zenoimg.operations.output.directory import OutputDirectory
from zenoimg.operations.output.targets import Target, Unplaced, place
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.records.image_ids import is_possible
from zenoimg.operations.records.missing_copy import why_no_copy
from zenoimg.pipeline.calls.service import error_code, expected_owner, is_missing
from zenoimg.pipeline.calls.threads import SECONDS, threads
from zenoimg.pipeline.objects.bodies import iter_body, retrying
from zenoimg.pipeline.objects.disposition import file_name_of
from zenoimg.pipeline.storage import copy_key_fits
from zenoimg.pipeline.verdict import expected_copy

State = Literal["downloaded", "unchanged", "conflict", "unsafe", "missing", "failed"]
#: States that require the operator to act.
NEEDS_ATTENTION: frozenset[State] = frozenset({"conflict", "unsafe", "missing", "failed"})

#: The usual extension of copies in another format than their original's.
_CONVERTED = "JPEG"
_SUFFIX = FORMATS[_CONVERTED].extensions[0]


@dataclass(frozen=True)
class DownloadResult:
    """The result for one image. ``path`` is relative to the output folder, empty for none; ``size`` is in bytes."""

    key: str
    state: State
    reason: str = ""
    path: str = ""
    size: int = 0


@dataclass(frozen=True)
class Choice:
    """The images that a selection downloads: their ids, and the expected number of bytes.

    ``skipped`` counts images that were selected, but not by id, and have nothing to download.
    """

    ids: list[str]
    count: Count
    skipped: int = 0


def choose(images: Iterable[FoundImage], *, named: bool, original: bool) -> Choice:
    """Choose which of the found images to download; ``named`` ones are all tried, so that each gets a result."""
    chosen: list[str] = []
    tally, skipped = Tally(), 0

    def downloads() -> Iterator[FoundImage]:
        nonlocal skipped
        for image in images:
            copy = image.record is not None and expected_copy(image.record) is not None
            size = image.size if original else image.record.processed_size if image.record and copy else None
            if named or size is not None or (copy and not original):
                yield replace(image, size=size)
            else:
                skipped += 1

    for image in tally.of(downloads()):
        chosen.append(image.key)
    return Choice(chosen, tally.count, skipped)


class _StoppedError(Exception):
    """The run was closed, and the rest of it is abandoned."""


class Download:
    """One run of downloads from one pipeline."""

    def __init__(
        self,
        pipeline: LivePipeline,
        directory: OutputDirectory,
        *,
        original: bool,
        force: bool,
        file_name: str = "",
        concurrency: int = 8,
        on_bytes: Callable[[int], None] = lambda _: None,
        last_moments: float = SECONDS,
    ) -> None:
        """``original`` downloads the originals instead of the copies; ``force`` replaces files that differ.

        ``file_name`` is the file name for a single image, whose id then need not be a safe path.
        ``last_moments`` is how long (in seconds) an interrupted run may take to abort transfers.
        """
        self._pipeline = pipeline
        self._directory = directory
        self._original = original
        self._force = force
        self._file_name = file_name
        self._concurrency = concurrency
        self._on_bytes = on_bytes
        self._last_moments = last_moments
        self._owner = expected_owner(pipeline.settings.account_id)
        self._stopped = Event()

    def run(self, ids: Sequence[str]) -> Iterator[DownloadResult]:
        """Yield a result for each id, in no particular order.

        Closing the iterator aborts pending transfers, which leave no files behind.
        """
        queue: list[Target] = []
        for placed in self._placed(ids, {} if self._original else _other_names(ids)):
            if not is_possible(placed.key):
                yield DownloadResult(placed.key, "missing", "there is no such image")
            elif isinstance(placed, Unplaced):
                yield DownloadResult(placed.key, "conflict" if placed.in_the_way else "unsafe", placed.reason)
            else:
                queue.append(placed)
        try:
            with threads(self._concurrency, "download", self._stopped.set, seconds=self._last_moments) as pool:
                yield from as_they_end(self._fetch, queue, pool, self._concurrency)
        except BaseException:
            self._directory.sweep()
            raise

    def _placed(self, ids: Sequence[str], names: Mapping[str, str]) -> Iterator[Target | Unplaced]:
        if self._file_name:
            yield from (Target(image_id, (), self._file_name) for image_id in ids)
        else:
            yield from place(ids, _remembered(self._directory), force=self._force, names=names)

    def _fetch(self, target: Target) -> DownloadResult:
        try:
            return self._fetch_one(target)
        except FileExistsError:
            return self._failed(target, "conflict", "a file appeared there in the meantime; --force replaces it")
        except OSError as error:
            if error.errno == errno.ELOOP:
                return self._failed(target, "conflict", "there is a symbolic link; --force replaces it")
            return self._failed(target, "failed", f"it cannot be written: {error.strerror or error}")
        except (ClientError, BotoCoreError) as error:
            if error_code(error) == "PreconditionFailed":
                return self._failed(target, "failed", "it was replaced during the download; rerun the command")
            return self._failed(target, "failed", explain(error).message)

    def _fetch_one(self, target: Target) -> DownloadResult:
        settings = self._pipeline.settings
        bucket = settings.originals_bucket if self._original else settings.processed_bucket
        key = target.key if self._original else settings.copy_key(target.key)
        answer = self._head(bucket, key) if self._original or copy_key_fits(target.key) else None
        if answer is None:
            return self._failed(target, "missing", self._why_missing(target.key))
        target = self._named(target, answer)
        size = int(answer["ContentLength"])
        if not self._force:
            with self._directory.existing(target) as there:
                if there is not None and _has_content(there, answer):
                    return DownloadResult(target.key, "unchanged", path=target.path, size=size)
                if there is not None:
                    reason = f"{target.path} exists and differs; --force replaces it"
                    return self._failed(target, "conflict", reason)
        with self._directory.writing(target, replace=self._force) as file:
            retrying(lambda: self._write(file, bucket, key, answer["ETag"]))
        return DownloadResult(target.key, "downloaded", path=target.path, size=size)

    def _write(self, file: BinaryIO, bucket: str, key: str, etag: str) -> None:
        """Write the object with this ETag into an empty file and verify it; raise if that fails."""
        answer = self._pipeline.aws.s3.get_object(Bucket=bucket, Key=key, IfMatch=etag, **self._owner)
        written = 0
        try:
            for chunk in iter_body(answer):
                if self._stopped.is_set():
                    raise _StoppedError
                written += file.write(chunk)
                self._on_bytes(len(chunk))
        except BaseException:
            self._on_bytes(-written)
            file.seek(0)
            file.truncate()
            raise

    def _head(self, bucket: str, key: str) -> Mapping[str, Any] | None:
        try:
            return self._pipeline.aws.s3.head_object(Bucket=bucket, Key=key, **self._owner)
        except ClientError as error:
            if is_missing(error):
                return None
            raise

    def _named(self, target: Target, answer: Mapping[str, Any]) -> Target:
        """Return a target with the copy's extension, if that is neither the original's nor the usual one."""
        known = next((each for each in FORMATS.values() if each.media_type == answer.get("ContentType")), None)
        if self._original or self._file_name or known is None or not file_name_of(target.key, _CONVERTED):
            return target
        return replace(target, name=file_name(target.name, known.name))

    def _why_missing(self, key: str) -> str:
        if self._original:
            return "there is no such original"
        record = self._pipeline.catalog.get(key)
        return "there is no such image" if record is None else why_no_copy(record)

    @staticmethod
    def _failed(target: Target, state: State, reason: str) -> DownloadResult:
        return DownloadResult(target.key, state, reason, target.path)


def _other_names(ids: Sequence[str]) -> dict[str, str]:
    """Return the file names of copies whose format, judging by the key, differs from their original's.

    If an image of that name is downloaded as well, the extension is appended to the full name.
    """
    names, wanted = {}, set(ids)
    for image_id in ids:
        name = file_name_of(image_id, _CONVERTED)
        if name:
            folder, slash, own = image_id.rpartition("/")
            names[image_id] = f"{own}.{_SUFFIX}" if f"{folder}{slash}{name}" in wanted else name
    return names


def _has_content(file: BufferedReader, answer: Mapping[str, Any]) -> bool:
    if file.seek(0, 2) != answer["ContentLength"]:
        return False
    return is_same(remote_of(answer), file, digest(file, "sha256"))


def _remembered(directory: OutputDirectory) -> Callable[[tuple[str, ...]], Mapping[str, Any]]:
    """Return a lookup that lists each folder only once, since nothing is written before all paths are decided."""
    seen: dict[tuple[str, ...], Mapping[str, Any]] = {}

    def look(folders: tuple[str, ...]) -> Mapping[str, Any]:
        if folders not in seen:
            seen[folders] = directory.entries(folders)
        return seen[folders]

    return look
