"""The age of a queue's oldest message, which CloudWatch reports and SQS does not."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import quote
from urllib.request import ProxyHandler, build_opener

from botocore.exceptions import ClientError

from zenoimg.aws.session import Aws
from zenoimg.operations.health.metrics import points
from zenoimg.pipeline.calls.service import is_denied


def oldest_seconds(aws: Aws, queue_url: str) -> int | None:
    """Return the age in seconds, or ``None`` if unknown: empty queue, late metric, missing permission."""
    return _on_embedded(aws.endpoint_url, queue_url) if aws.local and aws.endpoint_url else _on_aws(aws, queue_url)


def _on_aws(aws: Aws, queue_url: str) -> int | None:
    # An approximate one-minute metric, for active queues only
    # (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html).
    queue = {"QueueName": queue_url.rpartition("/")[2]}
    try:
        ages = points(aws, "AWS/SQS", "ApproximateAgeOfOldestMessage", queue, "Maximum", minutes=10)
    except ClientError as error:
        if is_denied(error):
            return None
        raise
    return round(ages[-1]) if ages else None


def _on_embedded(endpoint_url: str, queue_url: str) -> int | None:
    """Ask the embedded AWS, which lacks this metric but can list a queue's messages without receiving them."""
    address = f"{endpoint_url}/_ministack/sqs/messages?QueueUrl={quote(queue_url, safe='')}"
    opener = build_opener(ProxyHandler({}))  # it listens on loopback, which a proxy in the environment does not reach
    with opener.open(address, timeout=10) as answer:
        accounts: dict[str, dict[str, dict[str, list[dict[str, Any]]]]] = json.load(answer)["messages"]
    sent = [
        message["SentTimestamp"]
        for regions in accounts.values()
        for queues in regions.values()
        for messages in queues.values()
        for message in messages
    ]
    return max(0, round(time.time() - min(sent))) if sent else None
