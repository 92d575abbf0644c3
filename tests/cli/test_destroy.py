"""``zenoimg destroy`` on moto: what is deleted, what is kept, and what has to be confirmed before data is deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.cli.conftest import Terminal
from zenoimg.aws.session import Aws, Identity
from zenoimg.operations.removal import destroy as operation
from zenoimg.stack.change_set.lifecycle import ChangeSets

BUCKETS = ("zeno-original-images", "zeno-processed-images")
ARTIFACTS = "zenoimg-artifacts-123456789012-eu-west-1"
TAGS = [{"Key": "zenoimg:stack", "Value": "zeno"}]


def template(policy: str = "Retain") -> dict[str, Any]:
    resources: dict[str, Any] = {
        name: {
            "Type": "AWS::S3::Bucket",
            "DeletionPolicy": policy,
            "Properties": {"BucketName": bucket, "Tags": TAGS},
        }
        for name, bucket in zip(("OriginalsBucket", "ProcessedBucket"), BUCKETS, strict=True)
    }
    resources["Backfill"] = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "zeno-backfill"}}
    outputs = {"OriginalsBucket": BUCKETS[0], "ProcessedBucket": BUCKETS[1], "Table": "zeno-images"}
    return {"Resources": resources, "Outputs": {key: {"Value": value} for key, value in outputs.items()}}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(Aws, "identity", Identity("123456789012", "eu-west-1", "aws"))
    with mock_aws():
        yield


@pytest.fixture
def stack(account: None) -> None:
    make_stack(template())


def make_stack(body: dict[str, Any]) -> None:
    """Create a stack with its buckets, a table outside of it, and zips of this stack and another one."""
    boto3.client("cloudformation").create_stack(StackName="zeno", TemplateBody=json.dumps(body))
    make_table()
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=ARTIFACTS, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for key in ("zeno/1.zip", "zeno/2.zip", "acme/1.zip"):
        s3.put_object(Bucket=ARTIFACTS, Key=key, Body=b"zip")
    s3.put_bucket_versioning(Bucket=BUCKETS[0], VersioningConfiguration={"Status": "Enabled"})
    for body_ in (b"one", b"two"):
        s3.put_object(Bucket=BUCKETS[0], Key="a.jpg", Body=body_)
    s3.delete_object(Bucket=BUCKETS[0], Key="a.jpg")
    s3.put_object(Bucket=BUCKETS[1], Key="processed/a.jpg", Body=b"copy")


def make_table() -> None:
    boto3.client("dynamodb").create_table(
        TableName="zeno-images",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "ImageId", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "ImageId", "AttributeType": "S"}],
        Tags=TAGS,  # type: ignore[arg-type]
    )


def buckets() -> set[str]:
    return {bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]}


def tables() -> list[str]:
    return boto3.client("dynamodb").list_tables()["TableNames"]


def zips() -> list[str]:
    return [item["Key"] for item in boto3.client("s3").list_objects_v2(Bucket=ARTIFACTS).get("Contents", [])]


def test_data_is_kept_unless_its_deletion_is_requested(stack: None, terminal: Terminal) -> None:
    planned = terminal.json("destroy", "--dry-run")
    assert planned["result"] == "planned"
    assert planned["stays"] == [*BUCKETS, "zeno-images"]
    assert [item["logical_id"] for item in planned["removed"]] == ["Backfill"]
    done = terminal.run("destroy", "--yes")
    assert "Kept with their contents: zeno-original-images" in done.stderr
    assert buckets() == {*BUCKETS, ARTIFACTS}
    assert tables() == ["zeno-images"]
    assert len(zips()) == 3
    assert boto3.client("cloudformation").describe_stacks()["Stacks"] == []


def test_data_is_deleted_with_all_versions_and_markers_and_the_stacks_own_zips(stack: None, terminal: Terminal) -> None:
    done = terminal.json("destroy", "--delete-data", "--yes", "--stack", "zeno")
    assert done["stays"] == []
    counted = {item["bucket"]: (item["versions"], item["markers"]) for item in done["data"]}
    assert counted == {BUCKETS[0]: (2, 1), BUCKETS[1]: (1, 0), ARTIFACTS: (2, 0)}
    assert buckets() == {ARTIFACTS}
    assert tables() == []
    assert zips() == ["acme/1.zip"], "another stack's"


def test_a_protected_table_is_deleted_only_with_the_data(stack: None, terminal: Terminal) -> None:
    boto3.client("dynamodb").update_table(TableName="zeno-images", DeletionProtectionEnabled=True)
    terminal.run("destroy", "--yes")
    assert tables() == ["zeno-images"]
    assert boto3.client("dynamodb").describe_table(TableName="zeno-images")["Table"]["DeletionProtectionEnabled"]
    terminal.run("destroy", "--delete-data", "--yes", "--stack", "zeno")
    assert tables() == []


@pytest.mark.thorough
def test_the_artifacts_bucket_is_deleted_with_the_last_stack(stack: None, terminal: Terminal) -> None:
    boto3.client("s3").delete_object(Bucket=ARTIFACTS, Key="acme/1.zip")
    terminal.run("destroy", "--delete-data", "--yes", "--stack", "zeno")
    assert buckets() == set()


@pytest.mark.thorough
@pytest.mark.parametrize("arguments", [[], ["--yes"], ["--stack", "zeno"]])
def test_without_a_terminal_data_needs_yes_and_the_stacks_name(
    stack: None, terminal: Terminal, arguments: list[str]
) -> None:
    done = terminal.run("destroy", "--delete-data", *arguments, code=2)
    assert "Add --yes and --stack zeno." in done.stderr
    assert "nothing can be restored" in done.stderr
    assert "bucket zeno-original-images: 2 versions, 6 B" in done.stderr
    assert buckets() == {*BUCKETS, ARTIFACTS}
    assert len(boto3.client("cloudformation").describe_stacks()["Stacks"]) == 1


@pytest.mark.thorough
def test_a_stack_name_in_a_variable_does_not_count_as_confirmation(
    stack: None, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZENOIMG_STACK", "zeno")
    terminal.run("destroy", "--delete-data", "--yes", code=2)
    assert buckets() == {*BUCKETS, ARTIFACTS}


@pytest.mark.thorough
@pytest.mark.parametrize(("typed", "code"), [("zeno", 0), ("yes", 1), ("", 1)])
def test_on_a_terminal_the_name_must_be_typed(
    stack: None, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, typed: str, code: int
) -> None:
    monkeypatch.setattr("zenoimg.cli.terminal.screen.Screen.is_interactive", True)
    monkeypatch.setattr("builtins.input", lambda: typed)
    terminal.run("destroy", "--delete-data", code=code)
    assert (buckets() == {ARTIFACTS}) is (code == 0)


@pytest.mark.thorough
def test_an_interrupted_run_is_resumed_even_if_the_stack_is_gone(
    stack: None, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal.run("destroy", "--yes")
    boto3.client("s3").create_bucket(
        Bucket="zeno-original-images-of-others", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    again = terminal.run("destroy", "--delete-data", "--yes", "--stack", "zeno")
    assert "The stack zeno in AWS account 123456789012, eu-west-1 does not exist; its data does." in again.stderr
    assert buckets() == {ARTIFACTS, "zeno-original-images-of-others"}
    assert tables() == []
    assert "left no data" in terminal.run("destroy", "--delete-data", "--yes", "--stack", "zeno", code=3).stderr


@pytest.mark.thorough
def test_buckets_and_tables_without_our_tag_are_never_touched(account: None, terminal: Terminal) -> None:
    s3 = boto3.client("s3")
    for bucket in BUCKETS:
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_tagging(Bucket=BUCKETS[1], Tagging={"TagSet": [{"Key": "zenoimg:stack", "Value": "other"}]})
    make_table()
    arn = boto3.client("dynamodb").describe_table(TableName="zeno-images")["Table"]["TableArn"]
    boto3.client("dynamodb").untag_resource(ResourceArn=arn, TagKeys=["zenoimg:stack"])
    done = terminal.run("destroy", "--delete-data", "--yes", "--stack", "zeno", code=3)
    assert "left no data" in done.stderr
    assert buckets() == set(BUCKETS)
    assert tables() == ["zeno-images"]


@pytest.mark.thorough
def test_a_non_empty_bucket_that_the_template_would_delete_stops_the_removal(account: None, terminal: Terminal) -> None:
    make_stack(template("Delete"))
    done = terminal.run("destroy", "--yes", code=4)
    assert "does not retain zeno-original-images, zeno-processed-images, which holds objects" in done.stderr
    assert "--delete-data" in done.stderr
    assert buckets() == {*BUCKETS, ARTIFACTS}
    terminal.run("destroy", "--delete-data", "--yes", "--stack", "zeno")
    assert buckets() == {ARTIFACTS}


def test_an_empty_stack_left_by_an_interruption_is_removed(account: None, terminal: Terminal) -> None:
    boto3.client("cloudformation").create_change_set(
        StackName="zeno",
        ChangeSetName="zenoimg-1",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps({"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}),
    )
    assert terminal.json("destroy", "--yes")["removed"] == []
    assert boto3.client("cloudformation").describe_stacks()["Stacks"] == []


def test_ctrl_c_reports_that_cloudformation_continues(
    stack: None, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: ChangeSets, stack: str) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(operation.Destroy, "remove_stack", interrupted)
    shown = terminal.run("destroy", "--yes", code=130).stderr
    assert "CloudFormation continues with the change" in shown
    assert "`zenoimg destroy`" in shown


def test_ctrl_c_during_data_deletion_reports_what_is_gone_and_how_to_continue(
    stack: None, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    from zenoimg.operations.removal import destroy_data

    def interrupted(*_: Any) -> Iterator[str]:
        yield "bucket zeno-original-images, 3 versions and markers"
        raise KeyboardInterrupt

    monkeypatch.setattr(destroy_data, "delete", interrupted)
    shown = terminal.run("destroy", "--delete-data", "--yes", "--stack", "zeno", code=130).stderr
    assert (
        "Interrupted: bucket zeno-original-images, 3 versions and markers deleted. Rerun the command to continue."
        in shown
    )
