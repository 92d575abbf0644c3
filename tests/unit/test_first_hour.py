"""Every command in ``docs/first-hour-on-aws.md`` exists, and the hour ends with nothing left."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.hints import parsed
from tests.unit.stack.rendered import TEMPLATE

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "first-hour-on-aws.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]


@pytest.mark.parametrize("line", [*COMMANDS, *re.findall(r"`(zenoimg [^`]+)`", TEXT)])
def test_the_commands_of_the_page_parse(line: str) -> None:
    program, *words = shlex.split(line)
    if program == "aws":
        assert words[:2] == ["s3", "cp"]
    elif words != ["show"]:  # mentioned without its image
        assert program == "zenoimg"
        parsed(words)


def test_the_hour_ends_with_nothing_left() -> None:
    assert COMMANDS[-1] == "zenoimg destroy --delete-data"


def test_the_page_counts_the_alarm_metrics_of_the_template() -> None:
    resources = [each for each in TEMPLATE["Resources"].values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    alarms = [each["Properties"] for each in resources if each.get("Condition") != "SendsEvents"]  # off by default
    metrics = sum(sum("MetricStat" in item for item in alarm.get("Metrics", [])) or 1 for alarm in alarms)
    words = {12: "twelve", 11: "eleven", 13: "thirteen", 18: "eighteen", 17: "seventeen", 19: "nineteen"}
    assert f"Alarms: {words[metrics]} metrics in {words[len(alarms)]} alarms" in TEXT
    assert f"`{metrics} · 0.10 / 730`" in TEXT
