"""Read the status repeatedly, even across a lost connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

from botocore.exceptions import BotoCoreError, ClientError

from zenoimg.aws.errors import explain
from zenoimg.errors import ZenoError
from zenoimg.operations.health.status import PipelineStatus
from zenoimg.pipeline.calls.service import is_transient

WATCH_SECONDS = 2.0


def watch(read: Callable[[], PipelineStatus], wait: Callable[[float], None]) -> Iterator[PipelineStatus | ZenoError]:
    """Yield the status every two seconds, forever; yield a temporary error in its place and retry.

    Throttling, service failures and a lost connection are temporary. Raises botocore's other errors, and
    any error of the first read, after which it is not known whether there is anything to watch.
    """
    for attempt in count():
        try:
            current: PipelineStatus | ZenoError = read()
        except (BotoCoreError, ClientError) as error:
            if attempt == 0 or not is_transient(error):
                raise
            current = explain(error)
        yield current
        wait(WATCH_SECONDS)
