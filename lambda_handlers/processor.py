"""imageProcessorLambda and imageProcessorLargeLambda: reconcile the keys named by an S3 event, or by SQS messages.

Live lane: S3 invokes the function asynchronously; an exception makes Lambda retry, and after the last try the
on-failure destination keeps the event. Backfill lane: failed messages are reported one by one, and their visibility
timeout is shortened to ``BACKFILL_FIRST_RETRY`` seconds (30 by default), doubled with each further try. Images that
need more memory than the function has go to ``LARGE_QUEUE_URL``, which the larger function polls as its own lane; that
function, and one without the variable, does all the work itself.

Each key is logged in one line, and measured in one line of metrics if an image was processed.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics

from zenoimg.pipeline import settings as pipeline_settings
from zenoimg.pipeline.calls.retries import FunctionClients
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.deployed_recipe import load_deployed
from zenoimg.pipeline.events import KeyToCheck, UnreadableEventError, backfill_body, is_from_queue, parse, parse_body
from zenoimg.pipeline.outcome import Outcome
from zenoimg.pipeline.reconcile import reconcile
from zenoimg.pipeline.storage import ImageStorage
from zenoimg.pipeline.tools import Tools, mark_within

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_sqs import SQSClient

_MAX_VISIBILITY_SECONDS = 12 * 3600  # SQS's own limit

_COUNTED = ("processed", "refused", "failed", "handed-over")

logger = Logger(service="processor", serialize_stacktrace=False)  # the traceback is logged as text anyway
_clients = FunctionClients(read_timeout=60)


@cache
def _tools() -> Tools:
    """Return clients, settings and recipe, created once per execution environment."""
    settings = pipeline_settings.from_environment(os.environ)
    recipe, limits = load_deployed()
    megabytes = int(os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]) if _large_queue() else None
    return Tools(
        storage=ImageStorage(_clients.create("s3"), settings),
        records=Catalog(_clients.create("dynamodb"), settings.table),
        settings=settings,
        recipe=recipe,
        limits=limits,
        watermark=mark_within(megabytes),
    )


def _large_queue() -> str:
    """Return the URL of the queue for images that need more memory; empty if there is none."""
    return os.environ.get("LARGE_QUEUE_URL", "")


def _hand_over(bucket: str, key: str, force: bool) -> None:
    """Send a key to the larger function. Raises botocore's errors, after which the lane retries the key."""
    _queues().send_message(QueueUrl=_large_queue(), MessageBody=backfill_body(bucket, key, force=force))


@cache
def _queues() -> SQSClient:
    queues: SQSClient = _clients.create("sqs")
    return queues


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any] | None:
    """Handle an event of either lane."""
    _clients.begin(context.get_remaining_time_in_millis())
    if is_from_queue(event):
        # Imported here because a live upload, whose sender may be waiting, does not need it.
        from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

        answer = process_partial_response(
            event=event,
            record_handler=_backfill_message,
            processor=BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False),
            context=context,
        )
        return dict(answer)
    errors = [error for key in parse(event) if (error := _try_key(key)) is not None]
    if errors:
        raise ExceptionGroup("not all keys could be processed", errors) if len(errors) > 1 else errors[0]
    return None


def _backfill_message(record: SQSRecord) -> None:  # Powertools passes the argument by this name
    try:
        for key in _keys(record):
            _check(key)
    except Exception:
        _retry_later(record)
        raise


def _keys(message: SQSRecord) -> list[KeyToCheck]:
    try:
        return parse_body(message.body)
    except UnreadableEventError:
        logger.exception("unreadable message", message_id=message.message_id)
        raise


def _retry_later(message: SQSRecord) -> None:
    tries = int(message.attributes.approximate_receive_count or 1)
    first = int(os.environ["BACKFILL_FIRST_RETRY"])
    wait = min(first * 2 ** (tries - 1), _MAX_VISIBILITY_SECONDS)
    try:
        _queues().change_message_visibility(
            QueueUrl=os.environ["BACKFILL_QUEUE_URL"],
            ReceiptHandle=message.receipt_handle,
            VisibilityTimeout=wait,
        )
    except Exception:
        # The message still returns, only later, when the queue's own visibility timeout has passed.
        logger.warning("the visibility timeout could not be shortened", exc_info=True)


def _try_key(key: KeyToCheck) -> Exception | None:
    """Reconcile one key of a live event; return its error, so that the event's other keys are processed as well."""
    try:
        _check(key)
    except Exception as error:  # noqa: BLE001 - logged, and raised after the other keys
        return error
    return None


def _check(key: KeyToCheck) -> None:
    stopwatch = _Stopwatch()
    try:
        tools = _tools()
        if key.bucket != tools.settings.originals_bucket:
            raise UnreadableEventError(
                f"an event of the bucket {key.bucket!r}; this function processes {tools.settings.originals_bucket!r}"
            )
        outcome = reconcile(
            key.key,
            replace(tools, on_stage=stopwatch.end),
            force=key.force,
            removed=key.removed,
            hand_over=partial(_hand_over, key.bucket) if _large_queue() else None,
        )
    except Exception:
        logger.exception(
            "failed", image=key.key, result="failed", duration_ms=stopwatch.total, stages_ms=stopwatch.stages
        )
        _measure("failed", stopwatch, None)
        raise
    _log(key, outcome, stopwatch)
    if outcome.result in _COUNTED:
        _measure(outcome.result, stopwatch, outcome.record.original_size if outcome.record else None)


class _Stopwatch:
    """Milliseconds per stage, summed over the rounds of a run."""

    def __init__(self) -> None:
        self._started = self._last = time.perf_counter()
        self.stages: dict[str, int] = {}

    def end(self, stage: str) -> None:
        now = time.perf_counter()
        self.stages[stage] = self.stages.get(stage, 0) + round((now - self._last) * 1000)
        self._last = now

    @property
    def total(self) -> int:
        return round((time.perf_counter() - self._started) * 1000)


def _log(key: KeyToCheck, outcome: Outcome, stopwatch: _Stopwatch) -> None:
    """Log one structured line about an image, without anything from its metadata."""
    fields: dict[str, Any] = {"image": key.key, "result": outcome.result, "duration_ms": stopwatch.total}
    fields |= {"stages_ms": stopwatch.stages, "rounds": outcome.rounds if outcome.rounds > 1 else None}
    record = outcome.record
    if record is not None:
        fields |= {
            "format": record.format,
            "original_size": record.original_size,
            "processed_size": record.processed_size,
            "warnings": list(record.warnings),
            "error": record.error,
        }
    shown = {name: value for name, value in fields.items() if value not in (None, [], {})}
    log = {"refused": logger.warning, "failed": logger.error}.get(outcome.result, logger.info)
    log(outcome.result, extra=shown)


@cache
def _metrics() -> Metrics:
    metrics = Metrics(namespace="zenoimg")
    metrics.set_default_dimensions(stack=os.environ["STACK"], function=os.environ["AWS_LAMBDA_FUNCTION_NAME"])
    return metrics


def _measure(result: str, stopwatch: _Stopwatch, size: int | None) -> None:
    """Write the metrics of one image as one line in CloudWatch's embedded metric format, at any log level.

    Each count is 0 or 1, so that its sum is a number of images and its average a rate. ``size`` is the original's size
    in bytes, ``None`` if it was not read.
    """
    metrics = _metrics()
    for name in _COUNTED:
        metrics.add_metric(name, "Count", int(name == result))
    metrics.add_metric("duration", "Milliseconds", stopwatch.total)
    if size is not None:
        metrics.add_metric("bytes", "Bytes", size)
    metrics.flush_metrics()
