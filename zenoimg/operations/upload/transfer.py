"""Send one file to the originals bucket: check it, compare its content, transfer it.

s3transfer handles multipart uploads, retries of parts and checksums; small files are sent with one plain call.
Throttling that outlasts the client's own retries is waited out here, so that a long run survives a busy hour.
"""

from __future__ import annotations

import base64
import os
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from io import BufferedReader
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError
from botocore.handlers import convert_body_to_file_like_object
from s3transfer.manager import TransferConfig, TransferManager
from s3transfer.subscribers import BaseSubscriber

from zenoimg.imaging import Limits
from zenoimg.operations.concurrency import cancel_transfers
from zenoimg.operations.content import Remote, check, crc32, digest, is_same, remote_of
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.upload.local_files import open_file, state_of
from zenoimg.operations.upload.put_calls import PutCalls
from zenoimg.operations.upload.sources import Source
from zenoimg.pipeline.calls.service import error_code, expected_owner, is_aws, is_missing, is_throttled
from zenoimg.pipeline.objects.headers import DIGEST_ENTRY
from zenoimg.pipeline.storage import identity_of

if TYPE_CHECKING:
    from types import TracebackType

State = Literal["sent", "planned", "unchanged", "refused", "conflict", "failed"]

#: Smaller files are sent with one call, so that S3 checks the SHA-256 of the whole. S3 recommends parts from 100 MB:
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
_MULTIPART_BYTES = 64 * 1024 * 1024
_PART_BYTES = 16 * 1024 * 1024
_SMALL_BYTES = 1024 * 1024
_THROTTLE_TRIES = 8
_MAX_WAIT_SECONDS = 20.0
#: S3's error codes for a body that does not match the announced digest.
_OTHER_BYTES = frozenset({"BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch"})
_CHANGED = "it changed while being sent; send it again with --overwrite once nothing writes to it"
#: S3's error codes for a conditional write to a key that exists by now.
_TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})


class StoppedError(Exception):
    """The run was stopped before this file was sent."""


@dataclass(frozen=True)
class Transferred:
    """The result for one file; ``version`` is the identity of the object at its key, if known."""

    source: Source
    state: State
    size: int = 0
    reason: str = ""
    version: str = ""


def decide(same_content: bool | None, *, overwrite: bool, force: bool) -> Literal["send", "skip", "conflict"]:
    """Decide what to do with a source; ``same_content`` is ``None`` if its key does not exist."""
    if same_content is None or force:
        return "send"
    if same_content:
        return "skip"
    return "send" if overwrite else "conflict"


class Transfer:
    """Sends files into one pipeline; thread-safe.

    A context manager: leaving it waits for pending transfers. ``cancel`` aborts them.
    """

    def __init__(
        self,
        pipeline: LivePipeline,
        limits: Limits,
        *,
        overwrite: bool,
        force: bool,
        dry_run: bool,
        concurrency: int,
        on_bytes: Callable[[int], None],
    ) -> None:
        self._s3 = pipeline.aws.s3
        self._bucket = pipeline.settings.originals_bucket
        self._owner = expected_owner(pipeline.settings.account_id)
        self._storage_class = pipeline.deployment.upload_storage_class
        self._limits = limits
        self._overwrite, self._force, self._dry_run = overwrite, force, dry_run
        self._on_bytes, self._progress = on_bytes, _Progress(on_bytes)
        self._stopped = threading.Event()
        config = TransferConfig(
            multipart_threshold=_MULTIPART_BYTES,
            multipart_chunksize=_PART_BYTES,
            max_request_concurrency=max(concurrency, 4),
        )
        self._manager = TransferManager(self._s3, config)
        # This handler turns bytes into a file, and for files the SDK first sends "Expect: 100-continue".
        self._s3.meta.events.unregister("before-parameter-build.s3.PutObject", convert_body_to_file_like_object)
        self._calls = PutCalls(self._s3)
        self._is_aws = is_aws(self._s3.meta.endpoint_url)

    def __enter__(self) -> Transfer:
        self._calls.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._manager.shutdown()
        self._calls.__exit__(kind, error, trace)

    def cancel(self) -> None:
        """Start no further transfers and abort pending ones; return when multipart uploads are aborted."""
        self._stopped.set()
        cancel_transfers(self._manager)

    def send(self, source: Source) -> Transferred:
        """Send one file, unless it is refused, unchanged or in conflict.

        Raises ``OSError`` for a file that cannot be read, botocore's errors for what S3 refuses, and
        ``StoppedError`` after ``cancel``.
        """
        was_free = source.is_free
        attempt = 0
        while True:
            if self._stopped.is_set():
                raise StoppedError
            try:
                done = self._send_once(source)
            except ClientError as error:
                if source.is_free and error_code(error) in _TAKEN:
                    source = replace(source, is_free=False)
                    continue
                attempt += 1
                if not is_throttled(error) or attempt == _THROTTLE_TRIES:
                    raise
            else:
                # The key was free and now has exactly this content: a call succeeded, but its response was lost.
                return replace(done, state="sent") if was_free and done.state == "unchanged" else done
            # Full jitter: the files of one run must not be retried at the same moment.
            self._stopped.wait(random.uniform(0, min(0.25 * 2**attempt, _MAX_WAIT_SECONDS)))  # noqa: S311

    def _send_once(self, source: Source) -> Transferred:
        if source.problem is not None:
            raise source.problem
        if source.skipped:
            return Transferred(source, "refused", reason=source.skipped)
        with open_file(source.path) as file:
            before = os.fstat(file.fileno())
            size = before.st_size
            checked = check(source.key, file, size, self._limits)
            if checked.refusal:
                return Transferred(source, "refused", size, checked.refusal)
            remote = None if source.is_free else self._remote(source.key)
            if source.is_free and self._dry_run:
                return Transferred(source, "planned", size)
            sha256 = digest(file, "sha256")
            same = None if remote is None else is_same(remote, file, sha256)
            action = decide(same, overwrite=self._overwrite, force=self._force)
            if action == "conflict":
                reason = "the key has different content; --overwrite replaces it"
                return Transferred(source, "conflict", size, reason)
            if action == "skip":
                assert remote is not None, "only an existing object can be the same"
                return Transferred(source, "unchanged", size, version=remote.identity)
            if self._dry_run:
                return Transferred(source, "planned", size)
            try:
                version = self._upload(source, file, size, checked.content_type, sha256)
            except ClientError as error:
                if error_code(error) not in _OTHER_BYTES:
                    raise
                return Transferred(source, "failed", size, _CHANGED)
        if state_of(before) != state_of(source.path.stat()):  # reopened by name, since the file may be closed by now
            return Transferred(source, "failed", size, _CHANGED)
        return Transferred(source, "sent", size, version=version)

    def _upload(self, source: Source, file: BufferedReader, size: int, content_type: str, sha256: str) -> str:
        """Send an open file and return the identity of the new version."""
        extra: dict[str, Any] = {"ContentType": content_type, "Metadata": {DIGEST_ENTRY: sha256}, **self._owner}
        if self._storage_class is not None:
            extra["StorageClass"] = self._storage_class
        in_parts = size >= _MULTIPART_BYTES
        # S3 rejects a body that does not match this digest. For multipart uploads it checks only CRCs of the whole, and
        # S3-compatible servers check none: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
        if in_parts and self._is_aws:
            extra["ChecksumCRC32"] = crc32(file)
        elif not in_parts:
            extra["ChecksumSHA256"] = base64.b64encode(bytes.fromhex(sha256)).decode()
        only_if_free = source.is_free and not self._force
        if size < _SMALL_BYTES:
            return identity_of(self._put(source.key, file.read(), extra, only_if_free=only_if_free))
        with self._calls.expect(source.key, only_if_free=only_if_free) as put:
            # Multipart uploads get the file's name: from an open file, s3transfer would buffer pending parts in memory.
            body = str(source.path) if in_parts else file
            self._manager.upload(body, self._bucket, source.key, extra, [self._progress]).result()
        return identity_of(put.answer)

    def _put(self, key: str, body: bytes, extra: Mapping[str, Any], *, only_if_free: bool) -> Mapping[str, Any]:
        """Send with one botocore call: for small files s3transfer takes 25% longer."""
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if only_if_free else {}
        answer = self._s3.put_object(Bucket=self._bucket, Key=key, Body=body, **extra, **condition)
        self._on_bytes(len(body))
        return answer

    def _remote(self, key: str) -> Remote | None:
        try:
            answer = self._s3.head_object(Bucket=self._bucket, Key=key, **self._owner)
        except ClientError as error:
            if is_missing(error):
                return None
            raise
        return remote_of(answer)


class _Progress(BaseSubscriber):
    """Reports s3transfer's progress, which is negative when a part is sent again."""

    def __init__(self, on_bytes: Callable[[int], None]) -> None:
        self._on_bytes = on_bytes

    def on_progress(self, future: Any, bytes_transferred: int, **_: Any) -> None:
        self._on_bytes(bytes_transferred)
