"""Read the settings of an existing bucket or table, and what a deploy would change."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from zenoimg.aws.session import Aws
from zenoimg.pipeline.calls.service import expected_owner
from zenoimg.stack import ownership, read_back
from zenoimg.stack.read_back import Wanted, asked
from zenoimg.suggest import suggest_aws

_NAMED = 4  # rules, tags, indexes that are listed individually

#: Notification types in the response of GetBucketNotificationConfiguration: the key, the field of the ARN, a name.
_NOTIFIED = (
    ("QueueConfigurations", "QueueArn", "queue"),
    ("TopicConfigurations", "TopicArn", "topic"),
    ("LambdaFunctionConfigurations", "LambdaFunctionArn", "function"),
)


@dataclass(frozen=True)
class Look:
    """The settings of one bucket or table.

    ``settings`` describes them in words, ``changes`` those that a deploy corrects. ``notifications`` lists those to
    others, which CloudFormation would replace. ``obstacle`` says what no deploy can change, and ``remedy`` holds the
    commands that do. ``is_protected`` is set for a table with deletion protection.
    """

    name: str
    kind: Literal["bucket", "table"]
    settings: tuple[str, ...]
    changes: tuple[str, ...]
    notifications: tuple[str, ...] = ()
    sends_to_eventbridge: bool = False
    obstacle: str = ""
    remedy: tuple[str, ...] = ()
    is_protected: bool = False


def look_at_bucket(aws: Aws, bucket: str, wanted: Wanted, *, is_in_stack: bool) -> Look:
    """Return the settings of a bucket; empty if it was deleted, since a deploy recreates it.

    Raises botocore's ``ClientError`` for settings that cannot be read.
    """
    s3, place = aws.s3, {"Bucket": bucket, **expected_owner(wanted.account)}
    answer: dict[str, Any] = asked(lambda: dict(s3.get_bucket_notification_configuration(**place))) or {}
    others = tuple(_notifications(answer, wanted))
    policy = asked(lambda: json.loads(s3.get_bucket_policy(**place)["Policy"]))
    obstacle = ""
    if policy is not None and wanted.tls_only and not is_in_stack:
        # The stack creates its own bucket policy, and a bucket can have only one. CloudFormation does not import
        # bucket policies automatically: they have no name of their own in a template
        # (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html).
        obstacle = "it has a bucket policy, and the stack creates its own"
    return Look(
        bucket,
        "bucket",
        (*_settings(aws, place, others, policy), *(["EventBridge: on"] if _has_eventbridge(answer) else [])),
        read_back.bucket_differences(s3, bucket, wanted),
        others,
        _has_eventbridge(answer),
        obstacle,
        _policy_remedy(bucket) if obstacle else (),
    )


def look_at_table(aws: Aws, wanted: Wanted) -> Look:
    """Return the settings of the table. Raises botocore's ``ClientError`` for those that cannot be read."""
    name = wanted.names.table
    table: dict[str, Any] = dict(aws.dynamodb.describe_table(TableName=name)["Table"])
    changes = [line.removeprefix(f"{name}: ") for line in read_back.table_differences(aws.dynamodb, wanted)]
    missing = read_back.missing_indexes(table)
    obstacle = ""
    if missing:
        # DynamoDB creates one index at a time
        # (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.OnlineOps.html).
        obstacle = f"it lacks the index {', '.join(missing)}, and an import creates no indexes"
    return Look(
        name,
        "table",
        tuple(_table_settings(aws, table)),
        tuple(changes),
        obstacle=obstacle,
        remedy=tuple(_index_remedy(table, missing)),
        is_protected=bool(table.get("DeletionProtectionEnabled")),
    )


def _notifications(answer: Mapping[str, Any], wanted: Wanted) -> Iterator[str]:
    for key, arn, kind in _NOTIFIED:
        for each in answer.get(key, []):
            if not read_back.is_ours(each, wanted.names):
                yield f"{kind} {each[arn].rpartition(':')[2]} ({', '.join(each['Events'])})"


def _has_eventbridge(answer: Mapping[str, Any]) -> bool:
    return "EventBridgeConfiguration" in answer


def _settings(aws: Aws, place: dict[str, Any], others: Sequence[str], policy: Any) -> Iterator[str]:
    s3 = aws.s3
    if others:
        yield f"notifications: {'; '.join(others)}"
    read: tuple[tuple[str, Callable[[], Any], Callable[[Any], str]], ...] = (
        ("lifecycle", lambda: s3.get_bucket_lifecycle_configuration(**place)["Rules"], _rules),
        ("CORS", lambda: s3.get_bucket_cors(**place)["CORSRules"], lambda found: _count(len(found), "rule")),
        ("replication", lambda: s3.get_bucket_replication(**place)["ReplicationConfiguration"]["Rules"], _rules),
        ("policy", lambda: policy, lambda found: _count(len(found["Statement"]), "statement")),
        ("encryption", lambda: s3.get_bucket_encryption(**place)["ServerSideEncryptionConfiguration"], _encryption),
        ("object ownership", lambda: s3.get_bucket_ownership_controls(**place)["OwnershipControls"], _owner),
        ("versioning", lambda: s3.get_bucket_versioning(**place).get("Status"), str),
        ("tags", lambda: s3.get_bucket_tagging(**place)["TagSet"], _tags),
    )
    for name, question, words in read:
        if found := asked(question):
            yield f"{name}: {words(found)}"


def _table_settings(aws: Aws, table: Mapping[str, Any]) -> Iterator[str]:
    if names := [index["IndexName"] for index in table.get("GlobalSecondaryIndexes", [])]:
        yield f"indexes: {_listed(names)}"
    yield f"billing: {table.get('BillingModeSummary', {}).get('BillingMode', 'PROVISIONED')}"
    yield f"encryption: {table.get('SSEDescription', {}).get('SSEType', 'a key owned by AWS')}"
    yield f"deletion protection: {'on' if table.get('DeletionProtectionEnabled') else 'off'}"
    if "StreamSpecification" in table:
        yield f"stream: {table['StreamSpecification'].get('StreamViewType', 'on')}"
    yield f"records: about {table.get('ItemCount', 0):,}"
    if tags := ownership.table_tags(aws.dynamodb, table["TableName"]):
        yield f"tags: {_listed([f'{key} = {value}' for key, value in tags.items()])}"


def _rules(rules: Sequence[Mapping[str, Any]]) -> str:
    return _listed([rule.get("ID") or "a rule without a name" for rule in rules])


def _encryption(found: Mapping[str, Any]) -> str:
    rule = found["Rules"][0].get("ApplyServerSideEncryptionByDefault", {})
    key = rule.get("KMSMasterKeyID", "")
    return f"{rule.get('SSEAlgorithm', 'on')}{f' with {key}' if key else ''}"


def _owner(found: Mapping[str, Any]) -> str:
    return str(found["Rules"][0]["ObjectOwnership"])


def _tags(tags: Sequence[Mapping[str, str]]) -> str:
    return _listed([f"{tag['Key']} = {tag['Value']}" for tag in tags])


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _policy_remedy(bucket: str) -> tuple[str, ...]:
    read = suggest_aws("s3api", "get-bucket-policy", "--bucket", bucket, "--query", "Policy", "--output", "text")
    return f"{read} > {bucket}-policy.json", suggest_aws("s3api", "delete-bucket-policy", "--bucket", bucket)


def _index_remedy(table: Mapping[str, Any], missing: Sequence[str]) -> Iterator[str]:
    """Yield the commands that create the indexes, one after the other."""
    at = ("--table-name", str(table["TableName"]))
    if missing and table.get("BillingModeSummary", {}).get("BillingMode") != "PAY_PER_REQUEST":
        # An index of a provisioned table needs its own capacity; the stack's table is on demand.
        yield suggest_aws("dynamodb", "update-table", *at, "--billing-mode", "PAY_PER_REQUEST")
        yield suggest_aws("dynamodb", "wait", "table-exists", *at)
    for number, index in enumerate(missing):
        if number:
            statuses = ("--query", "Table.GlobalSecondaryIndexes[].IndexStatus", "--output", "text")
            look = suggest_aws("dynamodb", "describe-table", *at, *statuses)
            yield f"while {look} | grep -q CREATING; do sleep 10; done"
        keys = read_back.INDEX_KEYS[index]
        types = [f"AttributeName={name},AttributeType=S" for name in ("ImageId", *keys)]
        schema = [{"AttributeName": name, "KeyType": kind} for name, kind in zip(keys, ("HASH", "RANGE"), strict=True)]
        create = {"IndexName": index, "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}}
        updates = json.dumps([{"Create": create}], separators=(",", ":"))
        options = ("--attribute-definitions", *types, "--global-secondary-index-updates", updates)
        yield suggest_aws("dynamodb", "update-table", *at, *options)
