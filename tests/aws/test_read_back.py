"""Deploys detect what CloudFormation does not: buckets that differ from the template."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.unit.stack.rendered import properties
from zenoimg.stack.names import StackNames
from zenoimg.stack.read_back import Wanted, differences, lifecycle_rules, table_differences

NAMES, ACCOUNT = StackNames("zeno"), "123456789012"
FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:imageProcessorLambda"
EVENTS = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:*"]
BLOCK = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)


TAGS = [{"Key": "zenoimg:stack", "Value": "zeno"}]
WANTED = Wanted(NAMES, ACCOUNT)


def put_rules(client: Any, bucket: str, rules: dict[str, dict[str, Any]]) -> None:
    """Put rules as S3 returns them: with a filter that selects everything."""
    named = [{"ID": name, "Filter": {"Prefix": ""}, **rule} for name, rule in rules.items()]
    client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": named})


@pytest.fixture
def s3() -> Iterator[Any]:
    """Return S3 with both buckets as in the template."""
    with mock_aws():
        client: Any = boto3.client("s3")
        for bucket in NAMES.buckets:
            client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
            client.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=BLOCK)
            rules = [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            client.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})
            # A harmless policy under the name of ours: moto treats a conditional Deny as unconditional.
            statement = {"Sid": "TlsOnly", "Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket"}
            statement["Resource"] = f"arn:aws:s3:::{bucket}"
            policy = {"Version": "2012-10-17", "Statement": [statement]}
            client.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
            client.put_bucket_ownership_controls(
                Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
            )
            client.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": TAGS})
            put_rules(client, bucket, lifecycle_rules(bucket, WANTED))
        client.put_bucket_versioning(Bucket=NAMES.originals_bucket, VersioningConfiguration={"Status": "Enabled"})
        tell(client, EVENTS)
        yield client


def tell(client: Any, events: list[str], function: str = FUNCTION) -> None:
    configuration = {"LambdaFunctionConfigurations": [{"LambdaFunctionArn": function, "Events": events}]}
    client.put_bucket_notification_configuration(Bucket=NAMES.originals_bucket, NotificationConfiguration=configuration)


def differing(client: Any) -> tuple[str, ...]:
    return differences(client, WANTED)


def test_nothing_differs_if_everything_is_as_in_the_template(s3: Any) -> None:
    assert differing(s3) == ()


@pytest.mark.parametrize("bucket", NAMES.buckets)
def test_a_public_bucket_is_detected(s3: Any, bucket: str) -> None:
    s3.delete_public_access_block(Bucket=bucket)
    assert differing(s3) == (f"{bucket}: public access is not blocked",)
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={**BLOCK, "BlockPublicPolicy": False})
    assert differing(s3) == (f"{bucket}: public access is not blocked",)


def test_disabled_versioning_is_detected(s3: Any) -> None:
    s3.put_bucket_versioning(Bucket=NAMES.originals_bucket, VersioningConfiguration={"Status": "Suspended"})
    assert differing(s3) == ("zeno-original-images: versioning is not enabled",)


@pytest.mark.parametrize(
    ("events", "function"), [(EVENTS[:2], FUNCTION), (EVENTS, FUNCTION.replace("imageProcessor", "another"))]
)
def test_missing_notifications_are_detected(s3: Any, events: list[str], function: str) -> None:
    tell(s3, events, function)
    (what,) = differing(s3)
    assert "does not notify imageProcessorLambda of" in what
    assert "LifecycleExpiration" in what


def test_a_missing_tls_policy_is_detected_if_tls_is_required(s3: Any) -> None:
    s3.delete_bucket_policy(Bucket=NAMES.processed_bucket)
    assert differing(s3) == ("zeno-processed-images: its policy allows plain HTTP",)
    assert differences(s3, replace(WANTED, tls_only=False)) == ()


def test_lifecycle_rules_are_compared_one_by_one(s3: Any) -> None:
    bucket = NAMES.originals_bucket
    rules = lifecycle_rules(bucket, WANTED)
    rules["old-versions"] = {**rules["old-versions"], "NoncurrentVersionExpiration": {"NoncurrentDays": 3}}
    rules["theirs"] = rules.pop("unfinished-uploads")
    put_rules(s3, bucket, rules)
    assert differing(s3) == (
        f"{bucket}: the lifecycle rule old-versions differs from the template",
        f"{bucket}: the lifecycle rule theirs is not in the template",
        f"{bucket}: it lacks the lifecycle rule unfinished-uploads",
    )
    assert differences(s3, replace(WANTED, complete=False)) == ()


def test_the_days_of_old_versions_come_from_the_stack(s3: Any) -> None:
    days = replace(WANTED, parameters={"NoncurrentVersionDays": "90"})
    assert differences(s3, days) == ("zeno-original-images: the lifecycle rule old-versions differs from the template",)


@pytest.mark.parametrize(("given", "days"), [({}, 30), ({"OriginalsTransitionDays": "90"}, 90)])
def test_a_missing_transition_to_the_storage_class_is_detected(s3: Any, given: dict[str, str], days: int) -> None:
    bucket = NAMES.originals_bucket
    cold = replace(WANTED, parameters={"OriginalsStorageClass": "GLACIER_IR", **given})
    assert differences(s3, cold) == (f"{bucket}: it lacks the lifecycle rule storage-class",)
    put_rules(s3, bucket, lifecycle_rules(bucket, cold))
    assert differences(s3, cold) == ()
    assert differing(s3) == (f"{bucket}: the lifecycle rule storage-class is not in the template",)
    (rule,) = (
        rule for rule in s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] if rule["ID"] == "storage-class"
    )
    assert rule["Transitions"] == [{"Days": days, "StorageClass": "GLACIER_IR"}]
    for other in ({"OriginalsStorageClass": "STANDARD_IA"}, {"OriginalsTransitionDays": "7"}):
        moved = replace(cold, parameters={**cold.parameters, **other})
        assert differences(s3, moved) == (f"{bucket}: the lifecycle rule storage-class differs from the template",)


@pytest.mark.parametrize(("storage_class", "days"), [("STANDARD_IA", 30), ("GLACIER_IR", 0)])
def test_originals_not_uploaded_into_the_class_move_as_early_as_s3_allows(storage_class: str, days: int) -> None:
    at_once = {"OriginalsStorageClass": storage_class, "OriginalsTransitionDays": "0"}
    rules = lifecycle_rules(NAMES.originals_bucket, replace(WANTED, parameters=at_once))
    assert rules["storage-class"]["Transitions"] == [{"Days": days, "StorageClass": storage_class}]


@pytest.mark.parametrize("logical_id", ["OriginalsBucket", "ProcessedBucket"])
def test_the_rules_are_those_of_the_template(logical_id: str) -> None:
    declared = {}
    for rule in properties(logical_id)["LifecycleConfiguration"]["Rules"]:
        if "Fn::If" in rule:
            continue  # only present with a storage class: tests/unit/stack/test_template_data.py
        shaped = {key: value for key, value in rule.items() if key not in ("Id", "ExpiredObjectDeleteMarker")}
        if "NoncurrentVersionExpiration" in rule:
            assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": {"Ref": "NoncurrentVersionDays"}}
            shaped["NoncurrentVersionExpiration"] = {"NoncurrentDays": 30}
            shaped["Expiration"] = {"ExpiredObjectDeleteMarker": rule["ExpiredObjectDeleteMarker"]}
        declared[rule["Id"]] = shaped
    assert declared == lifecycle_rules(properties(logical_id)["BucketName"], WANTED)


def test_acls_are_detected(s3: Any) -> None:
    rules = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    s3.put_bucket_ownership_controls(Bucket=NAMES.processed_bucket, OwnershipControls=rules)
    (what,) = differing(s3)
    assert "object ownership is ObjectWriter and not BucketOwnerEnforced" in what


def test_missing_tags_are_detected(s3: Any) -> None:
    s3.delete_bucket_tagging(Bucket=NAMES.processed_bucket)
    assert differing(s3) == ("zeno-processed-images: it lacks the tag zenoimg:stack = zeno",)
    adopted = replace(WANTED, parameters={"OriginalsOrigin": "adopted"})
    assert "zeno-original-images: its tag zenoimg:origin is not adopted" in differences(s3, adopted)


def make_table(client: Any, indexes: list[str]) -> None:
    client.create_table(
        TableName=NAMES.table,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "ImageId", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "ImageId", "AttributeType": "S"}],
        Tags=TAGS,
        **({"GlobalSecondaryIndexes": [index(name) for name in indexes]} if indexes else {}),
    )


def index(name: str) -> dict[str, Any]:
    key = [{"AttributeName": "ImageId", "KeyType": "HASH"}]
    return {"IndexName": name, "KeySchema": key, "Projection": {"ProjectionType": "ALL"}}


def test_a_table_without_its_indexes_or_backups_is_detected() -> None:
    with mock_aws():
        client: Any = boto3.client("dynamodb")
        assert table_differences(client, WANTED) == ("zeno-images: the table does not exist",)
        make_table(client, ["by-day"])
        assert table_differences(client, WANTED) == (
            "zeno-images: it lacks the index attention",
            "zeno-images: it has no point-in-time recovery",
        )
        assert table_differences(client, replace(WANTED, backups=False)) == (
            "zeno-images: it lacks the index attention",
        )


def test_nothing_differs_for_a_table_as_in_the_template() -> None:
    with mock_aws():
        client: Any = boto3.client("dynamodb")
        make_table(client, ["by-day", "attention"])
        client.update_continuous_backups(
            TableName=NAMES.table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        assert table_differences(client, WANTED) == ()
