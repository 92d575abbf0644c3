"""Find queues and functions of a stack that were deleted by other means.

CloudFormation compares templates and does not notice. Buckets and the table are checked by ``read_back``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from zenoimg.pipeline.calls.service import is_missing
from zenoimg.stack.outputs import Deployment

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient


def missing_parts(sqs: SQSClient, functions: LambdaClient, deployment: Deployment) -> Iterator[str]:
    """Yield a clause for each queue or function that does not exist; if reading is denied, it counts as existing."""
    for url in (*deployment.queue_urls, deployment.dead_letter_queue_url):
        if url and not _queue_exists(sqs, url):
            yield f"{url.rpartition('/')[2]}: the queue does not exist"
    names = (deployment.processor_function, deployment.processor_large_function, deployment.get_images_function)
    for name in filter(None, names):
        if not function_exists(functions, name):
            yield f"{name}: the function does not exist"


def function_exists(functions: LambdaClient, name: str) -> bool:
    """Return whether a function exists; ``True`` if Lambda cannot be asked."""
    try:
        functions.get_function_configuration(FunctionName=name)
    except ClientError as error:
        return not is_missing(error)
    return True


def _queue_exists(sqs: SQSClient, url: str) -> bool:
    try:
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    except ClientError as error:
        return not is_missing(error)
    return True
