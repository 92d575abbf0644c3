"""Wait until the pipeline has processed given versions of originals, that is, until each has a final record."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from botocore.exceptions import ClientError

from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.queues import counts_if_known
from zenoimg.pipeline.calls.service import is_throttled
from zenoimg.pipeline.records import ImageRecord
from zenoimg.suggest import suggest

State = Literal["processed", "unchanged", "refused", "failed", "unprocessed"]


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds.

    ``timeout`` is for one photo, ``retry_grace`` for the lane's retries, which may still replace a failed record,
    ``event_grace`` for the event of a photo stored earlier, which may still be pending.
    """

    timeout: float = 600.0
    retry_grace: float = 240.0
    event_grace: float = 240.0


@dataclass(frozen=True)
class Awaited:
    """A version whose record has been awaited since ``since`` (clock time in seconds).

    ``is_new`` is set if the version was stored just now, so that its event is certain to arrive.
    """

    key: str
    version: str
    since: float
    is_new: bool = True


@dataclass(frozen=True)
class Arrival:
    """The final result of an awaited version. ``as_before`` is set if it was refused before as well."""

    state: State
    reason: str = ""
    record: ImageRecord | None = None
    as_before: bool = False


class Arrivals:
    """Looks for the records of awaited versions."""

    def __init__(self, pipeline: LivePipeline, patience: Patience, clock: Callable[[], float] = time.monotonic) -> None:
        self._pipeline = pipeline
        self._patience = patience
        self._clock = clock
        #: Whether the large queue has messages, as of this poll (``None``: not read yet) and the previous one.
        self._large_is_busy: bool | None = None
        self._large_was_busy = True

    def look(self, awaited: Iterable[Awaited]) -> dict[str, Arrival]:
        """Return the results, by key, of the versions whose records are now final.

        Raises botocore's ``ClientError``, except when DynamoDB throttles, since the next poll follows soon.
        """
        if self._large_is_busy is not None:
            self._large_was_busy, self._large_is_busy = self._large_is_busy, None
        pending = list(awaited)
        try:
            records = self._pipeline.catalog.get_many([each.key for each in pending])
        except ClientError as error:
            if is_throttled(error):
                return {}
            raise
        judged = {each.key: self._judge(each, records.get(each.key)) for each in pending}
        return {key: arrival for key, arrival in judged.items() if arrival is not None}

    def _may_be_handed_over(self) -> bool:
        """Return whether an awaited photo may be in the large queue, which is read once per poll.

        A message that left the queue since the last poll may have left a record that has not been read yet.
        """
        url = self._pipeline.deployment.large_queue_url
        if not url:
            return False
        if self._large_is_busy is None:
            queue = counts_if_known(self._pipeline, url)
            self._large_is_busy = queue is not None and queue.total > 0
        return self._large_is_busy or self._large_was_busy

    def _judge(self, awaited: Awaited, record: ImageRecord | None) -> Arrival | None:
        """Return the final result of a version, or ``None`` while its record is not final."""
        seconds = self._clock() - awaited.since
        about_this = record is not None and record.version_id == awaited.version
        if record is not None and about_this:
            if record.status == "processed":
                return Arrival("processed" if awaited.is_new else "unchanged", record=record)
            if record.status == "refused":
                return Arrival("refused", record.error or "", record, as_before=not awaited.is_new)
            if seconds > self._patience.retry_grace and not self._may_be_handed_over():
                return Arrival("failed", record.error or "", record)
        # The event of an earlier upload may be lost; do not wait as long for it.
        grace = min(self._patience.timeout, self._patience.event_grace)
        patience = self._patience.timeout if awaited.is_new else grace
        if seconds <= patience or self._may_be_handed_over():
            return None
        if record is not None and not about_this:
            reason = f"no record of this version after {seconds:.0f} s: it was overwritten, or its event is late"
            return Arrival("unprocessed", reason, record)
        again = suggest("reprocess", ids=[awaited.key])
        return Arrival("unprocessed", f"not processed after {seconds:.0f} s; `{again}` processes it again", record)
