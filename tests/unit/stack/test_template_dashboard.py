"""The dashboard's body compared with AWS's schema, and its metrics with the resources that publish them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

import json
import re
from itertools import combinations
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.unit.stack.rendered import ACME, TEMPLATE, properties
from zenoimg.stack.template import render

#: Namespace → (its metrics that the dashboard may show, its dimensions). AWS publishes under these names:
#: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html,
#: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html,
#: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
PUBLISHED = {
    "zenoimg": ({"processed", "refused", "failed", "duration", "bytes"}, ["stack", "function"]),
    "AWS/SQS": (
        {
            "ApproximateAgeOfOldestMessage",
            "ApproximateNumberOfMessagesVisible",
            "ApproximateNumberOfMessagesNotVisible",
        },
        ["QueueName"],
    ),
    "AWS/Lambda": ({"Errors", "Throttles", "AsyncEventsDropped"}, ["FunctionName"]),
    "AWS/ApiGateway": ({"5xx", "Count"}, ["ApiId"]),
}


def body(template: dict[str, Any] = TEMPLATE) -> dict[str, Any]:
    text, variables = properties("Dashboard", template)["DashboardBody"]["Fn::Sub"]
    filled_in = {"AWS::Region": "eu-west-1", "Api": "abc123"}
    filled_in |= {name: value["Fn::If"][1] for name, value in variables.items()}
    found: dict[str, Any] = json.loads(re.sub(r"\$\{([^}]*)\}", lambda name: filled_in[name[1]], text))
    return found


def widgets(kind: str) -> list[dict[str, Any]]:
    return [widget["properties"] for widget in body()["widgets"] if widget["type"] == kind]


def series(widget: dict[str, Any]) -> list[tuple[str, str, dict[str, str], dict[str, Any]]]:
    """Yield namespace, metric, dimensions and options of each line; "." repeats the field of the line above."""
    found = []
    above: list[str] = [""] * 20
    for line in widget["metrics"]:
        fields = [item for item in line if isinstance(item, str)]
        options = next((item for item in line if isinstance(item, dict)), {})
        above = [before if item == "." else item for item, before in zip(fields, above, strict=False)]
        found.append((above[0], above[1], dict(zip(above[2::2], above[3::2], strict=True)), options))
    return found


SERIES = [each for widget in widgets("metric") for each in series(widget)]


def test_widgets_are_on_the_grid_and_do_not_overlap() -> None:
    placed = [(each["x"], each["y"], each["width"], each["height"]) for each in body()["widgets"]]
    assert all(x >= 0 and x + width <= 24 and 1 <= height <= 1000 for x, _, width, height in placed)
    for (x, y, width, height), (left, top, wide, high) in combinations(placed, 2):
        assert x + width <= left or left + wide <= x or y + height <= top or top + high <= y


def test_every_series_is_published() -> None:
    for widget in widgets("metric"):
        assert widget["region"] == "eu-west-1"
        assert widget["view"] == "timeSeries"
        for namespace, metric, dimensions, options in series(widget):
            metrics, names = PUBLISHED[namespace]
            assert metric in metrics
            assert list(dimensions) == names
            statistic = str(options.get("stat", widget.get("stat")))
            assert statistic in {"Sum", "Maximum", "Average"} or re.fullmatch(r"p\d{2}", statistic)
            assert set(options) <= {"stat", "label", "color", "yAxis"}


def test_dimensions_refer_to_this_stacks_resources() -> None:
    shown = {value for _, _, dimensions, _ in SERIES for value in dimensions.values()}
    names = {"zeno", "abc123"} | {properties(name)["FunctionName"] for name in ("Processor", "ProcessorLarge")}
    assert shown == names | {properties(queue)["QueueName"] for queue in ("Backfill", "Large", "DeadLetters")}


def test_it_shows_throughput_percentiles_and_errors() -> None:
    shown = {(namespace, metric) for namespace, metric, _, _ in SERIES}
    assert {("zenoimg", name) for name in ("processed", "refused", "failed")} < shown
    assert {("AWS/Lambda", "Errors"), ("AWS/ApiGateway", "5xx")} < shown
    durations = [options["stat"] for _, metric, _, options in SERIES if metric == "duration"]
    assert durations == ["p50", "p90", "p99", "p50", "p99"]


@pytest.mark.parametrize("name", ["zeno-backfill", "zeno-large", "zeno-dead-letters"])
def test_depth_and_age_of_each_queue_are_shown(name: str) -> None:
    shown = {metric for _, metric, dimensions, _ in SERIES if dimensions.get("QueueName") == name}
    assert shown >= {"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"}


def test_refusals_are_counted_by_the_code_in_the_processors_log() -> None:
    (widget,) = widgets("log")
    one, large = (properties(name)["LogGroupName"] for name in ("ProcessorLog", "ProcessorLargeLog"))
    assert widget["query"].startswith(f"SOURCE '{one}' | SOURCE '{large}'\n| filter ")
    pattern = re.search(r"parse error /(.*)/", widget["query"])
    assert pattern is not None
    found = re.match(pattern[1].replace("(?<", "(?P<"), "too-many-frames: it has 2,000 frames")
    assert found is not None
    assert found["code"] == "too-many-frames"


def test_the_log_of_the_large_function_is_queried_only_if_it_exists() -> None:
    _, variables = properties("Dashboard")["DashboardBody"]["Fn::Sub"]
    (choice,) = variables.values()
    assert choice["Fn::If"][0] == "HasLarge"
    assert choice["Fn::If"][2] == ""


def test_the_dashboard_name_contains_the_stacks_and_is_valid() -> None:
    assert properties("Dashboard", render(ACME))["DashboardName"] == "acme-images"
    with mock_aws():
        client = boto3.client("cloudwatch", region_name="eu-west-1")
        client.put_dashboard(DashboardName="zeno-images", DashboardBody=json.dumps(body()))
        assert json.loads(client.get_dashboard(DashboardName="zeno-images")["DashboardBody"]) == body()
