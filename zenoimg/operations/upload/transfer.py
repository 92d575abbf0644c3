"""Send one file to the originals: checked, compared by content, transferred.

s3transfer does multipart, part retries and checksums; what is small goes in one plain call. Throttling that
outlasts botocore's own retries is waited out here, so that a long run through a busy hour still ends complete.
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
from zenoimg.operations.content import DIGEST_KEY, Remote, check, crc32, digest, is_same, remote_of
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.upload.local_files import open_file, state_of
from zenoimg.operations.upload.put_calls import PutCalls
from zenoimg.operations.upload.sources import Source
from zenoimg.pipeline.service import error_code, expected_owner, is_aws, is_missing, is_throttled
from zenoimg.pipeline.storage import identity_of

if TYPE_CHECKING:
    from types import TracebackType

State = Literal["sent", "planned", "unchanged", "refused", "conflict", "failed"]

#: Below, one call sends a file, of which S3 itself then checks the whole SHA-256. S3 advises parts from 100 MB on:
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
_MULTIPART_BYTES = 64 * 1024 * 1024
_PART_BYTES = 16 * 1024 * 1024
_SMALL_BYTES = 1024 * 1024
_THROTTLE_TRIES = 8
_MAX_WAIT_SECONDS = 20.0
#: What S3 answers when the bytes are not those that were hashed.
_OTHER_BYTES = frozenset({"BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch"})
_CHANGED = "it changed while it was sent; send it again with --overwrite when it is at rest"
#: What S3 answers when a key that was free is free no more.
_TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})


class StoppedError(Exception):
    """The run was stopped before this file was sent."""


@dataclass(frozen=True)
class Transferred:
    """What became of one file; ``version`` is the identity of the object under its key, where one is known."""

    source: Source
    state: State
    size: int = 0
    reason: str = ""
    version: str = ""


def decide(same_content: bool | None, *, overwrite: bool, force: bool) -> Literal["send", "skip", "conflict"]:
    """What to do with a source; ``same_content`` is ``None`` when nothing lies under its key."""
    if same_content is None or force:
        return "send"
    if same_content:
        return "skip"
    return "send" if overwrite else "conflict"


class Transfer:
    """Sends files into one pipeline; safe to use from several threads at once.

    A context: leaving it waits for what is under way. ``cancel`` stops that, and aborts multipart uploads.
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
        # That makes a file of bytes, and of a file S3 is first asked whether to send it ("Expect: 100-continue").
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
        """Start nothing more, and stop what is under way; returns when multipart uploads are aborted."""
        self._stopped.set()
        cancel_transfers(self._manager)

    def send(self, source: Source) -> Transferred:
        """Send one file, if it is to be sent.

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
                # Free, then taken by this very content: a call of ours whose answer was lost.
                return replace(done, state="sent") if was_free and done.state == "unchanged" else done
            # Full jitter: the files of one run must not come back all at once.
            self._stopped.wait(random.uniform(0, min(0.25 * 2**attempt, _MAX_WAIT_SECONDS)))  # noqa: S311

    def _send_once(self, source: Source) -> Transferred:
        if source.problem is not None:
            raise source.problem
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
                reason = "other content lies under this key; --overwrite replaces it"
                return Transferred(source, "conflict", size, reason)
            if action == "skip":
                assert remote is not None, "there is something to be the same as"
                return Transferred(source, "unchanged", size, version=remote.identity)
            if self._dry_run:
                return Transferred(source, "planned", size)
            try:
                version = self._upload(source, file, size, checked.content_type, sha256)
            except ClientError as error:
                if error_code(error) not in _OTHER_BYTES:
                    raise
                return Transferred(source, "failed", size, _CHANGED)
        if state_of(before) != state_of(source.path.stat()):  # by its name: whoever sent the file has closed it
            return Transferred(source, "failed", size, _CHANGED)
        return Transferred(source, "sent", size, version=version)

    def _upload(self, source: Source, file: BufferedReader, size: int, content_type: str, sha256: str) -> str:
        """Send an open file; returns the identity of the version that it became."""
        extra: dict[str, Any] = {"ContentType": content_type, "Metadata": {DIGEST_KEY: sha256}, **self._owner}
        in_parts = size >= _MULTIPART_BYTES
        # S3 itself refuses bytes that are not those that were hashed. Of parts it knows CRCs of the whole alone, and
        # servers that are only like S3 do not: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
        if in_parts and self._is_aws:
            extra["ChecksumCRC32"] = crc32(file)
        elif not in_parts:
            extra["ChecksumSHA256"] = base64.b64encode(bytes.fromhex(sha256)).decode()
        only_if_free = source.is_free and not self._force
        if size < _SMALL_BYTES:
            return identity_of(self._put(source.key, file.read(), extra, only_if_free=only_if_free))
        with self._calls.expect(source.key, only_if_free=only_if_free) as put:
            # In parts by name: of an open file s3transfer would hold the parts that wait in memory.
            body = str(source.path) if in_parts else file
            self._manager.upload(body, self._bucket, source.key, extra, [self._progress]).result()
        return identity_of(put.answer)

    def _put(self, key: str, body: bytes, extra: Mapping[str, Any], *, only_if_free: bool) -> Mapping[str, Any]:
        """One call of botocore, which tries again by itself: for so little s3transfer takes a quarter more time."""
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
    """Passes s3transfer's progress on; it is negative when a part is sent again."""

    def __init__(self, on_bytes: Callable[[int], None]) -> None:
        self._on_bytes = on_bytes

    def on_progress(self, future: Any, bytes_transferred: int, **_: Any) -> None:
        self._on_bytes(bytes_transferred)
