"""imageProcessorLambda: an S3 event, or SQS messages that hold S3 events → the keys in them are made right.

Live lane: S3 calls asynchronously; an exception makes Lambda retry, then the on-failure destination keeps
the event. Backfill lane: each failed message is reported by itself, and comes back sooner than the queue's
visibility timeout says, 30 s after the first try and twice as long after each further one.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from zenoimg.pipeline import settings as pipeline_settings
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.deployed_recipe import load_deployed
from zenoimg.pipeline.events import KeyToCheck, UnreadableEventError, is_from_queue, parse, parse_body
from zenoimg.pipeline.reconcile import Outcome, Tools, reconcile
from zenoimg.pipeline.storage import ImageStorage

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

FIRST_RETRY_SECONDS = 30
_MAX_VISIBILITY_SECONDS = 12 * 3600  # SQS's own limit

logger = Logger(service="processor")
_RETRIES = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=5, read_timeout=60)


@cache
def _tools() -> Tools:
    """Clients, settings and recipe: made once for each execution environment."""
    settings = pipeline_settings.from_environment(os.environ)
    recipe, limits = load_deployed()
    return Tools(
        storage=ImageStorage(boto3.client("s3", config=_RETRIES), settings),
        records=Catalog(boto3.client("dynamodb", config=_RETRIES), settings.table),
        settings=settings,
        recipe=recipe,
        limits=limits,
    )


@cache
def _queues() -> SQSClient:
    return boto3.client("sqs", config=_RETRIES)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any] | None:
    """Entry point of both lanes."""
    if is_from_queue(event):
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
        for key in parse_body(record.body):
            _check(key)
    except Exception:
        logger.exception("failed; the message comes back", message_id=record.message_id)
        _come_back_soon(record)
        raise


def _come_back_soon(message: SQSRecord) -> None:
    tries = int(message.attributes.approximate_receive_count or 1)
    wait = min(FIRST_RETRY_SECONDS * 2 ** (tries - 1), _MAX_VISIBILITY_SECONDS)
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
    except Exception as error:
        logger.exception("failed", image=key.key)
        return error
    return None


def _check(key: KeyToCheck) -> None:
    tools = _tools()
    if key.bucket != tools.settings.originals_bucket:
        raise UnreadableEventError(
            f"an event of the bucket {key.bucket!r}; this function serves {tools.settings.originals_bucket!r}"
        )
    _log(key, reconcile(key.key, tools, force=key.force))


def _log(key: KeyToCheck, outcome: Outcome) -> None:
    """One structured line for each image; never anything of what its metadata says."""
    fields: dict[str, Any] = {"image": key.key, "result": outcome.result, "rounds": outcome.rounds}
    record = outcome.record
    if record is not None:
        fields |= {
            "format": record.format,
            "original_size": record.original_size,
            "processed_size": record.processed_size,
            "duration_ms": record.duration_ms,
            "warnings": list(record.warnings),
            "error": record.error,
        }
    shown = {name: value for name, value in fields.items() if value not in (None, [])}
    (logger.warning if outcome.result == "refused" else logger.info)(outcome.result, extra=shown)
