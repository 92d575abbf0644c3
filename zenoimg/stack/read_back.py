"""Compare the settings of a stack's buckets and table with the template.

CloudFormation imports an existing resource without applying settings to it, and compares later updates only with its
own template. An adopted bucket, or one changed by hand, would differ forever, so a deploy reads the actual settings.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from zenoimg.pipeline.calls.service import expected_owner, is_missing, is_missing_bucket, is_not_configured
from zenoimg.pipeline.catalog import ATTENTION_INDEX, BY_DAY_INDEX
from zenoimg.pipeline.settings import other_class
from zenoimg.stack import ownership
from zenoimg.stack.names import StackNames

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

_EVENTS = frozenset({"s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:*"})
_ALL_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
#: Our indexes: name → key attributes (partition key, sort key), all of them strings.
INDEX_KEYS: Mapping[str, tuple[str, str]] = {
    BY_DAY_INDEX: ("DayShard", "CreatedAt"),
    ATTENTION_INDEX: ("Attention", "UpdatedAt"),
}
#: Template parameter: the table cannot be deleted before its protection is turned off.
PROTECTION = "TableDeletionProtection"
_DEFAULT_NONCURRENT_DAYS, _DEFAULT_TRANSITION_DAYS = "30", "30"  # values of the template's parameters
#: Days before which S3 moves nothing to STANDARD_IA
#: (https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html).
EARLIEST_INFREQUENT_DAYS = 30


@dataclass(frozen=True)
class Wanted:
    """The settings in the template. ``parameters`` are the stack's; the flags skip what an endpoint does not support.

    ``complete``: CloudFormation applies lifecycle rules and object ownership.
    """

    names: StackNames
    account: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    tls_only: bool = True
    complete: bool = True
    backups: bool = True


def differences(s3: S3Client, wanted: Wanted) -> tuple[str, ...]:
    """Describe the differing settings of both buckets, each with the name of the bucket.

    Raises botocore's ``ClientError`` for settings that cannot be read.
    """
    return tuple(f"{name}: {what}" for name in wanted.names.buckets for what in bucket_differences(s3, name, wanted))


def bucket_differences(s3: S3Client, bucket: str, wanted: Wanted) -> tuple[str, ...]:
    """Describe the differing settings of one bucket. Raises botocore's ``ClientError``."""
    place = {"Bucket": bucket, **expected_owner(wanted.account)}
    found = [*_of_any_bucket(s3, place, wanted)]
    if bucket == wanted.names.originals_bucket:
        found += _of_originals(s3, place, wanted.names)
    return tuple(found)


def table_differences(dynamodb: DynamoDBClient, wanted: Wanted) -> tuple[str, ...]:
    """Describe the differing settings of the table, each with its name.

    Raises botocore's ``ClientError`` for settings that cannot be read.
    """
    name = wanted.names.table
    try:
        table: Any = dynamodb.describe_table(TableName=name)["Table"]
    except ClientError as error:
        if is_missing(error):
            return (f"{name}: the table does not exist",)
        raise
    found = []
    if missing := missing_indexes(table):
        found.append(f"it lacks the index {', '.join(missing)}")
    if wanted.backups:
        answer = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        recovery = answer.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
        if recovery != "ENABLED":
            found.append("it has no point-in-time recovery")
    is_protected = bool(table.get("DeletionProtectionEnabled"))
    if wanted.complete and wanted.parameters.get(PROTECTION) == "true" and not is_protected:
        found.append("its deletion protection is off")
    found += _of_tags(ownership.table_tags(dynamodb, name), name, wanted)
    return tuple(f"{name}: {what}" for what in found)


def missing_indexes(table: Mapping[str, Any]) -> list[str]:
    """Return which of our indexes a table, as returned by DescribeTable, lacks."""
    indexes = {index["IndexName"] for index in table.get("GlobalSecondaryIndexes", [])}
    return [name for name in INDEX_KEYS if name not in indexes]


def asked(question: Callable[[], Any]) -> Any:
    """Return the response, or ``None`` if S3 reports that the setting or the bucket does not exist."""
    try:
        return question()
    except ClientError as error:
        if is_not_configured(error) or is_missing_bucket(error):
            return None
        raise


def is_ours(configuration: Mapping[str, Any], names: StackNames) -> bool:
    """Return whether a bucket notification invokes the processor."""
    return str(configuration.get("LambdaFunctionArn", "")).endswith(f":function:{names.processor_function}")


def _of_any_bucket(s3: S3Client, place: dict[str, Any], wanted: Wanted) -> Iterator[str]:
    block = asked(lambda: s3.get_public_access_block(**place)["PublicAccessBlockConfiguration"])
    if not block or not all(block.get(key) for key in _ALL_BLOCKS):
        yield "public access is not blocked"
    encryption = asked(lambda: s3.get_bucket_encryption(**place)["ServerSideEncryptionConfiguration"])
    if encryption is None:
        yield "it is not encrypted by default"
    elif (key := wanted.parameters.get("KmsKey")) and wanted.complete and _key_of(encryption) != key:
        yield f"it is not encrypted with {key} by default"
    controls = asked(lambda: s3.get_bucket_ownership_controls(**place)["OwnershipControls"])
    owner = controls["Rules"][0]["ObjectOwnership"] if controls else "not set"
    # S3 disables ACLs on new buckets, but an older bucket without the setting has them
    # (https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html).
    if owner != "BucketOwnerEnforced" and wanted.complete:
        yield f"object ownership is {owner} and not BucketOwnerEnforced, so ACLs apply"
    if wanted.tls_only:
        policy = asked(lambda: json.loads(s3.get_bucket_policy(**place)["Policy"]))
        if policy is None or not any(statement.get("Sid") == "TlsOnly" for statement in policy["Statement"]):
            yield "its policy allows plain HTTP"
    if wanted.complete:
        yield from _of_lifecycle(s3, place, wanted)
    yield from _of_tags(ownership.bucket_tags(s3, place["Bucket"], wanted.account), place["Bucket"], wanted)


def _key_of(encryption: Mapping[str, Any]) -> str:
    rule = encryption["Rules"][0].get("ApplyServerSideEncryptionByDefault", {})
    return str(rule.get("KMSMasterKeyID", ""))


def _of_lifecycle(s3: S3Client, place: dict[str, Any], wanted: Wanted) -> Iterator[str]:
    answer = asked(lambda: s3.get_bucket_lifecycle_configuration(**place)["Rules"]) or []
    rules = {rule.get("ID", "without a name"): _essence(rule) for rule in answer}
    ours = lifecycle_rules(place["Bucket"], wanted)
    for name in sorted(ours.keys() | rules.keys()):
        if name not in rules:
            yield f"it lacks the lifecycle rule {name}"
        elif name not in ours:
            yield f"the lifecycle rule {name} is not in the template"
        elif rules[name] != ours[name]:
            yield f"the lifecycle rule {name} differs from the template"


def lifecycle_rules(bucket: str, wanted: Wanted) -> dict[str, dict[str, Any]]:
    """Return the template's lifecycle rules for a bucket by name, in the form of the S3 API."""
    rules: dict[str, dict[str, Any]] = {
        "unfinished-uploads": {"Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}
    }
    if bucket == wanted.names.originals_bucket:
        days = int(wanted.parameters.get("NoncurrentVersionDays", _DEFAULT_NONCURRENT_DAYS))
        rules["old-versions"] = {
            "Status": "Enabled",
            "NoncurrentVersionExpiration": {"NoncurrentDays": days},
            "Expiration": {"ExpiredObjectDeleteMarker": True},
        }
        if (storage_class := other_class(wanted.parameters.get("OriginalsStorageClass"))) is not None:
            rules["storage-class"] = {
                "Status": "Enabled",
                "Transitions": [{"Days": _transition_days(storage_class, wanted), "StorageClass": storage_class}],
            }
    return rules


def _transition_days(storage_class: str, wanted: Wanted) -> int:
    """Return the number of days after which the template's rule moves originals to a storage class."""
    days = int(wanted.parameters.get("OriginalsTransitionDays", _DEFAULT_TRANSITION_DAYS))
    return EARLIEST_INFREQUENT_DAYS if (storage_class, days) == ("STANDARD_IA", 0) else days


def _essence(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rule without its name, and without a filter that selects everything."""
    everything: tuple[Any, ...] = ("", {}, {"Prefix": ""})
    return {
        key: value
        for key, value in rule.items()
        if key != "ID" and not (key in ("Filter", "Prefix") and value in everything)
    }


def _of_tags(tags: Mapping[str, str] | None, name: str, wanted: Wanted) -> Iterator[str]:
    if not ownership.is_of_stack(tags, wanted.names.stack):
        yield f"it lacks the tag {ownership.STACK_TAG} = {wanted.names.stack}"
    origin = ownership.origins(wanted.names, wanted.parameters)[name]
    if ownership.is_adopted(tags) is not (origin == ownership.ADOPTED):
        yield f"its tag {ownership.ORIGIN_TAG} is not {origin}"


def _of_originals(s3: S3Client, place: dict[str, Any], names: StackNames) -> Iterator[str]:
    if (asked(lambda: dict(s3.get_bucket_versioning(**place))) or {}).get("Status") != "Enabled":
        yield "versioning is not enabled"
    answer = asked(lambda: dict(s3.get_bucket_notification_configuration(**place))) or {}
    configured = {
        event
        for configuration in answer.get("LambdaFunctionConfigurations", [])
        if is_ours(configuration, names)
        for event in configuration["Events"]
    }
    if not configured >= _EVENTS:
        yield f"it does not notify {names.processor_function} of {', '.join(sorted(_EVENTS - configured))}"
