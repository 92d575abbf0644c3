"""The policies pass cfn-lint's IAM rules, apart from the findings listed here with their reason."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from cfnlint.api import lint as run_cfn_lint  # type: ignore[import-untyped]
from cfnlint.config import ManualArgs  # type: ignore[import-untyped]

from tests.unit.stack.policy_files import (
    DEPLOYER,
    IDENTITY_POLICIES,
    TRUSTS,
    document,
    grants,
    handler_permissions,
)
from tests.unit.stack.test_policies_deployer import TYPES

pytestmark = pytest.mark.slow

#: Actions missing from cfn-lint's list of services, and where AWS documents them.
NEWER_THAN_THE_LIST = {
    "apigateway:TagResource": "named by the schema of AWS::ApiGatewayV2::Api",
    "apigateway:UntagResource": "named by the schema of AWS::ApiGatewayV2::Api",
}
_UNKNOWN_ACTION = re.compile(r"'(?P<name>[^']*)' is not one of")


@dataclass(frozen=True)
class Finding:
    """A finding of cfn-lint. ``statement`` is the index of the policy's statement, -1 outside of them."""

    file_name: str
    rule: str
    message: str
    statement: int


def lint(policies: dict[str, Any]) -> list[Finding]:
    """Return cfn-lint's findings in policies (file name → document), each as a separate resource."""
    ids = {f"Policy{number}": name for number, name in enumerate(policies)}
    resources = {key: _resource(name, policies[name]) for key, name in ids.items()}
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}
    found = run_cfn_lint(json.dumps(template), config=ManualArgs(regions=["eu-west-1"], include_checks=["I"]))
    return [
        Finding(ids[str(match.path[1])], match.rule.id, match.message, _statement(match.path))
        for match in found
        if match.path
    ]


def _resource(file_name: str, policy: Any) -> dict[str, Any]:
    if file_name in TRUSTS:
        return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": policy}}
    return {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": policy}}


def _statement(path: list[Any]) -> int:
    return path[path.index("Statement") + 1] if "Statement" in path[:-1] else -1


@cache
def findings() -> list[Finding]:
    return lint({name: json.loads(document(name)) for name in (*IDENTITY_POLICIES, *TRUSTS)})


def newer_actions(finding: Finding) -> Iterator[str]:
    """Yield the actions of the finding's statement that ``NEWER_THAN_THE_LIST`` explains."""
    unknown = _UNKNOWN_ACTION.match(finding.message)
    if finding.rule == "W3037" and unknown:
        yield from (action for action in NEWER_THAN_THE_LIST if action.lower().endswith(f":{unknown['name']}"))


def test_cfn_lint_finds_nothing_unexplained() -> None:
    assert [finding for finding in findings() if not [*newer_actions(finding)]] == []


def test_every_listed_action_is_granted_still_unknown_to_cfn_lint_and_known_to_cloudformation() -> None:
    seen = {action for finding in findings() for action in newer_actions(finding)}
    by_cloudformation = {name for kind in TYPES for names in handler_permissions(kind).values() for name in names}
    assert seen == set(NEWER_THAN_THE_LIST)
    assert seen <= grants(*DEPLOYER) & by_cloudformation


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"Action": "s3:HeadObject"}, "W3037"),  # an operation that is not an action
        ({"Action": "s3:GetObjet"}, "W3037"),
        ({"Resource": "arn:aws:sqs:eu-west-1:123456789012:queue"}, "I3510"),
        ({"Effect": "Permit"}, "E3510"),
        ({"Resource": "arn:aws:dynamodb"}, "E3510"),
    ],
    ids=["operation", "misspelt", "resource of another kind", "effect", "half an ARN"],
)
def test_a_mistake_in_a_statement_is_found(change: dict[str, str], rule: str) -> None:
    sound = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}
    assert lint({"sound": {"Version": "2012-10-17", "Statement": [sound]}}) == []
    found = lint({"faulty": {"Version": "2012-10-17", "Statement": [{**sound, **change}]}})
    assert (rule, 0) in {(finding.rule, finding.statement) for finding in found}
