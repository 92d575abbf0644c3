"""Count the functions' failures in the last hour, from CloudWatch metrics or the embedded AWS's logs."""

from __future__ import annotations

import time
from collections.abc import Iterator

from botocore.exceptions import ClientError

from zenoimg.operations.health.metrics import points
from zenoimg.operations.logs.follow import LogEvent, LogReader
from zenoimg.operations.logs.lines import LogFilter, understand
from zenoimg.operations.logs.tail import log_groups
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.pipeline.calls.service import is_denied

#: Maximum number of errors that are counted in the logs of a function.
MAX_ERRORS = 1000
_MINUTES = 60


def recent_errors(pipeline: LivePipeline, stack: str) -> dict[str, int] | None:
    """Return the failed attempts of the last hour by function; ``None`` if not permitted.

    The functions are ``processor``, ``large`` if there is one, and ``api``. Attempts from queues are included.
    """
    try:
        return _from_metrics(pipeline, stack) if pipeline.aws.platform.has_metrics else _from_logs(pipeline)
    except ClientError as error:
        if not is_denied(error):
            raise
        return None


def _from_metrics(pipeline: LivePipeline, stack: str) -> dict[str, int]:
    """Count with metrics, whose cost does not depend on how much is logged.

    A failed attempt of the live lane is in both Lambda's metric and the function's own; one from a queue only in the
    function's; a timeout or lack of memory only in Lambda's. So the larger of the two never exceeds the failures.
    """
    deployment = pipeline.deployment
    processors = {"processor": deployment.processor_function, "large": deployment.processor_large_function}

    def total(namespace: str, metric: str, dimensions: dict[str, str]) -> int:
        return round(sum(points(pipeline.aws, namespace, metric, dimensions, "Sum", _MINUTES)))

    def errors(function: str) -> int:
        return total("AWS/Lambda", "Errors", {"FunctionName": function})

    def failed(function: str) -> int:
        return total("zenoimg", "failed", {"stack": stack, "function": function})

    found = {name: max(errors(function), failed(function)) for name, function in processors.items() if function}
    return {**found, "api": errors(deployment.get_images_function)}


def _from_logs(pipeline: LivePipeline) -> dict[str, int]:
    """Count the failed invocations in the logs."""
    groups = log_groups(pipeline)
    pattern = LogFilter(level="ERROR").server_pattern() if pipeline.aws.platform.filters_logs else ""
    since = round((time.time() - _MINUTES * 60) * 1000)
    return {
        name: _count(LogReader(lambda: pipeline.aws.logs, {name: groups[name]}).read(since, pattern=pattern))
        for name in groups
    }


def _count(events: Iterator[LogEvent]) -> int:
    """Return the number of failed requests; stop reading at ``MAX_ERRORS``."""
    failed: set[str] = set()
    for event in events:
        line = understand(event)
        if line.level in ("ERROR", "CRITICAL"):
            failed.add(line.request_id or f"{event.stream} {event.at}")
            if len(failed) >= MAX_ERRORS:
                break
    return len(failed)
