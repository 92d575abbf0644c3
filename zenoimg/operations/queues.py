"""Count the messages in a queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from zenoimg.operations.pipeline import LivePipeline


@dataclass(frozen=True)
class QueueCounts:
    """Approximate message counts of a queue: waiting, and received but not yet deleted."""

    waiting: int
    in_flight: int

    @property
    def total(self) -> int:
        """Return the sum of both counts."""
        return self.waiting + self.in_flight


def counts(pipeline: LivePipeline, url: str) -> QueueCounts:
    """Return the message counts of a queue. Raises botocore's ``ClientError``.

    The counts are approximate and "may not achieve consistency until at least 1 minute after the producers
    stop sending messages" (API reference of GetQueueAttributes).
    """
    attributes: Mapping[Any, str] = pipeline.aws.sqs.get_queue_attributes(
        QueueUrl=url,
        AttributeNames=[
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ],
    )["Attributes"]
    waiting = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed")
    return QueueCounts(
        waiting=sum(int(attributes.get(name, 0)) for name in waiting),
        in_flight=int(attributes.get("ApproximateNumberOfMessagesNotVisible", 0)),
    )


def counts_if_known(pipeline: LivePipeline, *urls: str) -> QueueCounts | None:
    """Return the sum of ``counts`` over the queues, or ``None`` if SQS fails: an error does not prove an empty queue.

    Pass the backfill queue before the large one, so that a message handed over in between is not missed.
    """
    try:
        found = [counts(pipeline, url) for url in urls]
    except ClientError:
        return None
    return QueueCounts(sum(queue.waiting for queue in found), sum(queue.in_flight for queue in found))
