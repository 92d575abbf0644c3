"""The data of a stack: two buckets, a table and zips; found by names and tags, counted, permanently deleted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from botocore.exceptions import ClientError

from zenoimg.aws.session import Aws
from zenoimg.errors import RefusedByAwsError
from zenoimg.operations.deploy.taken_names import bucket_trouble
from zenoimg.operations.removal import purge
from zenoimg.operations.removal.purge import Content
from zenoimg.pipeline.calls.service import error_code, expected_owner, is_missing, is_missing_bucket, is_not_configured
from zenoimg.stack.bundle.store import ArtifactStore
from zenoimg.stack.names import StackNames

_STACK_TAG = "zenoimg:stack"
_ROUNDS = 3  # of emptying a bucket that is still written to


@dataclass(frozen=True)
class Data:
    """What is permanently deleted. ``items`` is DynamoDB's own count, updated about every six hours."""

    buckets: tuple[tuple[str, Content], ...]
    table: str
    items: int
    artifacts: tuple[str, Content]

    @classmethod
    def counted(
        cls, aws: Aws, stack: str, buckets: tuple[str, ...], table: str, on_count: Callable[[int], None]
    ) -> Data:
        """Return the data with all versions counted."""
        account, store = aws.identity.account, store_of(aws)
        contents = tuple((name, purge.count(aws.s3, name, account, on_count=on_count)) for name in buckets)
        zips = Content()
        if store.exists():
            zips = purge.count(aws.s3, store.bucket, account, prefix=f"{stack}/", on_count=on_count)
        items = aws.dynamodb.describe_table(TableName=table)["Table"].get("ItemCount", 0) if table else 0
        return cls(contents, table, items, (store.bucket, zips))

    @property
    def total(self) -> int:
        """Return the number of all versions and delete markers."""
        return sum(content.total for _, content in self.buckets) + self.artifacts[1].total


def delete(aws: Aws, stack: str, data: Data, on_removed: Callable[[int], None]) -> Iterator[str]:
    """Delete the data and yield in words what was deleted; skip what does not exist.

    Raises ``RefusedByAwsError`` naming what could not be deleted, and botocore's ``ClientError``.
    """
    for bucket, _ in data.buckets:
        removed = _delete_bucket(aws, bucket, on_removed)
        yield f"bucket {bucket}, {removed:,} versions and markers"
    if data.table:
        _delete_table(aws, data.table)
        yield f"table {data.table}"
    store = store_of(aws)
    if store.exists():
        removed = purge.empty(aws.s3, store.bucket, aws.identity.account, prefix=f"{stack}/", on_removed=on_removed)
        yield f"{removed} zips of the stack in {store.bucket}"
        if purge.is_empty(aws.s3, store.bucket, aws.identity.account):
            aws.s3.delete_bucket(Bucket=store.bucket, **expected_owner(aws.identity.account))
            yield f"bucket {store.bucket}, which held no other stack's zips"


def buckets_left(aws: Aws, stack: str) -> tuple[str, ...]:
    """Return the buckets that a deleted stack of this name left: in this account and region, tagged, in no stack."""
    seed = StackNames(stack)
    candidates = (*seed.buckets, *seed.qualified(aws.identity.account, aws.region).buckets)
    return tuple(name for name in candidates if _bucket_is_left(aws, name, stack))


def table_left(aws: Aws, stack: str) -> str:
    """Return the table that a deleted stack of this name left; empty when there is none, or it is not ours."""
    name = StackNames(stack).table
    try:
        arn = aws.dynamodb.describe_table(TableName=name)["Table"]["TableArn"]
    except ClientError as error:
        if is_missing(error):
            return ""
        raise
    tags = aws.dynamodb.list_tags_of_resource(ResourceArn=arn).get("Tags", [])
    return name if any((tag["Key"], tag["Value"]) == (_STACK_TAG, stack) for tag in tags) else ""


def store_of(aws: Aws) -> ArtifactStore:
    """Return the artifacts bucket of this account and region."""
    return ArtifactStore(aws.s3, aws.identity.account, aws.region, aws.identity.partition)


def _bucket_is_left(aws: Aws, bucket: str, stack: str) -> bool:
    if bucket_trouble(aws, bucket, stack) is not None:
        return False
    try:
        answer = aws.s3.get_bucket_tagging(Bucket=bucket, **expected_owner(aws.identity.account))
    except ClientError as error:
        if is_not_configured(error):
            return not aws.platform.keeps_bucket_tags  # all buckets of the embedded AWS are its user's own
        if is_missing_bucket(error):
            return False
        raise
    return any((tag["Key"], tag["Value"]) == (_STACK_TAG, stack) for tag in answer["TagSet"])


def _delete_bucket(aws: Aws, bucket: str, on_removed: Callable[[int], None]) -> int:
    account = aws.identity.account
    removed = 0
    for _ in range(_ROUNDS):
        try:
            removed += purge.empty(aws.s3, bucket, account, on_removed=on_removed)
            aws.s3.delete_bucket(Bucket=bucket, **expected_owner(account))
        except ClientError as error:
            if is_missing_bucket(error):
                return removed
            if error_code(error) != "BucketNotEmpty":
                raise
        else:
            return removed
    raise RefusedByAwsError(
        f"{bucket} is still written to: it was emptied {_ROUNDS} times and is not empty",
        next_step="Stop what writes to it and rerun the command.",
        code="not-emptied",
    )


def _delete_table(aws: Aws, table: str) -> None:
    try:
        aws.dynamodb.delete_table(TableName=table)
        while True:
            aws.dynamodb.describe_table(TableName=table)
            time.sleep(aws.platform.table_poll_seconds)
    except ClientError as error:
        if not is_missing(error):
            raise
