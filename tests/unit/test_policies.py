"""The files of ``policies/``: every placeholder is known, and the two roles get nothing beyond their own things."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from zenoimg.stack import shipped
from zenoimg.stack.names import StackNames
from zenoimg.stack.template import policy

FILES = sorted(path.name for path in shipped.folder("policies").glob("*.json"))
NAMES = StackNames("acme").placeholders()


def statements(file_name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = policy(file_name, NAMES)["Statement"]
    return found


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("file_name", FILES)
def test_every_placeholder_is_ours_or_a_pseudo_parameter(file_name: str) -> None:
    text = (shipped.folder("policies") / file_name).read_text()
    used = set(re.findall(r"\$\{([^}]*)\}", text))
    assert used <= {*NAMES, "AWS::Partition", "AWS::Region", "AWS::AccountId"}


@pytest.mark.parametrize("file_name", FILES)
def test_every_statement_has_a_sid_of_its_own_and_names_its_actions_whole(file_name: str) -> None:
    found = statements(file_name)
    assert len({statement["Sid"] for statement in found}) == len(found)
    for statement in found:
        for action in listed(statement["Action"]):
            assert re.fullmatch(r"[a-z0-9-]+:[A-Za-z]+", action), f"{action} is a wildcard"


@pytest.mark.parametrize("file_name", ["lambda-s3-dynamodb-policy.json", "lambda-dynamodb-read-policy.json"])
def test_a_role_reaches_only_things_that_bear_the_stacks_names(file_name: str) -> None:
    for statement in statements(file_name):
        for resource in listed(statement["Resource"]):
            assert "acme-" in json.dumps(resource), f"{statement['Sid']} reaches {resource}"


def test_a_role_is_given_to_lambda_alone() -> None:
    (passing,) = [item for item in statements("deployer-policy.json") if "iam:PassRole" in listed(item["Action"])]
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    assert "acme-role-image-processor" in json.dumps(passing["Resource"])
    assert "*" not in json.dumps(passing["Resource"])


def test_policies_lie_beside_the_package_in_a_checkout() -> None:
    assert shipped.folder("policies") == Path(__file__).parents[2] / "policies"
