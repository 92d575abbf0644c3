"""Choose the names of a first deploy: the default names, or qualified ones when a default name is taken.

Only buckets and roles have qualified names. All other names are unique per account and region, so a function, a
queue, a log group or someone else's table of the same name stops the deploy before anything is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from botocore.exceptions import ClientError

from zenoimg.aws.session import Aws
from zenoimg.errors import RefusedByAwsError
from zenoimg.pipeline.calls.service import expected_owner, is_missing, is_missing_bucket, is_missing_stack
from zenoimg.stack import ownership
from zenoimg.stack.names import StackNames

_TABLE_KEY = [{"AttributeName": "ImageId", "KeyType": "HASH"}]


def choose(aws: Aws, stack: str, *, long_names: bool = False) -> StackNames:
    """Return the default names if all their buckets and roles are free or usable, else qualified names.

    A bucket is usable only if it is in this account and region and belongs to no other stack; whether a deploy may
    adopt it is decided later. With ``long_names``, always return qualified names, including the table's.
    """
    seed = StackNames(stack)
    if long_names:
        return seed.qualified(aws.identity.account, aws.region, table=True)
    buckets_free = all(bucket_trouble(aws, bucket, stack) is None for bucket in seed.buckets)
    roles_free = all(_role_is_usable(aws, role) for role in seed.roles)
    if buckets_free and roles_free:
        return seed
    return seed.qualified(aws.identity.account, aws.region)


def of_deployed(aws: Aws, stack: str, outputs: Mapping[str, str]) -> StackNames:
    """Return the names of a deployed stack, recognized by its outputs ``OriginalsBucket`` and ``Table``."""
    seed = StackNames(stack)
    if seed.originals_bucket == outputs["OriginalsBucket"]:
        return seed
    return seed.qualified(aws.identity.account, aws.region, table=outputs.get("Table", seed.table) != seed.table)


def refuse_taken(aws: Aws, names: StackNames) -> None:
    """Raise ``RefusedByAwsError`` for existing resources of our names that cannot be adopted."""
    taken = [*_taken(aws, names)]
    if taken:
        raise RefusedByAwsError(
            f"names of the stack {names.stack!r} are taken ({aws.identity}): {'; '.join(taken)}",
            next_step="Nothing was changed. Deploy under another name (--stack NAME), or remove or rename these.",
            code="names-taken",
        )


def delete_orphaned_logs(aws: Aws, names: StackNames) -> None:
    """Delete the log groups that late invocations of a destroyed stack created on the embedded AWS.

    The embedded AWS creates them without checking permissions, and a new stack cannot adopt them.
    """
    for function in names.functions:
        if aws.platform.creates_log_groups and _log_group_exists(aws, group := _log_group(function)):
            aws.logs.delete_log_group(logGroupName=group)


def bucket_trouble(aws: Aws, bucket: str, stack: str) -> str | None:
    """Return why a bucket name cannot be used; ``None`` when it is free or the bucket can be adopted."""
    try:
        answer = aws.s3.head_bucket(Bucket=bucket, **expected_owner(aws.identity.account))
    except ClientError as error:
        if is_missing_bucket(error):
            return None
        # 403: owned by another account, or not readable. 301 and 400: ours, but in another region.
        return "belongs to another account, is in another region, or cannot be read"
    region = answer.get("BucketRegion", aws.region)
    if region != aws.region:
        return f"is in {region}"
    tagged = (ownership.bucket_tags(aws.s3, bucket, aws.identity.account) or {}).get(ownership.STACK_TAG)
    return _of_another_stack(_holder(aws, bucket) or tagged, stack)


def _of_another_stack(holder: str | None, stack: str) -> str | None:
    return None if holder in {None, stack} else f"belongs to the stack {holder!r}"


def _taken(aws: Aws, names: StackNames) -> Iterator[str]:
    for bucket in names.buckets:
        if (trouble := bucket_trouble(aws, bucket, names.stack)) is not None:
            yield f"the bucket {bucket} {trouble}"
    for role in names.roles:
        if not _role_is_usable(aws, role):
            yield f"the role {role} exists"
    for function in names.functions:
        if _exists(partial(aws.functions.get_function, FunctionName=function)):
            yield f"the function {function} exists"
        # On the embedded AWS, late invocations create log groups: see delete_orphaned_logs.
        if not aws.platform.creates_log_groups and _log_group_exists(aws, group := _log_group(function)):
            yield f"the log group {group} exists"
    for queue in names.queues:
        if _exists(partial(aws.sqs.get_queue_url, QueueName=queue)):
            yield f"the queue {queue} exists"
    if (trouble := _table_trouble(aws, names)) is not None:
        yield f"the table {names.table} {trouble}"


def _table_trouble(aws: Aws, names: StackNames) -> str | None:
    try:
        table = aws.dynamodb.describe_table(TableName=names.table)["Table"]
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    kinds = {item["AttributeName"]: item["AttributeType"] for item in table["AttributeDefinitions"]}
    schema = [dict(item) for item in table["KeySchema"]]
    if schema != _TABLE_KEY or kinds.get("ImageId") != "S":
        key = ", ".join(f"{item['AttributeName']} ({kinds[item['AttributeName']]})" for item in table["KeySchema"])
        return f"has the key {key}; zenoimg needs ImageId (S)"
    tagged = (ownership.table_tags(aws.dynamodb, names.table) or {}).get(ownership.STACK_TAG)
    return _of_another_stack(_holder(aws, names.table) or tagged, names.stack)


def _role_is_usable(aws: Aws, role: str) -> bool:
    # A role is never adopted: it may grant anything.
    return not _exists(partial(aws.iam.get_role, RoleName=role))


def _log_group(function: str) -> str:
    return f"/aws/lambda/{function}"


def _log_group_exists(aws: Aws, name: str) -> bool:
    found = aws.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return any(group.get("logGroupName") == name for group in found)


def _exists(question: Callable[[], object]) -> bool:
    """Return whether a resource exists; ``question`` reads it and raises if it is missing."""
    try:
        question()
    except ClientError as error:
        if is_missing(error):
            return False
        raise
    return True


def _holder(aws: Aws, physical_id: str) -> str | None:
    """Return the stack that owns a resource, or ``None`` if it belongs to no stack."""
    try:
        found = aws.cloudformation.describe_stack_resources(PhysicalResourceId=physical_id)["StackResources"]
    except ClientError as error:
        if is_missing_stack(error):
            return None
        raise
    return found[0]["StackName"] if found else None
