"""Read the status again and again, also after the connection was lost in between."""

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
    """Yield the status every two seconds, without end; a temporary error is yielded instead, and retried.

    Throttling, failures of the service and a lost connection are temporary. Raises other errors of botocore, and
    every error of the first read: then it is not known whether there is anything to watch.
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
