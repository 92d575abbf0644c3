"""Upload photos and wait until the pipeline has dealt with each: a bounded window of photos is in flight.

source ──► checked by its first bytes ──► compared by content ──► sent ──► waited for ──► result
                 │ refused                     │ unchanged, conflict            (a record of this version)
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import boto3.exceptions
import botocore.exceptions
from boto3.s3.transfer import TransferConfig

from zenoimg.aws import explain
from zenoimg.imaging import Limits
from zenoimg.imaging.identify import HEAD_BYTES, SUPPORTED, identify
from zenoimg.operations.live import LivePipeline
from zenoimg.operations.sources import Source
from zenoimg.pipeline.records import ImageRecord
from zenoimg.pipeline.storage import MAX_KEY_BYTES, copy_key_fits, identity_of

State = Literal["processed", "uploaded", "unchanged", "refused", "conflict", "failed", "unprocessed"]
#: States that leave an operator something to do.
NOT_GOOD: frozenset[State] = frozenset({"refused", "conflict", "failed", "unprocessed"})

_DIGEST = "sha256"
_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class UploadOptions:
    """How an upload goes about it.

    ``window`` bounds the photos that are sent and not processed yet; ``timeout`` is how long (seconds) one
    photo is waited for; ``retry_grace`` how long a failed record may still be mended by the lane's retries.
    """

    wait: bool = True
    overwrite: bool = False
    force: bool = False
    concurrency: int = 8
    window: int = 200
    timeout: float = 600.0
    poll: float = 1.0
    retry_grace: float = 240.0


@dataclass(frozen=True)
class UploadResult:
    """What became of one source. ``seconds`` is from the start of its transfer to this result."""

    path: Path
    key: str
    state: State
    reason: str = ""
    size: int = 0
    seconds: float = 0.0
    record: ImageRecord | None = None


@dataclass(frozen=True)
class Remote:
    """The object that lies under a key: its content's digest where we sent it, its ETag in any case."""

    identity: str
    sha256: str
    etag: str


@dataclass(frozen=True)
class _Sent:
    result: UploadResult
    version: str
    started: float
    fresh: bool


def decide(same_content: bool | None, *, overwrite: bool, force: bool) -> Literal["send", "skip", "conflict"]:
    """What to do with a source; ``same_content`` is ``None`` when nothing lies under its key."""
    if same_content is None or force:
        return "send"
    if same_content:
        return "skip"
    return "send" if overwrite else "conflict"


class Upload:
    """One run of uploads into one pipeline."""

    def __init__(
        self,
        pipeline: LivePipeline,
        options: UploadOptions,
        limits: Limits,
        *,
        on_bytes: Callable[[int], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pipeline = pipeline
        self._options = options
        self._limits = limits
        self._on_bytes = on_bytes
        self._clock = clock
        # Parts of one large file go in parallel too; s3transfer sets each part's checksum and retries.
        self._transfer = TransferConfig(max_concurrency=4)

    def run(self, sources: Iterable[Source]) -> Iterator[UploadResult]:
        """Yield a result for each source as it becomes known, in no fixed order."""
        queue = iter(sources)
        exhausted = False
        transfers: set[Future[_Sent]] = set()
        waiting: dict[str, _Sent] = {}
        last_poll = 0.0
        with ThreadPoolExecutor(self._options.concurrency, thread_name_prefix="upload") as pool:
            try:
                while True:
                    while not exhausted and self._has_room(transfers, waiting):
                        source = next(queue, None)
                        exhausted = source is None
                        if source is not None:
                            transfers.add(pool.submit(self._transfer_one, source))
                    if not transfers and not waiting and exhausted:
                        return
                    finished, transfers = wait(
                        transfers, timeout=self._pause(last_poll, waiting), return_when=FIRST_COMPLETED
                    )
                    for future in finished:
                        sent = future.result()
                        if sent.result.state in {"uploaded", "unchanged"} and self._options.wait:
                            waiting[sent.result.key] = sent
                        else:
                            yield sent.result
                    if waiting and self._clock() - last_poll >= self._options.poll:
                        last_poll = self._clock()
                        for key, result in self._look(waiting):
                            del waiting[key]
                            yield result
            finally:
                for future in transfers:
                    future.cancel()

    def _has_room(self, transfers: set[Future[_Sent]], waiting: dict[str, _Sent]) -> bool:
        return len(transfers) < self._options.concurrency and len(transfers) + len(waiting) < self._options.window

    def _pause(self, last_poll: float, waiting: dict[str, _Sent]) -> float | None:
        """How long to wait for a transfer to end; for ever when there is no record to look for."""
        return max(0.0, self._options.poll - (self._clock() - last_poll)) if waiting else None

    def _transfer_one(self, source: Source) -> _Sent:
        started = self._clock()
        try:
            result, version = self._check_and_send(source)
        except OSError as error:
            reason = error.strerror or str(error)
            result, version = UploadResult(source.path, source.key, "failed", reason), ""
        except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as error:
            result, version = UploadResult(source.path, source.key, "failed", explain(error).message), ""
        except boto3.exceptions.S3UploadFailedError as error:
            result, version = UploadResult(source.path, source.key, "failed", str(error)), ""
        return _Sent(result, version, started, fresh=result.state == "uploaded")

    def _check_and_send(self, source: Source) -> tuple[UploadResult, str]:
        size = source.path.stat().st_size
        refusal = _refusal(source, size, self._limits)
        if refusal:
            return UploadResult(source.path, source.key, "refused", refusal, size), ""
        content_type = _content_type(source.path)
        remote = self._remote(source.key)
        sha256 = _digest(source.path, "sha256")
        same = None if remote is None else _is_same(remote, source.path, sha256)
        action = decide(same, overwrite=self._options.overwrite, force=self._options.force)
        if action == "conflict":
            reason = "other content lies under this key; --overwrite replaces it"
            return UploadResult(source.path, source.key, "conflict", reason, size), ""
        if action == "skip":
            assert remote is not None
            return UploadResult(source.path, source.key, "unchanged", "", size), remote.identity
        self._send(source, content_type, sha256)
        sent = self._remote(source.key)
        if sent is None:
            reason = "it was deleted again right after it was sent"
            return UploadResult(source.path, source.key, "failed", reason, size), ""
        return UploadResult(source.path, source.key, "uploaded", "", size), sent.identity

    def _send(self, source: Source, content_type: str, sha256: str) -> None:
        extra: dict[str, Any] = {"ContentType": content_type, "Metadata": {_DIGEST: sha256}}
        if self._pipeline.settings.account_id:
            extra["ExpectedBucketOwner"] = self._pipeline.settings.account_id
        self._pipeline.aws.s3.upload_file(
            str(source.path),
            self._pipeline.settings.originals_bucket,
            source.key,
            ExtraArgs=extra,
            Callback=self._on_bytes,
            Config=self._transfer,
        )

    def _remote(self, key: str) -> Remote | None:
        owner: dict[str, Any] = (
            {"ExpectedBucketOwner": self._pipeline.settings.account_id} if self._pipeline.settings.account_id else {}
        )
        try:
            answer = self._pipeline.aws.s3.head_object(
                Bucket=self._pipeline.settings.originals_bucket, Key=key, **owner
            )
        except botocore.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in {"404", "NoSuchKey"}:
                return None
            raise
        return Remote(identity_of(answer), answer["Metadata"].get(_DIGEST, ""), answer["ETag"].strip('"'))

    def _look(self, waiting: dict[str, _Sent]) -> Iterator[tuple[str, UploadResult]]:
        """What the table says by now of the photos that are waited for."""
        records = self._pipeline.catalog.get_many(waiting)
        for key, sent in list(waiting.items()):
            result = self._judge(sent, records.get(key))
            if result is not None:
                yield key, result

    def _judge(self, sent: _Sent, record: ImageRecord | None) -> UploadResult | None:
        """The final result for a photo, or ``None`` while its record is not final."""
        seconds = self._clock() - sent.started
        about_this = record is not None and record.version_id == sent.version
        if about_this and record is not None:
            if record.status == "processed":
                return _with(sent, "processed" if sent.fresh else "unchanged", "", seconds, record)
            if record.status == "refused":
                return _with(sent, "refused", record.error or "", seconds, record)
            if seconds > self._options.retry_grace:
                return _with(sent, "failed", record.error or "", seconds, record)
        # What lay there before may have lost its event long ago; nobody need wait for it as long.
        patience = self._options.timeout if sent.fresh else min(self._options.timeout, self._options.retry_grace)
        if seconds <= patience:
            return None
        reason = f"not processed after {seconds:.0f} s; `zenoimg reprocess` takes it up again"
        if record is not None and not about_this:
            reason = f"no record of this version after {seconds:.0f} s: it was overwritten, or its event is late"
        return _with(sent, "unprocessed", reason, seconds, record)


def _with(sent: _Sent, state: State, reason: str, seconds: float, record: ImageRecord | None) -> UploadResult:
    return UploadResult(sent.result.path, sent.result.key, state, reason, sent.result.size, seconds, record)


def _refusal(source: Source, size: int, limits: Limits) -> str:
    """Why the pipeline would refuse a file, told by its name, size and first bytes; empty when it would not."""
    if not source.key or source.key.endswith("/"):
        return "a key that ends in '/' is a folder's marker, not a picture"
    try:
        length = len(source.key.encode())
    except UnicodeEncodeError:
        return "its name is not valid UTF-8, and S3 keys are"
    if not copy_key_fits(source.key):
        return f"its key of {length} bytes is too long: with its prefix the copy's may have {MAX_KEY_BYTES}"
    if size == 0:
        return "the file is empty"
    if size > limits.max_bytes:
        return f"{size:,} bytes; at most {limits.max_bytes:,} are accepted"
    with source.path.open("rb") as file:
        found = identify(file.read(HEAD_BYTES))
    supported = ", ".join(SUPPORTED)
    if found is None:
        return f"not a picture in a known format; supported are {supported}"
    return "" if found.supported else f"{found.format} is not supported; supported are {supported}"


def _content_type(path: Path) -> str:
    with path.open("rb") as file:
        found = identify(file.read(HEAD_BYTES))
    return "application/octet-stream" if found is None else found.content_type


def _is_same(remote: Remote, path: Path, sha256: str) -> bool:
    if remote.sha256:
        return remote.sha256 == sha256
    # Sent by somebody else: the ETag of a one-part object is the MD5 of its bytes (SSE-S3, as our buckets are).
    return remote.etag == _digest(path, "md5")


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()
