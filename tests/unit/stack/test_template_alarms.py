"""What the stack watches by itself, and whom it tells."""

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


def test_a_single_dead_letter_raises_an_alarm() -> None:
    queue = {"Fn::GetAtt": ["DeadLetters", "QueueName"]}
    assert watched("DeadLetterAlarm") == (
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",  # what a redrive policy moves is not counted as sent
        "QueueName",
        queue,
        "Maximum",
    )
    assert properties("DeadLetterAlarm")["Threshold"] == 0


def test_a_backfill_message_older_than_an_hour_raises_an_alarm() -> None:
    queue = {"Fn::GetAtt": ["Backfill", "QueueName"]}
    metric = "ApproximateAgeOfOldestMessage"
    assert watched("BackfillAgeAlarm") == ("AWS/SQS", metric, "QueueName", queue, "Maximum")
    assert properties("BackfillAgeAlarm")["Threshold"] == 3600  # in seconds


@pytest.mark.parametrize(
    ("alarm", "function"), [("ProcessorThrottleAlarm", "Processor"), ("GetImagesThrottleAlarm", "GetImages")]
)
def test_any_throttle_of_a_function_raises_an_alarm(alarm: str, function: str) -> None:
    assert watched(alarm) == ("AWS/Lambda", "Throttles", "FunctionName", {"Ref": function}, "Sum")
    assert properties(alarm)["Threshold"] == 0


def test_more_than_one_error_in_a_hundred_calls_of_the_processor_within_five_minutes_raises_an_alarm() -> None:
    alarm = properties("ProcessorErrorAlarm")
    assert (alarm["ComparisonOperator"], alarm["Threshold"], alarm["EvaluationPeriods"]) == (
        "GreaterThanThreshold",
        1,
        1,
    )
    rate, errors, calls = alarm["Metrics"]
    assert rate["Expression"] == "100 * errors / calls"
    assert "ReturnData" not in rate, "the one that the threshold is held against"
    for metric, name in ((errors, "Errors"), (calls, "Invocations")):
        assert metric["ReturnData"] is False
        assert metric["MetricStat"] == {
            "Metric": {
                "Namespace": "AWS/Lambda",
                "MetricName": name,
                "Dimensions": [{"Name": "FunctionName", "Value": {"Ref": "Processor"}}],
            },
            "Period": 300,
            "Stat": "Sum",
        }
    assert [errors["Id"], calls["Id"]] == ["errors", "calls"]


def test_every_alarm_tells_the_topic_when_it_begins_and_when_it_ends_and_keeps_silent_without_data() -> None:
    assert len(ALARMS) == 5
    for logical_id, alarm in ALARMS.items():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopic"}], logical_id
        assert alarm["TreatMissingData"] == "notBreaching", logical_id
        assert alarm["ComparisonOperator"] == "GreaterThanThreshold", logical_id
        assert alarm["AlarmDescription"].endswith("."), logical_id
        assert "${" not in alarm["AlarmDescription"], "CloudFormation would not fill it in"


def test_alarms_bear_the_stacks_name_and_each_its_own() -> None:
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


def test_alarms_are_mailed_to_an_address_that_is_given_and_to_nobody_else() -> None:
    assert default("AlarmEmail") == ""
    assert resource("AlarmMail")["Condition"] == "MailAlarms"
    assert TEMPLATE["Conditions"]["MailAlarms"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmEmail"}, ""]}]}
    assert properties("AlarmMail") == {
        "TopicArn": {"Ref": "AlarmTopic"},
        "Protocol": "email",
        "Endpoint": {"Ref": "AlarmEmail"},
    }


def test_the_error_rate_is_watched_unless_the_embedded_aws_says_otherwise() -> None:
    assert default("ErrorRateAlarm") == "true"
    conditional = {logical_id for logical_id in ALARMS if "Condition" in resource(logical_id)}
    assert conditional == {"ProcessorErrorAlarm"}


def test_the_retention_of_logs_is_a_parameter_that_takes_what_cloudwatch_logs_takes() -> None:
    assert TEMPLATE["Parameters"]["LogRetentionDays"]["AllowedValues"] == list(RETENTION_DAYS)
