"""The names of a first deploy: the seed's, unless any is taken."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from zenoimg.aws import Aws
from zenoimg.operations import taken_names
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


def test_free_names_are_the_seeds(aws: Aws) -> None:
    assert taken_names.choose(aws, "zeno") == SEED


def test_buckets_that_an_earlier_stack_left_here_are_ours(aws: Aws) -> None:
    for bucket in SEED.buckets:
        make_bucket(bucket)
    assert taken_names.choose(aws, "zeno") == SEED


def test_a_bucket_in_another_region_is_not_ours(aws: Aws) -> None:
    make_bucket(SEED.processed_bucket, "eu-central-1")
    assert taken_names.choose(aws, "zeno") == QUALIFIED


def test_a_strangers_bucket_turns_all_names_into_qualified_ones(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
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

    # moto knows no such question
    monkeypatch.setattr(aws.cloudformation, "describe_stack_resources", describe)
    assert taken_names.choose(aws, "zeno") == chosen


def test_a_role_that_exists_is_never_taken_over(aws: Aws) -> None:
    boto3.client("iam").create_role(RoleName=SEED.get_images_role, AssumeRolePolicyDocument="{}")
    assert taken_names.choose(aws, "zeno") == QUALIFIED


@pytest.mark.parametrize("names", [SEED, QUALIFIED])
def test_a_deployed_stack_keeps_the_names_it_has(aws: Aws, names: StackNames) -> None:
    assert taken_names.of_deployed(aws, "zeno", names.originals_bucket) == names
