from __future__ import annotations

import json
import re

import pytest

from tests.unit.stack.rendered import (
    ALL_NAMES,
    BUCKETS,
    TEMPLATE,
    as_list,
    default,
    of_type,
    properties,
    resource,
    statements,
)
from zenoimg.pipeline.catalog import ATTENTION_INDEX, BY_DAY_INDEX
from zenoimg.stack.names import StackNames
from zenoimg.stack.ownership import CREATED, ORIGIN_PARAMETERS, ORIGIN_TAG, STACK_TAG
from zenoimg.stack.template import render


@pytest.mark.parametrize("bucket", BUCKETS)
def test_all_public_access_to_a_bucket_is_blocked(bucket: str) -> None:
    blocked = properties(bucket)["PublicAccessBlockConfiguration"]
    assert blocked == dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )
    assert properties(bucket)["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


@pytest.mark.parametrize("bucket", BUCKETS)
def test_all_plain_http_requests_to_a_bucket_are_denied(bucket: str) -> None:
    (policy_id,) = (
        name for name, found in of_type("AWS::S3::BucketPolicy").items() if found["Bucket"] == {"Ref": bucket}
    )
    (statement,) = statements(properties(policy_id)["PolicyDocument"])
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    arn = {"Fn::GetAtt": [bucket, "Arn"]}
    assert statement["Resource"] == [arn, {"Fn::Sub": f"${{{bucket}.Arn}}/*"}]
    condition = TEMPLATE["Conditions"][resource(policy_id)["Condition"]]
    assert condition == {"Fn::Equals": [{"Ref": "TlsOnly"}, "true"]}


def test_plain_http_is_denied_unless_a_parameter_allows_it() -> None:
    assert default("TlsOnly") == "true"


@pytest.mark.parametrize("bucket", BUCKETS)
def test_objects_are_encrypted_at_rest(bucket: str) -> None:
    (rule,) = properties(bucket)["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    condition, with_key, without = rule["Fn::If"]
    assert TEMPLATE["Conditions"][condition] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "KmsKey"}, ""]}]}
    assert with_key == {
        "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": {"Ref": "KmsKey"}},
        "BucketKeyEnabled": True,
    }
    assert without == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}


def test_the_processor_may_use_the_buckets_kms_key_if_there_is_one() -> None:
    optional = [each["Fn::If"] for each in properties("ProcessorRole")["Policies"] if "Fn::If" in each]
    (with_key,) = [found for condition, found, _ in optional if condition == "UseKmsKey"]
    assert [without for _, _, without in optional] == [{"Ref": "AWS::NoValue"}] * len(optional)
    (statement,) = statements(with_key["PolicyDocument"])
    assert statement["Resource"] == {"Ref": "KmsKey"}
    assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]


@pytest.mark.parametrize("role", ["ProcessorRole", "GetImagesRole"])
def test_roles_have_the_configured_boundary(role: str) -> None:
    condition, boundary, without = properties(role)["PermissionsBoundary"]["Fn::If"]
    assert (boundary, without) == ({"Ref": "PermissionsBoundary"}, {"Ref": "AWS::NoValue"})
    equals = {"Fn::Equals": [{"Ref": "PermissionsBoundary"}, ""]}
    assert TEMPLATE["Conditions"][condition] == {"Fn::Not": [equals]}


def test_originals_are_versioned_and_old_versions_expire_after_thirty_days() -> None:
    originals = properties("OriginalsBucket")
    assert originals["VersioningConfiguration"] == {"Status": "Enabled"}
    rules = originals["LifecycleConfiguration"]["Rules"]
    (expiry,) = (rule for rule in rules if "NoncurrentVersionExpiration" in rule)
    assert expiry["Status"] == "Enabled"
    assert expiry["NoncurrentVersionExpiration"] == {"NoncurrentDays": {"Ref": "NoncurrentVersionDays"}}
    assert default("NoncurrentVersionDays") == 30
    # No rule expires a current version: originals are kept until someone deletes them.
    assert not [rule for rule in rules if "ExpirationInDays" in rule or "ExpirationDate" in rule]


def test_originals_move_to_another_storage_class_on_request() -> None:
    conditions = TEMPLATE["Conditions"]
    (rule,) = (rule for rule in properties("OriginalsBucket")["LifecycleConfiguration"]["Rules"] if "Fn::If" in rule)
    condition, moving, otherwise = rule["Fn::If"]
    assert otherwise == {"Ref": "AWS::NoValue"}
    assert conditions[condition] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "OriginalsStorageClass"}, "STANDARD"]}]}
    assert default("OriginalsStorageClass") == default("CopiesStorageClass") == "STANDARD"
    (transition,) = moving["Transitions"]
    assert (moving["Id"], moving["Status"]) == ("storage-class", "Enabled")
    assert transition["StorageClass"] == {"Ref": "OriginalsStorageClass"}
    # S3 requires at least 30 days for STANDARD_IA, and 0 for the others.
    late, days, asked = transition["TransitionInDays"]["Fn::If"]
    assert (days, asked) == (30, {"Ref": "OriginalsTransitionDays"})
    assert conditions[late]["Fn::And"] == [
        {"Fn::Equals": [{"Ref": "OriginalsStorageClass"}, "STANDARD_IA"]},
        {"Fn::Equals": [{"Ref": "OriginalsTransitionDays"}, 0]},
    ]


def test_both_processors_store_copies_in_the_configured_storage_class() -> None:
    for function in ("Processor", "ProcessorLarge"):
        variables = properties(function)["Environment"]["Variables"]
        assert variables["COPIES_STORAGE_CLASS"] == {"Ref": "CopiesStorageClass"}


@pytest.mark.parametrize("bucket", BUCKETS)
def test_incomplete_uploads_are_aborted_after_a_week(bucket: str) -> None:
    rules = properties(bucket)["LifecycleConfiguration"]["Rules"]
    ending = [rule for rule in rules if "AbortIncompleteMultipartUpload" in rule]
    assert [rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] for rule in ending] == [7]
    assert ending[0]["Status"] == "Enabled"


def test_created_removed_and_expired_originals_invoke_the_processor() -> None:
    configured = properties("OriginalsBucket")["NotificationConfiguration"]["LambdaConfigurations"]
    assert {found["Event"] for found in configured} == {
        "s3:ObjectCreated:*",
        "s3:ObjectRemoved:*",
        "s3:LifecycleExpiration:*",
    }
    assert all(found["Function"] == {"Fn::GetAtt": ["Processor", "Arn"]} for found in configured)


def test_copies_invoke_nothing() -> None:
    assert "NotificationConfiguration" not in properties("ProcessedBucket")


@ALL_NAMES
def test_only_the_originals_bucket_of_this_account_may_invoke_the_processor(names: StackNames) -> None:
    permission = properties("OriginalsMayCallProcessor", render(names))
    assert permission["Principal"] == "s3.amazonaws.com"
    assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert permission["SourceArn"] == {"Fn::Sub": "arn:${AWS::Partition}:s3:::" + names.originals_bucket}
    assert permission["FunctionName"] == {"Fn::GetAtt": ["Processor", "Arn"]}


def test_the_permission_is_created_before_the_bucket_without_depending_on_it() -> None:
    assert "OriginalsMayCallProcessor" in as_list(resource("OriginalsBucket")["DependsOn"])
    assert "OriginalsBucket" not in references("OriginalsMayCallProcessor")
    assert "OriginalsBucket" not in references("Processor") | references("ProcessorRole")


def references(logical_id: str) -> set[str]:
    """Return the resources that one refers to directly, in whatever form."""
    text = json.dumps(resource(logical_id))
    return {name for name in TEMPLATE["Resources"] if re.search(rf'"{name}"|\$\{{{name}[.}}]', text)} - {logical_id}


@pytest.mark.parametrize("logical_id", [*BUCKETS, "Images"])
def test_data_survives_the_deletion_of_the_stack_but_not_a_failed_first_deploy(logical_id: str) -> None:
    assert resource(logical_id)["DeletionPolicy"] == "RetainExceptOnCreate"
    assert resource(logical_id)["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize(("logical_id", "origin"), [*zip([*BUCKETS, "Images"], ORIGIN_PARAMETERS, strict=True)])
def test_data_resources_are_tagged_with_owner_origin_and_generation(logical_id: str, origin: str) -> None:
    tags = {tag["Key"]: tag["Value"] for tag in properties(logical_id)["Tags"]}
    assert tags == {
        STACK_TAG: "zeno",
        ORIGIN_TAG: {"Ref": origin},
        "zenoimg:settings": {"Ref": "SettingsGeneration"},
    }
    assert default(origin) == CREATED


def test_events_to_eventbridge_stay_on_if_they_are_on() -> None:
    kept = properties("OriginalsBucket")["NotificationConfiguration"]["EventBridgeConfiguration"]
    assert kept == {"Fn::If": ["ToEventBridge", {"EventBridgeEnabled": True}, {"Ref": "AWS::NoValue"}]}
    assert default("OriginalsEventBridge") == "false"


def test_the_table_is_keyed_by_image_and_can_be_restored() -> None:
    table = properties("Images")
    assert table["KeySchema"] == [{"AttributeName": "ImageId", "KeyType": "HASH"}]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_the_indexes_are_those_of_the_catalog_and_project_all_fields() -> None:
    indexes = {found["IndexName"]: found for found in properties("Images")["GlobalSecondaryIndexes"]}
    keys = {
        name: [(key["AttributeName"], key["KeyType"]) for key in found["KeySchema"]] for name, found in indexes.items()
    }
    assert keys == {
        BY_DAY_INDEX: [("DayShard", "HASH"), ("CreatedAt", "RANGE")],
        ATTENTION_INDEX: [("Attention", "HASH"), ("UpdatedAt", "RANGE")],
    }
    assert all(found["Projection"] == {"ProjectionType": "ALL"} for found in indexes.values())


def test_a_new_table_is_unprotected_and_a_parameter_protects_it() -> None:
    """By booleans: the embedded AWS treats the text "false" as true."""
    assert properties("Images")["DeletionProtectionEnabled"] == {"Fn::If": ["ProtectTable", True, False]}
    assert TEMPLATE["Conditions"]["ProtectTable"] == {"Fn::Equals": [{"Ref": "TableDeletionProtection"}, "true"]}
    assert default("TableDeletionProtection") == "false"
