"""Every action exists, and parliament finds nothing that is not listed here with its reason."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import botocore.session
import pytest

from tests.unit.stack.policy_files import DEPLOYER, IDENTITY_POLICIES, document, grants, handler_permissions
from tests.unit.stack.rendered import as_list
from tests.unit.stack.test_policies_deployer import TYPES

#: (file, issue, words of its detail) → why it stays. parliament 1.6.4 knows the services as of April 2025.
KNOWN = {
    (DEPLOYER, "RESOURCE_POLICY_PRIVILEGE_ESCALATION", "s3:PutBucketPolicy"): (
        "who deploys the buckets sets their policies (TLS only): that right is meant"
    ),
    (DEPLOYER, "RESOURCE_POLICY_PRIVILEGE_ESCALATION", "s3:PutLifecycleConfiguration"): (
        "who deploys the buckets says how long old versions stay: that right is meant"
    ),
    (DEPLOYER, "RESOURCE_MISMATCH", "dynamodb:GetResourcePolicy"): (
        "parliament's list has streams alone; tables have policies too "
        "(https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html)"
    ),
}


@cache
def known_by_parliament() -> frozenset[str]:
    """The services' authorization reference as parliament ships it; action names are not case-sensitive."""
    spec = find_spec("parliament")
    assert spec is not None
    assert spec.origin is not None
    services = json.loads(Path(spec.origin).with_name("iam_definition.json").read_text())
    return frozenset(f"{one['prefix']}:{action['privilege']}" for one in services for action in one["privileges"])


@cache
def known_by_botocore(service: str) -> frozenset[str]:
    client = {"apigateway": "apigatewayv2"}.get(service, service)
    session = botocore.session.get_session()
    if client not in session.get_available_services():  # execute-api has no client
        return frozenset()
    return frozenset(session.get_service_model(client).operation_names)


def known_by_cloudformation() -> set[str]:
    return {action for name in TYPES for found in handler_permissions(name).values() for action in found}


@pytest.mark.parametrize("file_name", IDENTITY_POLICIES)
def test_every_action_is_one_that_its_service_or_botocore_or_cloudformation_names(file_name: str) -> None:
    known = known_by_parliament() | known_by_cloudformation()
    unknown = set()
    for action in grants(file_name) - known:
        service, _, operation = action.partition(":")
        if operation not in known_by_botocore(service):
            unknown.add(action)
    assert not unknown, "no such actions"


def test_an_action_with_a_slip_of_the_pen_would_be_noticed() -> None:
    assert "s3:GetObject" in known_by_parliament()
    assert not {"s3:HeadObject", "s3:ListObjectsV2"} & known_by_parliament(), "operations that are no actions"
    assert "FilterLogEvents" in known_by_botocore("logs")


@dataclass(frozen=True)
class Found:
    """One finding of parliament."""

    file_name: str
    issue: str
    detail: str


@cache
def findings() -> list[Found]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pkg_resources, about itself
        from parliament import analyze_policy_string  # type: ignore[import-untyped]
    return [
        Found(file_name, finding.issue, str(finding.detail))
        for file_name in IDENTITY_POLICIES  # not the trust: parliament takes policies of identities
        for finding in analyze_policy_string(_as_of_parliament(file_name)).findings
    ]


def _as_of_parliament(file_name: str) -> str:
    """The policy without actions that are newer than parliament, which looks no further after the first of them."""
    policy = json.loads(document(file_name))
    for statement in policy["Statement"]:
        statement["Action"] = [name for name in as_list(statement["Action"]) if name in known_by_parliament()]
    return json.dumps(policy)


def reason(finding: Found) -> str | None:
    for (file_name, issue, words), why in KNOWN.items():
        if (finding.file_name, finding.issue) == (file_name, issue) and words in finding.detail:
            return why
    return None


def test_parliament_finds_nothing_but_what_is_meant() -> None:
    assert [finding for finding in findings() if reason(finding) is None] == []


def test_whatever_is_listed_is_still_found() -> None:
    assert {reason(finding) for finding in findings()} == set(KNOWN.values()), "take the rest off the list"
