"""The files of ``policies/``: rules for all of them, and roles that get only what they need."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.unit.stack.policy_files import (
    ACME,
    DEPLOYER,
    FILES,
    IDENTITY_POLICIES,
    OPERATOR,
    ROLES,
    all_statements,
    grants,
    is_action_name,
    statements,
)
from tests.unit.stack.rendered import as_list, resolved
from zenoimg.stack.bundle import sources
from zenoimg.stack.names import StackNames
from zenoimg.stack.policies import Security, policy_for

#: Actions that cannot be restricted to resources
#: (the "Resource types" column of https://docs.aws.amazon.com/service-authorization/latest/reference/).
WITHOUT_RESOURCES = {
    "cloudformation:DescribeStackResources": "asked which stack holds a bucket or table, which names no stack",
    "cloudwatch:GetMetricStatistics": "metrics are no resources",
    "iam:ListAccountAliases": "an account has one alias, and it is no resource",
    "lambda:CreateEventSourceMapping": "the mapping has no name before it is made; the condition names its function",
    "logs:DescribeIndexPolicies": "a listing of the region",
    "logs:DescribeLogGroups": "a listing of the region",
    "logs:DescribeResourcePolicies": "a listing of the region",
    "sns:GetSubscriptionAttributes": "subscriptions are no resources",
    "sns:SetSubscriptionAttributes": "subscriptions are no resources",
    "sns:Unsubscribe": "subscriptions are no resources",
}


@pytest.mark.parametrize("file_name", FILES)
def test_every_placeholder_is_ours_or_a_pseudo_parameter(file_name: str) -> None:
    text = (sources.directory("policies") / file_name).read_text()
    used = set(re.findall(r"\$\{([^}]*)\}", text))
    assert used <= {*ACME.placeholders(), "KmsKey", "EventsBus", "AWS::Partition", "AWS::Region", "AWS::AccountId"}


@pytest.mark.parametrize("file_name", FILES)
def test_every_statement_has_a_unique_sid_and_no_wildcard_actions(file_name: str) -> None:
    found = statements(file_name)
    assert len({statement["Sid"] for statement in found}) == len(found)
    for statement in found:
        assert statement["Effect"] == "Allow"
        assert not {"NotAction", "NotResource", "NotPrincipal"} & set(statement)
        for action in as_list(statement["Action"]):
            assert is_action_name(action), f"{action} is a wildcard or not an action"


@pytest.mark.parametrize("file_name", ROLES)
def test_roles_reach_only_resources_with_the_stacks_names(file_name: str) -> None:
    for statement in statements(file_name):
        for resource in as_list(statement["Resource"]):
            assert "acme-" in json.dumps(resource), f"{statement['Sid']} reaches {resource}"


@pytest.mark.parametrize("file_name", IDENTITY_POLICIES)
def test_policies_allow_all_resources_only_for_actions_without_resource_types(file_name: str) -> None:
    for statement in statements(file_name):
        if "*" in map(resolved, as_list(statement["Resource"])):
            assert set(as_list(statement["Action"])) <= set(WITHOUT_RESOURCES), statement["Sid"]
            assert as_list(statement["Resource"]) == ["*"]


def test_the_list_of_actions_without_resource_types_has_no_unused_entries() -> None:
    assert set(WITHOUT_RESOURCES) <= grants(OPERATOR) | grants(*DEPLOYER)


def test_queues_are_mapped_only_to_the_processors() -> None:
    mappings = [
        item
        for item in all_statements(DEPLOYER)
        if any(action.endswith("EventSourceMapping") for action in as_list(item["Action"]))
    ]
    assert {action for item in mappings for action in as_list(item["Action"])} == {
        f"lambda:{verb}EventSourceMapping" for verb in ("Create", "Delete", "Get", "Update")
    }
    for item in mappings:
        (functions,) = item["Condition"]["ArnEquals"].values()
        assert list(map(resolved, functions)) == [
            "arn:aws:lambda:eu-west-1:123456789012:function:acme-imageProcessorLambda",
            "arn:aws:lambda:eu-west-1:123456789012:function:acme-imageProcessorLargeLambda",
        ]
        assert list(item["Condition"]["ArnEquals"]) == ["lambda:FunctionArn"]


def test_only_this_stack_is_changed_and_its_change_sets_are_tagged() -> None:
    prefix = "arn:aws:cloudformation:eu-west-1:123456789012:"
    for item in all_statements(DEPLOYER):
        actions = {action for action in as_list(item["Action"]) if action.startswith("cloudformation:")}
        if actions - {"cloudformation:DescribeStackResources", "cloudformation:TagResource"}:
            assert list(map(resolved, as_list(item["Resource"]))) == [f"{prefix}stack/acme/*"]
        elif "cloudformation:TagResource" in actions:
            # A change set has the stack's tags; ours start with zenoimg-.
            assert list(map(resolved, item["Resource"])) == [f"{prefix}stack/acme/*", f"{prefix}changeSet/zenoimg-*/*"]


def test_live_tail_is_granted_for_both_forms_of_a_log_groups_arn() -> None:
    # The request names it without ":*" (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/
    # API_StartLiveTail.html), the table of resource types with it (…/service-authorization/latest/reference/
    # list_amazoncloudwatchlogs.html).
    (tail,) = [item for item in statements(OPERATOR) if "logs:StartLiveTail" in as_list(item["Action"])]
    arns = set(map(resolved, tail["Resource"]))
    bare = {arn for arn in arns if not arn.endswith(":*")}
    assert len(bare) == 3
    assert arns == bare | {f"{arn}:*" for arn in bare}


def test_each_role_can_be_passed_only_to_its_service() -> None:
    passing = [item for item in all_statements(DEPLOYER) if "iam:PassRole" in as_list(item["Action"])]
    assert {item["Action"] for item in passing} == {"iam:PassRole"}
    services = {item["Condition"]["StringEquals"]["iam:PassedToService"]: item["Resource"] for item in passing}
    assert {service: set(map(resolved, as_list(roles))) for service, roles in services.items()} == {
        "lambda.amazonaws.com": {
            "arn:aws:iam::123456789012:role/acme-role-image-processor",
            "arn:aws:iam::123456789012:role/acme-role-get-images",
        },
        "pipes.amazonaws.com": {"arn:aws:iam::123456789012:role/acme-role-image-events"},
    }


@pytest.mark.parametrize("file_name", [OPERATOR, *DEPLOYER])
def test_each_policy_for_people_fits_into_a_managed_policy_at_the_longest_names(file_name: str) -> None:
    # 6,144 characters without white space
    # (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
    longest = StackNames("abcdefghijklmnop").qualified("123456789012", "ap-southeast-2")
    security = Security(
        f"arn:aws-us-gov:iam::123456789012:policy/{'p' * 128}",
        f"arn:aws-us-gov:kms:ap-southeast-2:123456789012:key/mrk-{'0' * 32}",
    )
    filled = policy_for(file_name, longest, "aws-us-gov", "ap-southeast-2", "123456789012", security)
    assert len(re.sub(r"\s", "", json.dumps(filled))) <= 6_144


def test_a_boundary_is_required_for_every_action_that_grants_permissions() -> None:
    boundary = "arn:aws:iam::123456789012:policy/boundary"
    place = ("aws", "eu-west-1", "123456789012")
    plain = policy_for("deployer-functions-policy.json", ACME, *place)
    bounded = policy_for("deployer-functions-policy.json", ACME, *place, Security(permissions_boundary=boundary))
    rights = {"iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"}
    found = [item for item in bounded["Statement"] if rights & set(as_list(item["Action"]))]
    assert [set(item["Action"]) for item in found] == [rights]
    assert found[0]["Condition"] == {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    before, after = (
        {each for item in document["Statement"] for each in as_list(item["Action"])} for document in (plain, bounded)
    )
    assert (before - after, after - before) == (set(), {"iam:PutRolePermissionsBoundary"})


def test_uploaders_may_use_the_buckets_kms_key_only_through_s3() -> None:
    key = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd"
    place = ("aws", "eu-west-1", "123456789012")
    with_key = policy_for(OPERATOR, ACME, *place, Security(kms_key=key))["Statement"]
    (added,) = [item for item in with_key if item not in policy_for(OPERATOR, ACME, *place)["Statement"]]
    assert (added["Resource"], set(added["Action"])) == (key, {"kms:Decrypt", "kms:GenerateDataKey"})
    assert added["Condition"] == {"StringLike": {"kms:ViaService": "s3.eu-west-1.amazonaws.com*"}}


def test_policies_are_next_to_the_package_in_a_checkout() -> None:
    assert sources.directory("policies") == Path(__file__).parents[3] / "policies"
