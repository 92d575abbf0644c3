"""imageProcessorLambda: an S3 event, or SQS messages that hold S3 events → the keys in them are made right.

Live lane: S3 calls asynchronously; an exception makes Lambda retry, then the on-failure destination keeps
the event. Backfill lane: each failed message is reported by itself, and comes back sooner than the queue's
visibility timeout says, 30 s (or as the template is told) after the first try, twice as long after each further.

Each key is one line of the log, and each piece of work one line of metrics: see ``_measure``.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from botocore.config import Config
from botocore.session import get_session

from zenoimg.pipeline import settings as pipeline_settings
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.deployed_recipe import load_deployed
from zenoimg.pipeline.events import KeyToCheck, UnreadableEventError, is_from_queue, parse, parse_body
from zenoimg.pipeline.reconcile import Outcome, Tools, reconcile
from zenoimg.pipeline.storage import ImageStorage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_sqs import SQSClient

_MAX_VISIBILITY_SECONDS = 12 * 3600  # SQS's own limit

_COUNTED = ("processed", "refused", "failed")

logger = Logger(service="processor", serialize_stacktrace=False)  # the traceback is there as a text
_RETRIES = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=5, read_timeout=60)


@cache
def _tools() -> Tools:
    """Clients, settings and recipe: made once for each execution environment."""
    settings = pipeline_settings.from_environment(os.environ)
    recipe, limits = load_deployed()
    return Tools(
        storage=ImageStorage(_client("s3"), settings),
        records=Catalog(_client("dynamodb"), settings.table),
        settings=settings,
        recipe=recipe,
        limits=limits,
    )


@cache
def _queues() -> SQSClient:
    queues: SQSClient = _client("sqs")
    return queues


_session = cache(get_session)


def _client(service: str) -> Any:
    """A client by botocore alone, whose clients boto3's are: a twelfth of the cold start less."""
    return _session().create_client(service, config=_RETRIES)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any] | None:
    """Entry point of both lanes."""
    if is_from_queue(event):
        # A live upload, whose sender may wait, starts without it.
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


def _backfill_message(record: SQSRecord) -> None:  # Powertools passes it by this name
    try:
        for key in _keys(record):
            _check(key)
    except Exception:
        _come_back_soon(record)
        raise


def _keys(message: SQSRecord) -> list[KeyToCheck]:
    try:
        return parse_body(message.body)
    except UnreadableEventError:
        logger.exception("a message that cannot be read", message_id=message.message_id)
        raise


def _come_back_soon(message: SQSRecord) -> None:
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
        # Only the wait gets longer: the queue's own visibility timeout brings the message back.
        logger.warning("the visibility timeout could not be shortened", exc_info=True)


def _try_key(key: KeyToCheck) -> Exception | None:
    """Look at one key of a live event; the others of the same event are not held up by its failure."""
    try:
        _check(key)
    except Exception as error:  # noqa: BLE001 - it is logged, and raised when the others had their turn
        return error
    return None


def _check(key: KeyToCheck) -> None:
    laps = _Laps()
    try:
        tools = _tools()
        if key.bucket != tools.settings.originals_bucket:
            raise UnreadableEventError(
                f"an event of the bucket {key.bucket!r}; this function serves {tools.settings.originals_bucket!r}"
            )
        outcome = reconcile(key.key, replace(tools, on_stage=laps.end), force=key.force)
    except Exception:
        logger.exception("failed", image=key.key, result="failed", duration_ms=laps.total, stages_ms=laps.stages)
        _measure("failed", laps, None)
        raise
    _log(key, outcome, laps)
    if outcome.result in _COUNTED:
        _measure(outcome.result, laps, outcome.record.original_size if outcome.record else None)


class _Laps:
    """Milliseconds by stage; one that comes in several rounds is summed up."""

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


def _log(key: KeyToCheck, outcome: Outcome, laps: _Laps) -> None:
    """One structured line for each image; never anything of what its metadata says."""
    fields: dict[str, Any] = {"image": key.key, "result": outcome.result, "duration_ms": laps.total}
    fields |= {"stages_ms": laps.stages, "rounds": outcome.rounds if outcome.rounds > 1 else None}
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
    (logger.warning if outcome.result == "refused" else logger.info)(outcome.result, extra=shown)


def _measure(result: str, laps: _Laps, size: int | None) -> None:
    """One line in CloudWatch's embedded metric format, written whatever the log level.

    Namespace ``zenoimg``, dimensions stack and function. Each count is 0 or 1, so that its sum counts images and
    its average is a rate; ``duration`` in milliseconds; ``bytes`` of the original, where it was read.
    By hand, since Powertools' module for it costs 7% of the cold start
    (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
    """
    values = {name: ("Count", int(name == result)) for name in _COUNTED} | {"duration": ("Milliseconds", laps.total)}
    if size is not None:
        values["bytes"] = ("Bytes", size)
    of = {"stack": os.environ["STACK"], "function": os.environ["AWS_LAMBDA_FUNCTION_NAME"]}
    metrics = [{"Name": name, "Unit": unit} for name, (unit, _) in values.items()]
    directive = {"Namespace": "zenoimg", "Dimensions": [list(of)], "Metrics": metrics}
    line = {"_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}, **of}
    print(json.dumps(line | {name: value for name, (_, value) in values.items()}), flush=True)  # noqa: T201
