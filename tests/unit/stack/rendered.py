"""The rendered template, and ways to query it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from zenoimg.stack.names import StackNames
from zenoimg.stack.template import render

ZENO = StackNames("zeno")
ACME = StackNames("acme")
QUALIFIED = ZENO.qualified("123456789012", "eu-west-1")
ALL_NAMES = pytest.mark.parametrize("names", [ZENO, ACME, QUALIFIED], ids=["seed", "prefixed", "qualified"])

TEMPLATE = render(ZENO)
BUCKETS = ("OriginalsBucket", "ProcessedBucket")
FUNCTIONS = ("Processor", "ProcessorLarge", "GetImages")


def resource(logical_id: str, template: dict[str, Any] = TEMPLATE) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][logical_id]
    return found


def properties(logical_id: str, template: dict[str, Any] = TEMPLATE) -> dict[str, Any]:
    found: dict[str, Any] = resource(logical_id, template)["Properties"]
    return found


def of_type(resource_type: str, template: dict[str, Any] = TEMPLATE) -> dict[str, dict[str, Any]]:
    return {
        logical_id: found["Properties"]
        for logical_id, found in template["Resources"].items()
        if found["Type"] == resource_type
    }


def default(parameter: str) -> Any:
    return TEMPLATE["Parameters"][parameter]["Default"]


def texts(value: Any, *, inside_sub: bool = False) -> Iterator[tuple[str, bool]]:
    """Yield every text of a document, and whether CloudFormation substitutes in it."""
    if isinstance(value, str):
        yield value, inside_sub
    elif isinstance(value, list):
        for item in value:
            yield from texts(item, inside_sub=inside_sub)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from texts(item, inside_sub=key == "Fn::Sub")


def statements(document: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document["Statement"]
    return found


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def resolved(arn: Any) -> str:
    """Return an ARN of a policy for one account and region."""
    text: str = arn["Fn::Sub"] if isinstance(arn, dict) else arn
    pseudo = {"Partition": "aws", "Region": "eu-west-1", "AccountId": "123456789012"}
    return re.sub(r"\$\{AWS::(\w+)\}", lambda found: pseudo[found[1]], text)


def granted(role: str, template: dict[str, Any] = TEMPLATE) -> dict[str, set[str]]:
    """Return the resources on which a role may perform each action, without those of optional settings."""
    found: dict[str, set[str]] = {}
    for policy in properties(role, template)["Policies"]:
        for statement in statements(policy.get("PolicyDocument", {"Statement": []})):
            assert statement["Effect"] == "Allow"
            for action in as_list(statement["Action"]):
                found.setdefault(action, set()).update(resolved(arn) for arn in as_list(statement["Resource"]))
    return found
