"""How ``status`` counts errors (metrics on AWS, logs on the embedded AWS), and what it suggests next."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.conftest import REGION
from zenoimg.aws.session import Aws, Identity
from zenoimg.operations.health import recent_errors as module
from zenoimg.operations.health.console import dashboard_url
from zenoimg.operations.health.recent_errors import recent_errors
from zenoimg.operations.logs.lines import understand
from zenoimg.stack.outputs import Deployment

PROCESSOR, API = "acme-imageProcessorLambda", "acme-getImagesLambda"
DEPLOYMENT = Deployment(
    "originals", "processed", "table", processor_function=PROCESSOR, get_images_function=API, dashboard="acme images"
)


@pytest.fixture
def aws() -> Iterator[Aws]:
    with mock_aws():
        yield Aws(region=REGION)


def pipeline(aws: Aws) -> Any:
    return SimpleNamespace(aws=aws, deployment=DEPLOYMENT)


def publish(namespace: str, metric: str, value: float, minutes_ago: int = 5, **dimensions: str) -> None:
    boto3.client("cloudwatch", region_name=REGION).put_metric_data(
        Namespace=namespace,
        MetricData=[
            {
                "MetricName": metric,
                "Dimensions": [{"Name": name, "Value": text} for name, text in dimensions.items()],
                "Timestamp": datetime.now(UTC) - timedelta(minutes=minutes_ago),
                "Value": value,
            }
        ],
    )


def test_without_data_there_are_no_errors(aws: Aws) -> None:
    assert recent_errors(pipeline(aws), "acme") == {"processor": 0, "api": 0}


def test_metrics_of_this_stacks_functions_in_the_last_hour_are_summed(aws: Aws) -> None:
    publish("AWS/Lambda", "Errors", 2, FunctionName=PROCESSOR)
    publish("AWS/Lambda", "Errors", 1, minutes_ago=40, FunctionName=PROCESSOR)
    publish("AWS/Lambda", "Errors", 50, minutes_ago=90, FunctionName=PROCESSOR)
    publish("AWS/Lambda", "Errors", 4, FunctionName=API)
    publish("AWS/Lambda", "Errors", 99, FunctionName="getImagesLambda")
    assert recent_errors(pipeline(aws), "acme") == {"processor": 3, "api": 4}


def test_backfill_failures_are_counted_although_lambda_does_not_count_them(aws: Aws) -> None:
    publish("AWS/Lambda", "Errors", 1, FunctionName=PROCESSOR)
    publish("zenoimg", "failed", 7, stack="acme", function=PROCESSOR)
    publish("zenoimg", "failed", 90, stack="zeno", function="imageProcessorLambda")
    assert recent_errors(pipeline(aws), "acme") == {"processor": 7, "api": 0}


def test_the_large_function_is_counted_separately(aws: Aws) -> None:
    large = "acme-imageProcessorLargeLambda"
    publish("zenoimg", "failed", 3, stack="acme", function=large)
    publish("AWS/Lambda", "Errors", 5, FunctionName=large)
    deployment = replace(DEPLOYMENT, processor_large_function=large)
    both: Any = SimpleNamespace(aws=aws, deployment=deployment)
    assert recent_errors(both, "acme") == {"processor": 0, "large": 5, "api": 0}


def test_logs_of_the_embedded_aws_are_read_up_to_the_maximum(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    logs = boto3.client("logs", region_name=REGION)
    now = round(time.time() * 1000)
    lines: Any = [
        {"timestamp": now - 1000 + number, "message": f'{{"level":"ERROR","function_request_id":"id-{number}"}}'}
        for number in range(9)
    ]
    for name, count in ((PROCESSOR, 9), (API, 2)):
        logs.create_log_group(logGroupName=f"/aws/lambda/{name}")
        logs.create_log_stream(logGroupName=f"/aws/lambda/{name}", logStreamName="one")
        logs.put_log_events(logGroupName=f"/aws/lambda/{name}", logStreamName="one", logEvents=lines[:count])
    aws.local = True
    assert recent_errors(pipeline(aws), "acme") == {"processor": 9, "api": 2}

    read = 0

    def counting(event: Any) -> Any:
        nonlocal read
        read += 1
        return understand(event)

    monkeypatch.setattr(module, "understand", counting)
    monkeypatch.setattr(module, "MAX_ERRORS", 4)
    assert recent_errors(pipeline(aws), "acme") == {"processor": 4, "api": 2}
    assert read == 6


@pytest.mark.parametrize(
    ("partition", "region", "expected"),
    [
        ("aws", "eu-west-1", "https://console.aws.amazon.com/cloudwatch/home?region=eu-west-1"),
        ("aws-cn", "cn-north-1", "https://console.amazonaws.cn/cloudwatch/home?region=cn-north-1"),
        ("aws-us-gov", "us-gov-west-1", "https://console.amazonaws-us-gov.com/cloudwatch/home?region=us-gov-west-1"),
    ],
)
def test_the_dashboard_url_is_that_of_the_partitions_console(
    partition: str, region: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Aws, "identity", Identity("123456789012", region, partition))
    aws = Aws(region=region, credentials=("a", "b"))
    assert dashboard_url(aws, DEPLOYMENT) == f"{expected}#dashboards/dashboard/acme%20images"


def test_there_is_no_dashboard_url_where_there_is_no_console(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Aws, "identity", Identity("123456789012", "us-iso-east-1", "aws-iso"))
    assert dashboard_url(Aws(region="us-iso-east-1", credentials=("a", "b")), DEPLOYMENT) == ""
    monkeypatch.setattr(Aws, "identity", Identity("123456789012", REGION, "aws"))
    assert dashboard_url(Aws(region=REGION, credentials=("a", "b"), local=True), DEPLOYMENT) == ""
    older = Deployment("originals", "processed", "table")
    assert dashboard_url(Aws(region=REGION, credentials=("a", "b")), older) == ""
