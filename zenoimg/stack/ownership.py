"""The tags of buckets and table: which stack they belong to, and whether they existed before it.

CloudFormation writes them from the template; where it drops the tags of buckets, a deploy writes them itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from zenoimg.pipeline.calls.service import expected_owner, is_missing, is_missing_bucket, is_not_configured
from zenoimg.stack.names import StackNames

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

STACK_TAG = "zenoimg:stack"
ORIGIN_TAG = "zenoimg:origin"
#: Values of the tag and of the template's parameters: who created a bucket or table.
CREATED, ADOPTED = "created", "adopted"
#: Template parameters that hold the origin of the originals, of the copies and of the table.
ORIGIN_PARAMETERS = ("OriginalsOrigin", "ProcessedOrigin", "TableOrigin")


def bucket_tags(s3: S3Client, bucket: str, account: str) -> dict[str, str] | None:
    """Return the tags of a bucket, or ``None`` if it does not exist. Raises botocore's ``ClientError``."""
    try:
        answer = s3.get_bucket_tagging(Bucket=bucket, **expected_owner(account))
    except ClientError as error:
        if is_not_configured(error):
            return {}
        if is_missing_bucket(error):
            return None
        raise
    return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}


def table_tags(dynamodb: DynamoDBClient, table: str) -> dict[str, str] | None:
    """Return the tags of a table, or ``None`` if it does not exist. Raises botocore's ``ClientError``."""
    try:
        arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    pages = dynamodb.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn)
    return {tag["Key"]: tag["Value"] for page in pages for tag in page.get("Tags", [])}


def is_of_stack(tags: Mapping[str, str] | None, stack: str) -> bool:
    """Return whether tags name one of our stacks as the owner."""
    return (tags or {}).get(STACK_TAG) == stack


def is_adopted(tags: Mapping[str, str] | None) -> bool:
    """Return whether tags say that a bucket or table existed before the stack that owns it."""
    return (tags or {}).get(ORIGIN_TAG) == ADOPTED


def origins(names: StackNames, parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the origin of each bucket and of the table by name, from the stack's parameters."""
    data = (*names.buckets, names.table)
    return {name: parameters.get(key, CREATED) for name, key in zip(data, ORIGIN_PARAMETERS, strict=True)}


def tag_buckets(
    s3: S3Client, names: StackNames, account: str, parameters: Mapping[str, str], more: Mapping[str, str]
) -> None:
    """Add the tags of a stack's buckets, and ``more``, to those they have; skip buckets that do not exist."""
    for bucket, origin in origins(names, parameters).items():
        if bucket == names.table or (before := bucket_tags(s3, bucket, account)) is None:
            continue
        tags = {**before, **more, STACK_TAG: names.stack, ORIGIN_TAG: origin}
        if tags != before:
            tag_set = [{"Key": key, "Value": value} for key, value in tags.items()]
            s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tag_set}, **expected_owner(account))  # type: ignore[typeddict-item]
