"""Call handlers as AWS Lambda does: with events in AWS's form, and a context."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote_plus

from tests.aws.conftest import NAMES

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_sqs.type_defs import MessageTypeDef


REQUEST_ID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"


@dataclass(frozen=True)
class _Context:
    """The parts of Lambda's context object that the handlers and Powertools read."""

    function_name: str = "function"
    memory_limit_in_mb: int = 1024
    invoked_function_arn: str = "arn:aws:lambda:eu-west-1:123456789012:function:function"
    aws_request_id: str = REQUEST_ID

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def context() -> LambdaContext:
    return cast("LambdaContext", _Context())


def s3_event(*keys: str, name: str = "ObjectCreated:Put", bucket: str = NAMES.originals_bucket) -> dict[str, Any]:
    return {
        "Records": [
            {
                "eventSource": "aws:s3",
                "eventName": name,
                "s3": {"bucket": {"name": bucket}, "object": {"key": quote_plus(key, safe="/")}},
            }
            for key in keys
        ]
    }


def sqs_event(messages: list[MessageTypeDef], receive_count: int = 1) -> dict[str, Any]:
    """Return the event of received messages; ``receive_count`` is the number of their deliveries."""
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": {"ApproximateReceiveCount": str(receive_count)},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:eu-west-1:123456789012:{NAMES.backfill_queue}",
                "awsRegion": "eu-west-1",
            }
            for message in messages
        ]
    }
