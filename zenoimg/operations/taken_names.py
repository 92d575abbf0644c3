"""Which names a first deploy gets: the seed's, or qualified ones where any of the seed's is taken."""

from __future__ import annotations

from botocore.exceptions import ClientError

from zenoimg.aws import Aws
from zenoimg.stack.names import StackNames


def choose(aws: Aws, stack: str) -> StackNames:
    """The seed names, if every bucket and role of them is free or left behind by this very stack.

    A bucket is ours only if it exists in this account and region and no other stack holds it. If any seed
    name is taken, all names are the qualified ones.
    """
    seed = StackNames(stack)
    buckets_free = all(_bucket_is_usable(aws, bucket, stack) for bucket in seed.buckets)
    roles_free = all(_role_is_usable(aws, role) for role in seed.roles)
    if buckets_free and roles_free:
        return seed
    return seed.qualified(aws.identity.account, aws.region)


def of_deployed(aws: Aws, stack: str, originals_bucket: str) -> StackNames:
    """The names that a deployed stack bears, told by its bucket's."""
    seed = StackNames(stack)
    return seed if seed.originals_bucket == originals_bucket else seed.qualified(aws.identity.account, aws.region)


def _bucket_is_usable(aws: Aws, bucket: str, stack: str) -> bool:
    try:
        answer = aws.s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=aws.identity.account)
    except ClientError as error:
        # 404: free. 403: somebody else's (or unreadable). 301 and 400: ours, but in another region.
        return error.response["Error"]["Code"] in {"404", "NoSuchBucket"}
    in_region = answer.get("BucketRegion", aws.region) == aws.region
    return in_region and _holder(aws, bucket) in {None, stack}


def _role_is_usable(aws: Aws, role: str) -> bool:
    try:
        aws.iam.get_role(RoleName=role)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchEntity":
            return True
        raise
    return False  # a role is never adopted: it may grant anything


def _holder(aws: Aws, physical_id: str) -> str | None:
    """The stack that owns a resource, ``None`` when none does."""
    try:
        found = aws.cloudformation.describe_stack_resources(PhysicalResourceId=physical_id)["StackResources"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":  # "Stack for … does not exist"
            return None
        raise
    return found[0]["StackName"] if found else None
