"""Compare the settings of a deployed stack's buckets and table with the template.

CloudFormation imports an existing resource without applying settings to it, and compares later updates with its
own template only. An adopted bucket, or one that was changed by hand, would differ forever, so a deploy reads them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from zenoimg.pipeline.calls.service import expected_owner, is_missing, is_missing_bucket, is_not_configured
from zenoimg.pipeline.catalog import ATTENTION_INDEX, BY_DAY_INDEX
from zenoimg.stack.names import StackNames

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

_EVENTS = frozenset({"s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:*"})


def differences(s3: S3Client, names: StackNames, account: str, *, tls_only: bool) -> tuple[str, ...]:
    """Return the differing settings of the buckets, each in words that name the bucket.

    Raises botocore's ``ClientError`` for settings that cannot be read.
    """
    owner = expected_owner(account)
    found = []
    for bucket in names.buckets:
        place = {"Bucket": bucket, **owner}
        found += [f"{bucket}: {what}" for what in _of_any_bucket(s3, place, tls_only=tls_only)]
    originals = {"Bucket": names.originals_bucket, **owner}
    found += [f"{names.originals_bucket}: {what}" for what in _of_originals(s3, originals, names)]
    return tuple(found)


def table_differences(dynamodb: DynamoDBClient, names: StackNames, *, backups: bool) -> tuple[str, ...]:
    """Return the differing settings of the table, in words; ``backups`` checks point-in-time recovery as well.

    Raises botocore's ``ClientError`` for settings that cannot be read.
    """
    try:
        table = dynamodb.describe_table(TableName=names.table)["Table"]
    except ClientError as error:
        if is_missing(error):
            return (f"{names.table}: the table does not exist",)
        raise
    found = []
    indexes = {index["IndexName"] for index in table.get("GlobalSecondaryIndexes", [])}
    if missing := [name for name in (BY_DAY_INDEX, ATTENTION_INDEX) if name not in indexes]:
        found.append(f"it lacks the index {', '.join(missing)}")
    if backups:
        answer = dynamodb.describe_continuous_backups(TableName=names.table)["ContinuousBackupsDescription"]
        recovery = answer.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
        if recovery != "ENABLED":
            found.append("it has no point-in-time recovery")
    return tuple(f"{names.table}: {what}" for what in found)


def _of_any_bucket(s3: S3Client, place: dict[str, Any], *, tls_only: bool) -> Iterator[str]:
    block = _asked(lambda: s3.get_public_access_block(**place)["PublicAccessBlockConfiguration"])
    if not block or not all(block.get(key) for key in _ALL_BLOCKS):
        yield "public access is not blocked"
    if _asked(lambda: s3.get_bucket_encryption(**place)["ServerSideEncryptionConfiguration"]) is None:
        yield "it is not encrypted by default"
    if tls_only:
        policy = _asked(lambda: json.loads(s3.get_bucket_policy(**place)["Policy"]))
        if policy is None or not any(statement.get("Sid") == "TlsOnly" for statement in policy["Statement"]):
            yield "its policy allows plain HTTP"


def _of_originals(s3: S3Client, place: dict[str, Any], names: StackNames) -> Iterator[str]:
    if (_asked(lambda: dict(s3.get_bucket_versioning(**place))) or {}).get("Status") != "Enabled":
        yield "versioning is not enabled"
    answer = _asked(lambda: dict(s3.get_bucket_notification_configuration(**place))) or {}
    configured = {
        event
        for configuration in answer.get("LambdaFunctionConfigurations", [])
        if configuration["LambdaFunctionArn"].endswith(f":function:{names.processor_function}")
        for event in configuration["Events"]
    }
    if not configured >= _EVENTS:
        yield f"it does not notify {names.processor_function} of {', '.join(sorted(_EVENTS - configured))}"


_ALL_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


def _asked(question: Any) -> Any:
    """Return the answer, ``None`` when S3 reports that the setting does not exist."""
    try:
        return question()
    except ClientError as error:
        if is_not_configured(error) or is_missing_bucket(error):
            return None
        raise
