"""Find a stack's data (two buckets, a table and zips) by names and tags, count it, and delete it permanently."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from botocore.exceptions import ClientError

from zenoimg.aws.session import Aws
from zenoimg.errors import RefusedByAwsError
from zenoimg.operations.deploy.taken_names import bucket_trouble
from zenoimg.operations.removal import purge
from zenoimg.operations.removal.purge import Content
from zenoimg.pipeline.calls.service import error_code, expected_owner, is_denied, is_missing, is_missing_bucket
from zenoimg.stack import ownership
from zenoimg.stack.bundle.store import ArtifactStore
from zenoimg.stack.names import StackNames
from zenoimg.stack.outputs import StackState

_ROUNDS = 3  # attempts to empty a bucket that is still being written to


@dataclass(frozen=True)
class Data:
    """The data that is permanently deleted. ``items`` is DynamoDB's own count, updated about every six hours."""

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
    """Delete the data and yield a description of each part deleted; skip what does not exist.

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
    """Return the buckets left by a deleted stack of this name: in this account and region, tagged, in no stack."""
    candidates = (bucket for names in _possible_names(aws, stack) for bucket in names.buckets)
    return tuple(name for name in dict.fromkeys(candidates) if _bucket_is_left(aws, name, stack))


def table_left(aws: Aws, stack: str) -> str:
    """Return the table left by a deleted stack of this name; empty if there is none or it is not ours."""
    tables = dict.fromkeys(names.table for names in _possible_names(aws, stack))
    return next((name for name in tables if _table_is_left(aws, name, stack)), "")


def adopted(aws: Aws, buckets: Iterable[str], table: str, state: StackState | None) -> tuple[str, ...]:
    """Return what existed before the stack, according to its parameters and the tags of buckets and table."""
    of_stack = _adopted_by(state) if state is not None else frozenset()
    account = aws.identity.account
    found = [
        name
        for name in buckets
        if name in of_stack or ownership.is_adopted(ownership.bucket_tags(aws.s3, name, account))
    ]
    if table and (table in of_stack or ownership.is_adopted(ownership.table_tags(aws.dynamodb, table))):
        found.append(table)
    return tuple(found)


def _adopted_by(state: StackState) -> frozenset[str]:
    outputs = (state.outputs.get(key, "") for key in ("OriginalsBucket", "ProcessedBucket", "Table"))
    pairs = zip(outputs, ownership.ORIGIN_PARAMETERS, strict=True)
    return frozenset(name for name, key in pairs if state.parameters.get(key) == ownership.ADOPTED)


def _possible_names(aws: Aws, stack: str) -> tuple[StackNames, ...]:
    seed, account = StackNames(stack), aws.identity.account
    return seed, seed.qualified(account, aws.region), seed.qualified(account, aws.region, table=True)


def store_of(aws: Aws) -> ArtifactStore:
    """Return the artifacts bucket of this account and region."""
    return ArtifactStore(aws.s3, aws.identity.account, aws.region, aws.identity.partition)


def _bucket_is_left(aws: Aws, bucket: str, stack: str) -> bool:
    if bucket_trouble(aws, bucket, stack) is not None:
        return False
    return ownership.is_of_stack(ownership.bucket_tags(aws.s3, bucket, aws.identity.account), stack)


def _table_is_left(aws: Aws, table: str, stack: str) -> bool:
    try:
        return ownership.is_of_stack(ownership.table_tags(aws.dynamodb, table), stack)
    except ClientError as error:
        if not is_denied(error) or table == StackNames(stack).table:
            raise
        return False  # the policy names the tables that the stack may have had, but not qualified names


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
        _unprotect(aws, table)
        aws.dynamodb.delete_table(TableName=table)
        while True:
            aws.dynamodb.describe_table(TableName=table)
            time.sleep(aws.platform.table_poll_seconds)
    except ClientError as error:
        if not is_missing(error):
            raise


def _unprotect(aws: Aws, table: str) -> None:
    """Turn off deletion protection and wait, since DynamoDB cannot delete a table that is being updated."""
    found = aws.dynamodb.describe_table(TableName=table)["Table"]
    if not found.get("DeletionProtectionEnabled"):
        return
    aws.dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
    while aws.dynamodb.describe_table(TableName=table)["Table"]["TableStatus"] == "UPDATING":
        time.sleep(aws.platform.table_poll_seconds)
