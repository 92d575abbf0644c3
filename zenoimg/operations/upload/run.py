"""Upload photos and wait until the pipeline has processed each, with a bounded window of photos in flight.

source ──► checked by its first bytes ──► compared by content ──► sent ──► waited for ──► result
                 │ refused                     │ unchanged, conflict            (a record of this version)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError

from zenoimg.aws.errors import explain
from zenoimg.errors import ConfigurationError, RefusedByAwsError, ZenoError
from zenoimg.imaging import Limits
from zenoimg.operations.arrivals import Arrivals, Awaited, Patience
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.upload.free_keys import mark_free
from zenoimg.operations.upload.local_files import reason_of
from zenoimg.operations.upload.sources import Source
from zenoimg.operations.upload.transfer import StoppedError, Transfer, Transferred
from zenoimg.pipeline.calls.service import expected_owner, is_denied, is_missing_bucket
from zenoimg.pipeline.calls.threads import SECONDS, threads
from zenoimg.pipeline.records import ImageRecord

State = Literal["processed", "uploaded", "would-upload", "unchanged", "refused", "conflict", "failed", "unprocessed"]
#: States that require the operator to act.
NEEDS_ATTENTION: frozenset[State] = frozenset({"refused", "conflict", "failed", "unprocessed"})

NOT_PROCESSED = "not processed yet"


@dataclass(frozen=True)
class UploadOptions:
    """Options of an upload; times are in seconds.

    ``window`` limits the photos that are sent but not processed yet; with ``paced`` even without ``wait``, since the
    embedded AWS starts a process for each. ``timeout`` is how long to wait for one photo, ``retry_grace`` how long the
    lane's retries may still replace a failed record, ``event_grace`` how long the event of a photo uploaded earlier may
    still be pending. ``look_ahead`` reads sources ahead and lists their keys a thousand at a time, which is not suited
    to paths being typed. Without ``has_function`` nothing processes what is sent; then the records of unchanged photos
    are read once. ``last_moments`` is how long an interrupted run may take to abort transfers.
    """

    wait: bool = True
    has_function: bool = True
    paced: bool = False
    overwrite: bool = False
    force: bool = False
    dry_run: bool = False
    look_ahead: bool = True
    concurrency: int = 10
    window: int = 200
    timeout: float = 600.0
    poll: float = 1.0
    last_moments: float = SECONDS
    retry_grace: float = 240.0
    event_grace: float = 240.0


@dataclass(frozen=True)
class UploadResult:
    """The result for one source. ``seconds`` is the time from the start of its transfer to this result.

    ``as_before``: the content is unchanged, and the pipeline has refused it before.
    """

    path: Path
    key: str
    state: State
    reason: str = ""
    size: int = 0
    seconds: float = 0.0
    record: ImageRecord | None = None
    as_before: bool = False

    @property
    def needs_attention(self) -> bool:
        """Return whether the operator has to act; a photo refused ``as_before`` has already been reported."""
        return self.state in NEEDS_ATTENTION and not self.as_before

    @property
    def is_stored(self) -> bool:
        """Return whether the photo is an original of the pipeline, or would be after a dry run."""
        return self.state in ("processed", "uploaded", "would-upload", "unchanged", "unprocessed")


@dataclass(frozen=True)
class _Waiting:
    done: Transferred
    awaited: Awaited


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
        self._waiting: dict[str, _Waiting] = {}
        self._arrivals = Arrivals(pipeline, Patience(options.timeout, options.retry_grace, options.event_grace), clock)
        #: Photos sent and reported as such; they occupy the window until they are processed.
        self._paced: dict[str, _Waiting] = {}

    @property
    def unprocessed(self) -> list[str]:
        """Return the keys that were sent but not processed yet."""
        return list(self._waiting)

    def run(self, sources: Iterable[Source | None]) -> Iterator[UploadResult]:
        """Yield a result for each source as it becomes known, in no particular order.

        ``None`` among the sources means that there is currently none: results are polled before the next is requested.
        Raises ``RefusedByAwsError`` if access to the bucket is denied, ``ConfigurationError`` if credentials
        expire during the run; what was sent by then remains.
        """
        self._check_bucket()
        options = self._options
        transfer = Transfer(
            self._pipeline,
            self._limits,
            overwrite=options.overwrite,
            force=options.force,
            dry_run=options.dry_run,
            concurrency=options.concurrency,
            on_bytes=self._on_bytes,
        )
        pool_of = partial(threads, options.concurrency, "upload", transfer.cancel, seconds=options.last_moments)
        with transfer, pool_of() as pool:
            coming = mark_free(self._pipeline, filter(None, sources)) if options.look_ahead else sources
            yield from self._pump(iter(coming), transfer, pool)

    def _pump(
        self, sources: Iterator[Source | None], transfer: Transfer, pool: ThreadPoolExecutor
    ) -> Iterator[UploadResult]:
        exhausted = False
        running: dict[Future[Transferred], tuple[Source, float]] = {}
        finished: SimpleQueue[Future[Transferred]] = SimpleQueue()
        last_look = 0.0
        while True:
            is_idle = False
            while not (exhausted or is_idle) and self._has_room(len(running)):
                try:
                    source = next(sources)
                except StopIteration:
                    exhausted = True
                    continue
                is_idle = source is None
                if source is not None:
                    future = pool.submit(transfer.send, source)
                    running[future] = (source, self._clock())
                    future.add_done_callback(finished.put)
            if exhausted and not running and not self._waiting:
                return
            looks = bool(self._waiting or self._paced)
            pause = max(0.0, self._options.poll - (self._clock() - last_look)) if looks else None
            for future in _taken(finished, 0.0 if is_idle else pause):
                source, started = running.pop(future)
                result = self._after_transfer(future, source, started)
                if result is not None:
                    yield result
            if looks and self._clock() - last_look >= self._options.poll:
                last_look = self._clock()
                yield from self._look()

    def _has_room(self, running: int) -> bool:
        in_flight = running + len(self._waiting) + len(self._paced)
        return running < self._options.concurrency and in_flight < self._options.window

    def _check_bucket(self) -> None:
        """Check access to the bucket once, so that denied access is one error instead of one per photo."""
        bucket, owner = self._pipeline.settings.originals_bucket, self._pipeline.settings.account_id
        try:
            self._pipeline.aws.s3.head_bucket(Bucket=bucket, **expected_owner(owner))
        except ClientError as error:
            if is_missing_bucket(error):
                raise RefusedByAwsError(f"the bucket {bucket} does not exist", code="no-such-bucket") from error
            if is_denied(error):
                raise RefusedByAwsError(
                    f"access to the bucket {bucket} is denied",
                    next_step="policies/operator-policy.json lists what an upload needs.",
                    code="access-denied",
                ) from error
            raise

    def _after_transfer(self, future: Future[Transferred], source: Source, started: float) -> UploadResult | None:
        """Return the final result of a transfer, or ``None`` if its record is still awaited."""
        try:
            done = future.result()
        except OSError as error:
            done = Transferred(source, "failed", reason=reason_of(error))
        except StoppedError:
            return None
        except (ClientError, BotoCoreError) as error:
            done = Transferred(source, "failed", reason=_reason_or_raise(error, source))
        waiting = _Waiting(done, Awaited(source.key, done.version, started, is_new=done.state == "sent"))
        awaited = {"sent", "unchanged"} if self._options.has_function else {"unchanged"}
        if done.state in awaited and self._options.wait and not self._options.dry_run:
            self._waiting[source.key] = waiting
            return None
        if done.state == "sent" and self._options.paced:
            self._paced[source.key] = waiting
        state: dict[str, State] = {"sent": "uploaded", "planned": "would-upload"}
        shown: State = state.get(done.state, done.state)  # type: ignore[arg-type]
        return UploadResult(source.path, source.key, shown, done.reason, done.size, self._clock() - started)

    def _look(self) -> Iterator[UploadResult]:
        """Yield the results of awaited photos whose records are now final."""
        pending = {**self._waiting, **self._paced}
        for key, arrival in self._arrivals.look(each.awaited for each in pending.values()).items():
            self._paced.pop(key, None)
            waiting = self._waiting.pop(key, None)
            if waiting is not None:
                source, seconds = waiting.done.source, self._clock() - waiting.awaited.since
                if arrival.state == "unprocessed" and not self._options.has_function:
                    arrival = replace(arrival, state="unchanged", reason=NOT_PROCESSED)
                yield UploadResult(
                    source.path,
                    key,
                    arrival.state,
                    arrival.reason,
                    waiting.done.size,
                    seconds,
                    arrival.record,
                    as_before=arrival.as_before,
                )


def _taken(finished: SimpleQueue[Future[Transferred]], pause: float | None) -> Iterator[Future[Transferred]]:
    """Yield finished transfers, after waiting at most ``pause`` seconds for the first (``None``: no limit)."""
    try:
        yield finished.get(timeout=pause)
        while True:
            yield finished.get_nowait()
    except Empty:
        return


def _reason_or_raise(error: ClientError | BotoCoreError, source: Source) -> str:
    """Return why one file failed; raise errors that would affect every further file."""
    explained: ZenoError = explain(error)
    if isinstance(explained, ConfigurationError):
        raise explained from error
    if explained.code == "access-denied":
        return f"access to the key {source.key!r} is denied"
    return explained.message
