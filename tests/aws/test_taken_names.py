"""The names of a first deploy: the default names, unless any is taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from zenoimg.aws.session import Aws
from zenoimg.errors import RefusedByAwsError
from zenoimg.operations.deploy import taken_names
from zenoimg.stack.names import StackNames

REGION, ACCOUNT = "eu-west-1", "123456789012"
SEED = StackNames("zeno")
QUALIFIED = SEED.qualified(ACCOUNT, REGION)


@pytest.fixture
def aws() -> Iterator[Aws]:
    with mock_aws():
        yield Aws(region=REGION)


def make_bucket(name: str, region: str = REGION) -> None:
    boto3.client("s3", region_name=region).create_bucket(
        Bucket=name,
        CreateBucketConfiguration={"LocationConstraint": region},  # type: ignore[typeddict-item]
    )


def test_free_default_names_are_used(aws: Aws) -> None:
    assert taken_names.choose(aws, "zeno") == SEED


def test_buckets_left_here_by_an_earlier_stack_are_ours(aws: Aws) -> None:
    for bucket in SEED.buckets:
        make_bucket(bucket)
    assert taken_names.choose(aws, "zeno") == SEED


def test_a_bucket_in_another_region_is_not_ours(aws: Aws) -> None:
    make_bucket(SEED.processed_bucket, "eu-central-1")
    assert taken_names.choose(aws, "zeno") == QUALIFIED


def test_a_foreign_bucket_makes_all_names_qualified(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, "HeadBucket")

    def head_bucket(Bucket: str, ExpectedBucketOwner: str) -> None:  # noqa: N803 - AWS's own names
        assert ExpectedBucketOwner == ACCOUNT
        raise refusal

    monkeypatch.setattr(aws.s3, "head_bucket", head_bucket)
    chosen = taken_names.choose(aws, "zeno")
    assert chosen == QUALIFIED
    assert chosen.originals_bucket == "zeno-original-images-123456789012-eu-west-1"
    assert chosen.processor_role == "role-image-processor-eu-west-1"


@pytest.mark.parametrize(("holder", "chosen"), [("theirs", QUALIFIED), ("zeno", SEED)])
def test_a_bucket_of_another_stack_is_not_ours(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, holder: str, chosen: StackNames
) -> None:
    make_bucket(SEED.originals_bucket)

    def describe(PhysicalResourceId: str) -> dict[str, list[dict[str, str]]]:  # noqa: N803 - AWS's own name
        assert PhysicalResourceId == SEED.originals_bucket
        return {"StackResources": [{"StackName": holder}]}

    # moto does not support this request
    monkeypatch.setattr(aws.cloudformation, "describe_stack_resources", describe)
    assert taken_names.choose(aws, "zeno") == chosen


def test_a_bucket_left_by_another_stack_is_not_ours(aws: Aws) -> None:
    make_bucket(SEED.processed_bucket)
    tags: Any = {"TagSet": [{"Key": "zenoimg:stack", "Value": "acme"}]}
    boto3.client("s3").put_bucket_tagging(Bucket=SEED.processed_bucket, Tagging=tags)
    assert taken_names.choose(aws, "zeno") == QUALIFIED


def test_long_names_apply_to_the_table_as_well(aws: Aws) -> None:
    names = taken_names.choose(aws, "zeno", long_names=True)
    assert names.buckets == QUALIFIED.buckets
    assert names.table == f"zeno-images-{ACCOUNT}-{REGION}"


def test_an_existing_role_is_never_adopted(aws: Aws) -> None:
    boto3.client("iam").create_role(RoleName=SEED.get_images_role, AssumeRolePolicyDocument="{}")
    assert taken_names.choose(aws, "zeno") == QUALIFIED


@pytest.mark.parametrize("names", [SEED, QUALIFIED, SEED.qualified(ACCOUNT, REGION, table=True)])
def test_a_deployed_stack_keeps_the_names_it_has(aws: Aws, names: StackNames) -> None:
    outputs = {"OriginalsBucket": names.originals_bucket, "Table": names.table}
    assert taken_names.of_deployed(aws, "zeno", outputs) == names


def make_table(name: str, key: str = "ImageId", kind: str = "S") -> None:
    boto3.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind}],  # type: ignore[typeddict-item]
    )


def no_function(monkeypatch: pytest.MonkeyPatch, aws: Aws, but: str = "") -> None:
    """Report no functions, for which moto needs Docker."""

    def get_function(FunctionName: str) -> dict[str, str]:  # noqa: N803 - AWS's own name
        if FunctionName == but:
            return {}
        raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "not found"}}, "GetFunction")

    monkeypatch.setattr(aws.functions, "get_function", get_function)


def refusal(aws: Aws) -> str:
    with pytest.raises(RefusedByAwsError) as refused:
        taken_names.refuse_taken(aws, SEED)
    assert refused.value.exit_code == 4
    assert "--stack NAME" in refused.value.next_step
    return refused.value.message


def test_no_name_is_taken_in_an_empty_account_or_by_our_retained_data(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_function(monkeypatch, aws)
    taken_names.refuse_taken(aws, SEED)
    make_bucket(SEED.originals_bucket)
    make_table(SEED.table)
    taken_names.refuse_taken(aws, SEED)


def test_all_taken_names_are_reported_together(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    no_function(monkeypatch, aws, but="getImagesLambda")
    boto3.client("sqs").create_queue(QueueName="zeno-dead-letters")
    boto3.client("logs").create_log_group(logGroupName="/aws/lambda/imageProcessorLambda")
    boto3.client("iam").create_role(RoleName=SEED.processor_role, AssumeRolePolicyDocument="{}")
    message = refusal(aws)
    for name in (
        "the function getImagesLambda exists",
        "the queue zeno-dead-letters exists",
        "the log group /aws/lambda/imageProcessorLambda exists",
        "the role role-image-processor exists",
    ):
        assert name in message
    assert "zeno-backfill" not in message
    assert "the table" not in message


@pytest.mark.thorough
def test_names_with_a_common_prefix_are_not_taken(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    no_function(monkeypatch, aws)
    boto3.client("logs").create_log_group(logGroupName="/aws/lambda/imageProcessorLambda-of-others")
    boto3.client("sqs").create_queue(QueueName="zeno-backfill-2")
    taken_names.refuse_taken(aws, SEED)


@pytest.mark.parametrize(("key", "kind"), [("id", "S"), ("ImageId", "N")])
def test_a_table_with_another_key_is_never_adopted(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, key: str, kind: str
) -> None:
    no_function(monkeypatch, aws)
    make_table(SEED.table, key, kind)
    assert f"the table zeno-images has the key {key} ({kind}); zenoimg needs ImageId (S)" in refusal(aws)


def test_a_table_or_bucket_of_another_stack_is_reported_with_that_stack(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_function(monkeypatch, aws)
    make_table(SEED.table)
    make_bucket(SEED.originals_bucket)
    answer = {"StackResources": [{"StackName": "theirs"}]}
    monkeypatch.setattr(aws.cloudformation, "describe_stack_resources", lambda PhysicalResourceId: answer)  # noqa: N803
    message = refusal(aws)
    assert "the table zeno-images belongs to the stack 'theirs'" in message
    assert "the bucket zeno-original-images belongs to the stack 'theirs'" in message


@pytest.mark.thorough
def test_a_failing_service_is_not_mistaken_for_a_free_name(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    no_function(monkeypatch, aws)
    error = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "DescribeTable")

    def denied(TableName: str) -> None:  # noqa: N803 - AWS's own name
        raise error

    monkeypatch.setattr(aws.dynamodb, "describe_table", denied)
    with pytest.raises(ClientError):
        taken_names.refuse_taken(aws, SEED)
