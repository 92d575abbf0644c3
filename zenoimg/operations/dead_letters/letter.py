"""Parse messages of the dead-letter queue. Pure functions.

An S3 event arrives in the envelope that Lambda sends to an on-failure destination; a message of a queue arrives
unchanged, with the ARN of that queue among its attributes
(https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html,
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from zenoimg.pipeline.events import KeyToCheck, UnreadableEventError, parse_body

if TYPE_CHECKING:
    from mypy_boto3_sqs.literals import MessageSystemAttributeNameType

Lane = Literal["live", "backfill", "large", "unknown"]

#: The system attributes that ``letter_of`` reads.
ATTRIBUTES: tuple[MessageSystemAttributeNameType, ...] = ("DeadLetterQueueSourceArn", "SentTimestamp")


@dataclass(frozen=True)
class DeadLetter:
    """A message of the dead-letter queue: its keys, and what it says about the failure.

    ``reason`` is the function's error, empty for a message of a queue, which does not contain it. ``attempts`` is
    ``None`` if the message does not say. ``sent_at`` is when the message first entered a queue. ``problem`` says why
    the letter cannot be redriven; empty if it can.
    """

    message_id: str
    receipt: str
    keys: tuple[KeyToCheck, ...]
    lane: Lane = "unknown"
    attempts: int | None = None
    reason: str = ""
    problem: str = ""
    sent_at: datetime | None = None
    body: str = ""


def letter_of(message: Mapping[str, Any], originals_bucket: str, queues: Mapping[str, Lane]) -> DeadLetter:
    """Parse a received message. ``queues`` maps the names of the work queues to their lanes."""
    attributes = message.get("Attributes", {})
    body: str = message["Body"]
    envelope = _envelope(body)
    keys, problem = _keys(body, originals_bucket)
    sent = int(attributes.get("SentTimestamp", 0))
    return DeadLetter(
        message_id=message["MessageId"],
        receipt=message["ReceiptHandle"],
        keys=keys,
        lane=_lane(envelope, attributes.get("DeadLetterQueueSourceArn", ""), queues),
        attempts=_attempts(envelope),
        reason=_reason(envelope),
        problem=problem,
        sent_at=datetime.fromtimestamp(sent / 1000, UTC) if sent else None,
        body=body,
    )


def _envelope(body: str) -> Mapping[str, Any]:
    """Return the body as a JSON object, or an empty one if it is not JSON."""
    try:
        envelope = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return envelope if isinstance(envelope, Mapping) else {}


def _keys(body: str, originals_bucket: str) -> tuple[tuple[KeyToCheck, ...], str]:
    """Return the keys in a letter, and why it cannot be redriven."""
    try:
        keys = tuple(parse_body(body))
    except (UnreadableEventError, RecursionError) as error:
        return (), str(error)
    foreign = next((key.bucket for key in keys if key.bucket != originals_bucket), None)
    return ((), f"an event of another bucket: {foreign}") if foreign is not None else (keys, "")


def _lane(envelope: Mapping[str, Any], source_arn: str, queues: Mapping[str, Lane]) -> Lane:
    if "requestPayload" in envelope:
        return "live"
    return queues.get(source_arn.rpartition(":")[2], "unknown")


def _attempts(envelope: Mapping[str, Any]) -> int | None:
    context = envelope.get("requestContext")
    count = context.get("approximateInvokeCount") if isinstance(context, Mapping) else None
    return count if isinstance(count, int) else None


def _reason(envelope: Mapping[str, Any]) -> str:
    payload = envelope.get("responsePayload")
    if not isinstance(payload, Mapping):
        return ""
    return ": ".join(str(payload[name]) for name in ("errorType", "errorMessage") if payload.get(name))
