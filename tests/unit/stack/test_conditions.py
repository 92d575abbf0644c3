from __future__ import annotations

from typing import Any

import pytest

from zenoimg.stack.change_set.conditions import excluded_resources
from zenoimg.stack.names import StackNames
from zenoimg.stack.template import render

TEMPLATE: dict[str, Any] = {
    "Parameters": {"Size": {"Default": 0}, "Name": {}},
    "Conditions": {
        "IsLarge": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Size"}, 0]}]},
        "IsNamed": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Name"}, ""]}]},
        "Both": {"Fn::And": [{"Condition": "IsLarge"}, {"Condition": "IsNamed"}]},
        "Either": {"Fn::Or": [{"Condition": "IsLarge"}, {"Condition": "IsNamed"}]},
    },
    "Resources": {"Always": {}, **{name: {"Condition": name} for name in ("IsLarge", "IsNamed", "Both", "Either")}},
}


@pytest.mark.parametrize(
    ("parameters", "excluded"),
    [
        ({}, {"IsLarge", "IsNamed", "Both", "Either"}),
        ({"Size": "0", "Name": "a"}, {"IsLarge", "Both"}),
        ({"Size": "3008"}, {"IsNamed", "Both"}),
        ({"Size": "3008", "Name": "a"}, set()),
    ],
)
def test_resources_whose_condition_is_false_are_excluded(parameters: dict[str, str], excluded: set[str]) -> None:
    assert excluded_resources(TEMPLATE, parameters) == excluded


def test_pipes_for_events_exist_only_where_events_are_sent() -> None:
    template = render(StackNames("zeno"))
    pipes = {name for name, each in template["Resources"].items() if each["Type"] == "AWS::Pipes::Pipe"}
    assert pipes
    assert pipes <= excluded_resources(template, {"EventsEnabled": "false"})
    assert not pipes & excluded_resources(template, {"EventsEnabled": "true"})


def test_each_condition_of_the_template_can_be_evaluated() -> None:
    template = render(StackNames("zeno"))
    resources = {name: {"Condition": name} for name in template["Conditions"]}
    parameters = {name: each.get("Default", "x") for name, each in template["Parameters"].items()}
    assert excluded_resources({**template, "Resources": resources}, parameters) < set(resources)
