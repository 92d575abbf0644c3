"""The two deployer policies compared with what CloudFormation does with the caller's permissions.

CloudFormation calls with the caller's rights, and each resource type's schema says what its handlers call. So
the policies hold all of that for the types of our template, less what their schemas name for properties that
the template does not set, plus what ``zenoimg deploy`` and ``destroy`` call themselves.
"""

from __future__ import annotations

import re

import pytest

from tests.unit.stack.policy_files import (
    DEPLOYER,
    OPERATOR,
    all_statements,
    grants,
    handler_permissions,
    is_action_name,
)
from tests.unit.stack.rendered import TEMPLATE, as_list

TYPES = sorted({found["Type"] for found in TEMPLATE["Resources"].values()})

#: Reason → pattern of the actions in the schemas that CloudFormation never takes for this template.
UNUSED = {
    "nothing is encrypted by a key of KMS, so no grants and no keys": r"kms:\w+|logs:(Dis)?[Aa]ssociateKmsKey",
    "no function lies in a VPC or mounts a file system": r"ec2:\w+|elasticfilesystem:\w+|s3files:\w+",
    "no bucket writes S3 Tables, inventories, analytics, metrics, access logs, replicas or a website": (
        r"s3tables:\w+|s3:(Create|Update|Delete)BucketMetadata\w+|s3:Put(Inventory|Analytics|Metrics|Accelerate)\w+"
        r"|s3:PutIntelligentTiering\w+|s3:(Put|Delete)Bucket(Logging|Website|C[Oo][Rr][Ss]|Replication|Abac)"
        r"|s3:PutReplicationConfiguration|s3:DeleteBucket(Analytics|Metrics)Configuration"
    ),
    "no bucket locks objects": r"s3:Put(Bucket)?ObjectLockConfiguration",
    "buckets have no ACLs (BucketOwnerEnforced)": r"s3:Put(Bucket|Object)Acl",
    "encryption and lifecycle of a bucket are set and never taken away": r"s3:DeleteBucket(Encryption|Lifecycle)",
    "zips are named by their hash and asked for without a version": r"s3:GetObjectVersion",
    "the table is no replica, not imported, not streamed, and has no policy and no expiry of items": (
        r"dynamodb:\w*(Replica|Import)\w*|s3:GetObjectMetadata|dynamodb:(Put|Delete)ResourcePolicy"
        r"|dynamodb:(Enable|Disable|Update)KinesisStreamingDestination"
        r"|dynamodb:Update(TimeToLive|ContributorInsights)|dynamodb:(Scan|Query|\w*Item)|kinesis:\w+"
        r"|iam:CreateServiceLinkedRole|logs:(CreateLogStream|DescribeLogStreams|PutLogEvents)"
    ),
    "functions have no code signing, no versions, no settings of runtime or recursion": (
        r"lambda:(Put|Delete)FunctionCodeSigningConfig|lambda:GetCodeSigningConfig|lambda:PublishVersion"
        r"|lambda:Put(RuntimeManagementConfig|FunctionRecursionConfig|FunctionScalingConfig)"
        r"|lambda:(PassCapacityProvider|AssociateRuntimeAlias)"
    ),
    "roles have inline policies alone and no boundary": r"iam:AttachRolePolicy|iam:(Put|Delete)RolePermissionsBoundary",
    "log groups have a retention and nothing else": (
        r"logs:(Put|Delete)(IndexPolicy|ResourcePolicy)|logs:PutDataProtectionPolicy|logs:PutBearerTokenAuthentication"
        r"|logs:PutLogGroupDeletionProtection|logs:DeleteRetentionPolicy|logs:CreateLogDelivery|firehose:\w+"
    ),
    "pipes write no log": (r"logs:(Get|List|Update|Delete)LogDeliver(y|ies)"),
    "the topic has no data protection policy": r"sns:PutDataProtectionPolicy",
}

#: What deploy and destroy call by themselves, beyond what CloudFormation needs as well; see test_calls.py.
OWN_CALLS = {
    "iam:ListAccountAliases",
    "s3:PutObject",  # zips into the artifacts bucket
    "lambda:InvokeFunction",  # the smoke test of a new version
    "sqs:GetQueueUrl",  # check whether names are taken
    "s3:DeleteObject",  # destroy --delete-data: every version of everything
    "s3:DeleteObjectVersion",
    "s3:ListBucketVersions",
    "cloudformation:CreateChangeSet",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DeleteStack",
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeEvents",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStackResources",
    "cloudformation:DescribeStacks",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:GetTemplate",
    # Needed for a change set with tags
    # (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-template.html).
    "cloudformation:TagResource",
}


def asked(resource_type: str, *handlers: str) -> set[str]:
    found = handler_permissions(resource_type)
    return {action for name in handlers for action in found.get(name, ()) if is_action_name(action)}


def asked_by_all() -> set[str]:
    return set().union(*(asked(name, "create", "read", "update", "delete") for name in TYPES))


def reasons(action: str) -> list[str]:
    return [reason for reason, pattern in UNUSED.items() if re.fullmatch(pattern, action)]


@pytest.mark.parametrize("resource_type", TYPES)
def test_every_action_of_cloudformation_for_a_type_is_granted_or_listed_as_unused(resource_type: str) -> None:
    wanted = asked(resource_type, "create", "read", "update", "delete")
    assert wanted, "otherwise this test checks nothing"
    missing = {action for action in wanted - grants(*DEPLOYER) if not reasons(action)}
    assert not missing, f"grant them in one of {DEPLOYER}, or say in UNUSED why not"


def test_no_action_is_granted_that_no_handler_and_no_command_takes() -> None:
    assert grants(*DEPLOYER) - asked_by_all() - OWN_CALLS == set()


def test_no_action_is_both_granted_and_listed_as_unused() -> None:
    both = {action: reasons(action) for action in grants(*DEPLOYER) if reasons(action)}
    assert both == {}


def test_every_listed_reason_still_matches_an_action_in_a_schema() -> None:
    for reason, pattern in UNUSED.items():
        assert any(re.fullmatch(pattern, action) for action in asked_by_all()), reason


def test_read_and_delete_handlers_are_granted_for_every_property() -> None:
    """They handle all properties, whatever the template sets; but there is no key, VPC or log of a pipe."""
    wanted = set().union(*(asked(name, "read", "delete") for name in TYPES))
    of_logs_of_pipes = {f"logs:{verb}LogDelivery" for verb in ("Create", "Delete", "Get", "Update")}
    without = {"ec2:DescribeNetworkInterfaces", "logs:ListLogDeliveries", *of_logs_of_pipes}
    keys = {f"kms:{action}" for action in ("Decrypt", "DescribeKey", "GenerateDataKey")}
    assert wanted - grants(*DEPLOYER) == without | keys


def test_everyday_permissions_are_repeated_only_if_both_policies_need_them() -> None:
    """Those who deploy have both policies; each must suffice for its own commands."""
    both = grants(*DEPLOYER) & grants(OPERATOR)
    assert both <= asked_by_all() | OWN_CALLS


def test_the_artifacts_bucket_is_the_only_one_whose_objects_are_read_and_written() -> None:
    for statement in all_statements(DEPLOYER):
        if {"s3:GetObject", "s3:PutObject"} & set(as_list(statement["Action"])):
            assert statement["Sid"] == "Artifacts"
