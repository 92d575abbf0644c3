"""What the stack monitors, and whom it notifies."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.stack.rendered import ACME, TEMPLATE, default, of_type, properties, resource, statements
from zenoimg.config.load import RETENTION_DAYS
from zenoimg.stack.template import render

ALARMS = of_type("AWS::CloudWatch::Alarm")


def watched(logical_id: str) -> tuple[Any, ...]:
    found = properties(logical_id)
    (dimension,) = found["Dimensions"]
    return found["Namespace"], found["MetricName"], dimension["Name"], dimension["Value"], found["Statistic"]


def expression(alarm: dict[str, Any]) -> str:
    """Return the expression that is compared with the threshold: the only one whose data is returned."""
    (found,) = [metric["Expression"] for metric in alarm["Metrics"] if metric.get("ReturnData", True)]
    return str(found)


def operands(alarm: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Return namespace, metric, dimensions, period in seconds and statistic of each operand by its id."""
    stats = {metric["Id"]: metric["MetricStat"] for metric in alarm["Metrics"] if "MetricStat" in metric}
    return {
        name: (
            stat["Metric"]["Namespace"],
            stat["Metric"]["MetricName"],
            tuple((each["Name"], each["Value"]) for each in stat["Metric"]["Dimensions"]),
            stat["Period"],
            stat["Stat"],
        )
        for name, stat in stats.items()
    }


def test_a_single_dead_letter_raises_an_alarm() -> None:
    queue = {"Fn::GetAtt": ["DeadLetters", "QueueName"]}
    assert watched("DeadLetterAlarm") == (
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",  # messages moved by a redrive policy are not counted as sent
        "QueueName",
        queue,
        "Maximum",
    )
    assert properties("DeadLetterAlarm")["Threshold"] == 0


@pytest.mark.parametrize("lane", ["Backfill", "Large"])
def test_a_queue_that_has_stopped_raises_an_alarm_and_a_long_one_does_not(lane: str) -> None:
    alarm = properties(f"{lane}AgeAlarm")
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 3600)  # in seconds
    assert expression(alarm) == "IF(done > 0, 0, age)"
    queue = ("QueueName", {"Fn::GetAtt": [lane, "QueueName"]})
    assert operands(alarm) == {
        "age": ("AWS/SQS", "ApproximateAgeOfOldestMessage", (queue,), 900, "Maximum"),
        "done": ("AWS/SQS", "NumberOfMessagesDeleted", (queue,), 900, "Sum"),
    }


@pytest.mark.parametrize(
    ("alarm", "function"), [("ProcessorThrottleAlarm", "Processor"), ("GetImagesThrottleAlarm", "GetImages")]
)
def test_any_throttle_of_a_function_raises_an_alarm(alarm: str, function: str) -> None:
    assert watched(alarm) == ("AWS/Lambda", "Throttles", "FunctionName", {"Ref": function}, "Sum")
    assert properties(alarm)["Threshold"] == 0


def test_more_than_one_percent_of_errors_raises_an_alarm_from_twenty_invocations_on() -> None:
    alarm = properties("ProcessorErrorAlarm")
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 1)
    assert expression(alarm) == "IF(calls >= 20, 100 * errors / calls, 0)"
    function = ("FunctionName", {"Ref": "Processor"})
    assert operands(alarm) == {
        "errors": ("AWS/Lambda", "Errors", (function,), 300, "Sum"),
        "calls": ("AWS/Lambda", "Invocations", (function,), 300, "Sum"),
    }


@pytest.mark.parametrize(
    ("name", "function"), [("FailedImagesAlarm", "Processor"), ("LargeFailedImagesAlarm", "ProcessorLarge")]
)
def test_failed_images_of_every_lane_raise_an_alarm_by_the_functions_metrics(name: str, function: str) -> None:
    alarm = properties(name)
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 1)
    total = "failed + processed + refused"
    assert expression(alarm) == f"IF({total} >= 20, 100 * failed / ({total}), 0)"
    dimensions = (("stack", "zeno"), ("function", {"Ref": function}))
    assert operands(alarm) == {
        metric: ("zenoimg", metric, dimensions, 900, "Sum") for metric in ("failed", "processed", "refused")
    }
    assert properties(function)["Environment"]["Variables"]["STACK"] == "zeno"


@pytest.mark.parametrize(
    ("alarm", "metric"),
    [("LostEventAlarm", "DestinationDeliveryFailures"), ("DroppedEventAlarm", "AsyncEventsDropped")],
)
def test_any_event_dropped_by_lambda_raises_an_alarm(alarm: str, metric: str) -> None:
    assert watched(alarm) == ("AWS/Lambda", metric, "FunctionName", {"Ref": "Processor"}, "Sum")
    assert properties(alarm)["Threshold"] == 0


def test_events_that_a_pipe_cannot_send_raise_an_alarm_if_there_are_pipes() -> None:
    alarm = properties("EventsAlarm")
    assert resource("EventsAlarm")["Condition"] == "SendsEvents"
    assert (alarm["Threshold"], expression(alarm)) == (0, "SUM(FILL(METRICS(), 0))")
    assert sorted((pipe["Ref"], metric) for _, metric, ((_, pipe),), *_ in operands(alarm).values()) == [
        (pipe, metric)
        for pipe in ("ImageEvents", "ImageRemovals")
        for metric in ("ExecutionFailed", "ExecutionPartiallyFailed")
    ]
    assert {
        (namespace, dimension, period, stat)
        for namespace, _, ((dimension, _),), period, stat in operands(alarm).values()
    } == {("AWS/EventBridge/Pipes", "PipeName", 300, "Sum")}


def test_any_server_error_of_the_api_raises_an_alarm() -> None:
    assert watched("ApiErrorAlarm") == ("AWS/ApiGateway", "5xx", "ApiId", {"Ref": "Api"}, "Sum")
    assert properties("ApiErrorAlarm")["Threshold"] == 0


def test_every_alarm_notifies_the_topic_of_its_start_and_end_and_not_without_data() -> None:
    assert len(ALARMS) == 12
    for logical_id, alarm in ALARMS.items():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopic"}], logical_id
        assert alarm["TreatMissingData"] == "notBreaching", logical_id
        assert alarm["ComparisonOperator"] == "GreaterThanThreshold", logical_id
        assert alarm["AlarmDescription"].endswith("."), logical_id
        assert "${" not in alarm["AlarmDescription"], "CloudFormation would not fill it in"


def test_alarm_names_are_unique_and_contain_the_stacks_name() -> None:
    names = [alarm["AlarmName"] for alarm in of_type("AWS::CloudWatch::Alarm", render(ACME)).values()]
    assert len(set(names)) == len(names)
    assert all(name.startswith("acme-") for name in names)


def test_only_alarms_of_this_stack_and_account_may_publish() -> None:
    (policy,) = of_type("AWS::SNS::TopicPolicy", render(ACME)).values()
    (statement,) = statements(policy["PolicyDocument"])
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert (statement["Action"], statement["Resource"]) == ("sns:Publish", {"Ref": "AlarmTopic"})
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    (source,) = statement["Condition"]["ArnLike"]["aws:SourceArn"].values()
    assert source.endswith(":${AWS::AccountId}:alarm:acme-*")


def test_alarms_are_mailed_only_to_the_configured_address() -> None:
    assert default("AlarmEmail") == ""
    assert resource("AlarmMail")["Condition"] == "MailAlarms"
    assert TEMPLATE["Conditions"]["MailAlarms"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmEmail"}, ""]}]}
    assert properties("AlarmMail") == {
        "TopicArn": {"Ref": "AlarmTopic"},
        "Protocol": "email",
        "Endpoint": {"Ref": "AlarmEmail"},
    }


def test_alarms_on_expressions_are_created_except_on_the_embedded_aws() -> None:
    assert default("MetricMath") == "true"
    assert TEMPLATE["Conditions"]["UseMetricMath"] == {"Fn::Equals": [{"Ref": "MetricMath"}, "true"]}
    assert TEMPLATE["Conditions"]["WatchLarge"] == {
        "Fn::And": [{"Condition": "HasLarge"}, {"Condition": "UseMetricMath"}]
    }
    conditional = {logical_id for logical_id in ALARMS if "Condition" in resource(logical_id)}
    others = {
        "LargeAgeAlarm": "WatchLarge",
        "LargeFailedImagesAlarm": "WatchLarge",
        "EventsAlarm": "SendsEvents",  # the embedded AWS has no pipes
    }
    for logical_id in conditional:
        assert resource(logical_id)["Condition"] == others.get(logical_id, "UseMetricMath")
    assert conditional == {logical_id for logical_id, alarm in ALARMS.items() if "Metrics" in alarm}


def test_the_log_retention_parameter_allows_exactly_the_values_of_cloudwatch_logs() -> None:
    assert TEMPLATE["Parameters"]["LogRetentionDays"]["AllowedValues"] == list(RETENTION_DAYS)
