"""A first deploy adopts resources that have our tag or are named by the operator, if it can leave them intact."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from zenoimg.aws.session import Aws
from zenoimg.errors import ConfigurationError, UsageError
from zenoimg.operations.deploy.adoption import decide
from zenoimg.operations.deploy.adoption.decide import Existing
from zenoimg.operations.removal import destroy_data
from zenoimg.stack import read_back
from zenoimg.stack.names import StackNames
from zenoimg.stack.outputs import StackState

REGION, ACCOUNT = "eu-west-1", "123456789012"
NAMES = StackNames("zeno")
ORIGINALS, PROCESSED, TABLE = *NAMES.buckets, NAMES.table
OURS = [{"Key": "zenoimg:stack", "Value": "zeno"}]


@pytest.fixture
def aws() -> Iterator[Aws]:
    with mock_aws():
        yield Aws(region=REGION)


def make_bucket(name: str, tags: list[dict[str, str]] | None = None) -> Any:
    s3: Any = boto3.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    if tags:
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags})
    return s3


def make_table(*indexes: str, tags: list[dict[str, str]] | None = None) -> None:
    keys = {"by-day": ("DayShard", "CreatedAt"), "attention": ("Attention", "UpdatedAt")}
    named = {"ImageId", *(name for index in indexes for name in keys[index])}
    made: list[Any] = [
        {
            "IndexName": index,
            "KeySchema": [
                {"AttributeName": keys[index][0], "KeyType": "HASH"},
                {"AttributeName": keys[index][1], "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
        for index in indexes
    ]
    dynamodb: Any = boto3.client("dynamodb")
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "ImageId", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in sorted(named)],
        **({"GlobalSecondaryIndexes": made} if made else {}),
        **({"Tags": tags} if tags else {}),
    )


def notify_queue(s3: Any, bucket: str = ORIGINALS, **more: Any) -> None:
    sqs: Any = boto3.client("sqs")
    queue = sqs.create_queue(QueueName="virus-scan")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}],
    }
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    theirs = {"Id": "scan", "QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [theirs], **more}
    )


def first(aws: Aws, *adopt: str) -> Existing:
    return decide.before_first_deploy(aws, NAMES, frozenset(adopt), {})


def refused(aws: Aws, *adopt: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as error:
        first(aws, *adopt)
    assert error.value.exit_code == 3
    return error.value


def test_free_names_are_created(aws: Aws) -> None:
    created = dict.fromkeys(("OriginalsOrigin", "ProcessedOrigin", "TableOrigin"), "created")
    assert first(aws) == Existing((), created)


def test_tagged_resources_are_adopted_as_created_by_us(aws: Aws) -> None:
    make_bucket(ORIGINALS, OURS)
    make_table("by-day", "attention", tags=OURS)
    assert set(first(aws).parameters.values()) == {"created"}


def test_an_untagged_bucket_and_table_stop_the_deploy_with_their_settings_and_two_commands(aws: Aws) -> None:
    s3 = make_bucket(ORIGINALS, [{"Key": "team", "Value": "archive"}])
    s3.put_bucket_cors(
        Bucket=ORIGINALS, CORSConfiguration={"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}
    )
    rule = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 9}}
    s3.put_bucket_lifecycle_configuration(Bucket=ORIGINALS, LifecycleConfiguration={"Rules": [rule]})
    make_table("by-day", "attention")
    error = refused(aws)
    for line in (
        f"bucket {ORIGINALS}",
        "  has CORS: 1 rule",
        "  has lifecycle: old",
        "  has tags: team = archive",
        "  would be corrected: versioning is not enabled",
        "  would be corrected: the lifecycle rule old is not in the template",
        f"table {TABLE}",
        "  has indexes: by-day, attention",
        "  would be corrected: it has no point-in-time recovery",
    ):
        assert line in error.message.splitlines(), line
    assert f"`zenoimg deploy --adopt {TABLE} --adopt {ORIGINALS}`" in error.next_step
    assert "`zenoimg deploy --long-names`" in error.next_step


def test_named_resources_are_adopted_and_marked_as_such(aws: Aws) -> None:
    make_bucket(ORIGINALS)
    make_bucket(PROCESSED, OURS)
    existing = first(aws, ORIGINALS)
    assert [look.name for look in existing.looks] == [ORIGINALS]
    assert existing.parameters["OriginalsOrigin"] == "adopted"
    assert existing.parameters["ProcessedOrigin"] == "created"


def test_adopted_resources_stay_adopted(aws: Aws) -> None:
    make_bucket(ORIGINALS, [*OURS, {"Key": "zenoimg:origin", "Value": "adopted"}])
    assert first(aws).parameters["OriginalsOrigin"] == "adopted"


@pytest.mark.parametrize("tags", [None, OURS], ids=["theirs", "ours"])
def test_a_bucket_with_other_notifications_is_not_adopted_and_eventbridge_is_suggested(aws: Aws, tags: Any) -> None:
    notify_queue(make_bucket(ORIGINALS, tags))
    error = refused(aws, ORIGINALS)
    assert "queue virus-scan (s3:ObjectCreated:*)" in error.message
    assert "EventBridge" in error.next_step
    assert "[names]" in error.next_step


def test_events_to_eventbridge_stay_enabled(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    make_bucket(ORIGINALS, OURS)
    # moto omits an empty setting; S3 returns it (API reference of GetBucketNotificationConfiguration).
    monkeypatch.setattr(aws.s3, "get_bucket_notification_configuration", lambda **_: {"EventBridgeConfiguration": {}})
    assert first(aws).parameters["OriginalsEventBridge"] == "true"


def test_a_table_without_our_indexes_is_reported_with_the_commands_that_create_them(aws: Aws) -> None:
    make_table(tags=OURS)
    error = refused(aws)
    assert "it lacks the index by-day, attention" in error.message
    commands = [line for line in error.next_step.splitlines() if line.startswith("  ")]
    assert [command.split()[2] for command in commands if "while" not in command] == ["update-table"] * 2
    assert '"IndexName":"by-day"' in commands[0]
    assert commands[1].startswith("  while aws dynamodb describe-table"), "one index at a time"
    assert '"IndexName":"attention"' in commands[2]


def test_a_bucket_with_its_own_policy_is_reported_with_the_commands_that_remove_it(aws: Aws) -> None:
    s3 = make_bucket(PROCESSED, OURS)
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{PROCESSED}/*",
    }
    s3.put_bucket_policy(Bucket=PROCESSED, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    error = refused(aws)
    assert "it has a bucket policy" in error.message
    assert f"aws s3api delete-bucket-policy --bucket {PROCESSED}" in error.next_step


@pytest.mark.parametrize(
    ("name", "words"), [("zeno-archive", "has no bucket or table of that name"), (ORIGINALS, "there is no such bucket")]
)
def test_a_name_that_cannot_be_adopted_is_a_usage_error(aws: Aws, name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        first(aws, name)


def test_a_deployed_stack_adopts_nothing_more_and_keeps_its_names() -> None:
    with pytest.raises(UsageError, match="is deployed"):
        decide.refuse_on_deployed(NAMES, {}, frozenset({ORIGINALS}), long_names=False)
    with pytest.raises(UsageError, match="keeps its names"):
        decide.refuse_on_deployed(NAMES, {}, frozenset(), long_names=True)
    decide.refuse_on_deployed(NAMES, {"OriginalsOrigin": "adopted"}, frozenset({ORIGINALS}), long_names=False)


def test_settings_are_corrected_only_if_there_are_no_other_notifications(aws: Aws) -> None:
    s3 = make_bucket(ORIGINALS, OURS)
    differing = (f"{ORIGINALS}: versioning is not enabled",)
    (look,) = decide.before_correction(aws, NAMES, {}, differing).looks
    assert look.name == ORIGINALS
    notify_queue(s3)
    with pytest.raises(ConfigurationError, match="virus-scan"):
        decide.before_correction(aws, NAMES, {}, differing)
    assert decide.before_correction(aws, NAMES, {}, ()) == Existing(), "this bucket is not updated"


@pytest.mark.parametrize("lost", NAMES.buckets)
def test_a_deploy_recreates_a_deleted_bucket(aws: Aws, lost: str) -> None:
    for bucket in NAMES.buckets:
        if bucket != lost:
            make_bucket(bucket, OURS)
    wanted = decide.wanted_of(aws, NAMES, {})
    differing = [f"{lost}: {what}" for what in read_back.bucket_differences(aws.s3, lost, wanted)]
    assert differing, "a deploy inspects the bucket"
    (look,) = decide.before_correction(aws, NAMES, {}, differing).looks
    assert (look.name, look.settings, look.notifications, look.obstacle) == (lost, (), (), "")


@pytest.mark.parametrize("by", ["tag", "parameter"])
def test_adopted_resources_are_found_by_tag_and_by_stack_parameter(aws: Aws, by: str) -> None:
    adopted = [*OURS, {"Key": "zenoimg:origin", "Value": "adopted"}]
    make_bucket(ORIGINALS, adopted if by == "tag" else OURS)
    make_bucket(PROCESSED, OURS)
    outputs = {"OriginalsBucket": ORIGINALS, "ProcessedBucket": PROCESSED, "Table": TABLE}
    state = StackState("zeno", "CREATE_COMPLETE", "", {"OriginalsOrigin": "adopted"}, outputs)
    found = destroy_data.adopted(aws, (ORIGINALS, PROCESSED), TABLE, None if by == "tag" else state)
    assert found == (ORIGINALS,)
