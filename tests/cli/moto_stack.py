"""A deployed stack as far as moto supports it: buckets, table, queues, functions and the stack that names them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import boto3

from tests.cli.conftest import make_resources
from zenoimg.stack.names import StackNames

NAMES = StackNames("zeno")


def make_stack() -> None:
    """Create it; call it within ``mock_aws``."""
    make_resources(*NAMES.buckets, NAMES.table)
    sqs = boto3.client("sqs")
    dead = sqs.create_queue(QueueName=NAMES.dead_letter_queue)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy: Any = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})}
    backfill = sqs.create_queue(QueueName=NAMES.backfill_queue, Attributes=policy)["QueueUrl"]
    name_stack({"BackfillQueueUrl": backfill, "DeadLetterQueueUrl": dead})
    for function in (NAMES.processor_function, NAMES.get_images_function):
        _make_function(function)


def name_stack(queues: Mapping[str, str], parameters: Mapping[str, str] = MappingProxyType({})) -> None:
    """Create a CloudFormation stack whose outputs name a pipeline, with the URLs of its ``queues``."""
    outputs = {
        "OriginalsBucket": NAMES.originals_bucket,
        "ProcessedBucket": NAMES.processed_bucket,
        "Table": NAMES.table,
        **queues,
        "ProcessorFunction": NAMES.processor_function,
        "GetImagesFunction": NAMES.get_images_function,
        "RecipeFingerprint": "0123456789abcdef",
        "ApiId": "abc123",
        "ApiUrl": "https://abc123.execute-api.eu-west-1.amazonaws.com/images",
    }
    template = {
        "Parameters": {name: {"Type": "String", "Default": value} for name, value in parameters.items()},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
    boto3.client("cloudformation").create_stack(StackName="zeno", TemplateBody=json.dumps(template))


def _make_function(name: str) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    role = boto3.client("iam").create_role(RoleName=f"role-{name}", AssumeRolePolicyDocument=json.dumps(trust))
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("handler.py", "")
    boto3.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role["Role"]["Arn"],
        Handler="handler.handler",
        Code={"ZipFile": zipped.getvalue()},
    )
