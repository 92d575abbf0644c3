"""Names on the embedded AWS: regions, stacks, foreign resources, and what earlier stacks left."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.drawn.pictures import jpeg, photo
from tests.local.bench import ORIGINALS, PROCESSED, TABLE, Bench
from zenoimg.aws.session import Aws
from zenoimg.config.load import Settings
from zenoimg.local import ACCESS_KEY, REGION, SECRET_KEY, EmbeddedAws, LocalSettings
from zenoimg.operations.deploy.planning import prepare
from zenoimg.operations.deploy.run import run
from zenoimg.operations.deploy.target import Target

pytestmark = [pytest.mark.local, pytest.mark.thorough]

STRANGER = "111111111111"  # the embedded AWS treats an access key of twelve digits as an account


@pytest.fixture
def bench(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Bench]:
    pytest.importorskip("ministack")
    made = Bench(EmbeddedAws(LocalSettings(tmp_path / "home", free_port(), enforce_iam=True)), tmp_path)
    made.embedded.start()
    yield made
    made.embedded.stop()


def client_of(bench: Bench, service: Any, *, key: str = ACCESS_KEY, region: str = REGION) -> Any:
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=bench.embedded.settings.endpoint_url,
        aws_access_key_id=key,
        aws_secret_access_key=SECRET_KEY,
    )


def stack(bench: Bench) -> dict[str, Any]:
    (found,) = bench.client("cloudformation").describe_stacks(StackName="zeno")["Stacks"]
    return {key: value for key, value in found.items() if key != "ResponseMetadata"}


def test_a_second_region_gets_its_own_names_and_does_not_affect_the_first(bench: Bench) -> None:
    bench.zenoimg("deploy")
    bench.write("a.jpg", jpeg(photo((200, 150), "RGB", seed=1)))
    bench.zenoimg("upload", "a.jpg")
    first = stack(bench)
    roles = {role["Arn"] for role in bench.client("iam").list_roles()["Roles"]}
    endpoint = bench.embedded.settings.endpoint_url
    there = Aws(region="eu-west-1", endpoint_url=endpoint, credentials=(ACCESS_KEY, SECRET_KEY), local=True)
    target = Target(there, Settings(local=True))
    plan = prepare(target, lambda _: None)
    assert plan.names.originals_bucket == f"{ORIGINALS}-000000000000-eu-west-1"
    assert plan.names.processor_role == "role-image-processor-eu-west-1"
    assert {change.action for change in plan.changes} == {"Add"}
    outcome = run(target, plan, lambda _: None)
    assert outcome.smoke_test is not None
    assert outcome.smoke_test.passed
    assert outcome.deployment.originals_bucket == plan.names.originals_bucket
    assert prepare(target, lambda _: None).change_set is None, "the second deploy there keeps the names of the first"
    assert {role["Arn"] for role in bench.client("iam").list_roles()["Roles"]} > roles
    assert set(bench.records()) == {"a.jpg"}
    assert stack(bench) == first


def test_a_second_stack_exists_next_to_the_first_and_is_destroyed_alone(bench: Bench) -> None:
    bench.zenoimg("deploy")
    first = stack(bench)
    acme = bench.json("--stack", "acme", "deploy")
    assert acme["outputs"]["originals_bucket"] == "acme-original-images"
    bench.write("a.jpg", jpeg(photo((200, 150), "RGB", seed=1)))
    bench.zenoimg("upload", "a.jpg")
    bench.zenoimg("--stack", "acme", "upload", "a.jpg")
    gone = bench.json("destroy", "--stack", "acme", "--delete-data", "--yes")
    assert {item["bucket"] for item in gone["data"]} >= {"acme-original-images", "acme-processed-images"}
    buckets = {bucket["Name"] for bucket in bench.client("s3").list_buckets()["Buckets"]}
    assert buckets == {ORIGINALS, PROCESSED, "zenoimg-artifacts-000000000000-us-east-1"}
    assert bench.client("dynamodb").list_tables()["TableNames"] == [TABLE]
    assert set(bench.records()) == {"a.jpg"}
    assert stack(bench) == first


def test_foreign_resources_are_left_alone_and_our_names_qualified(bench: Bench) -> None:
    theirs = client_of(bench, "s3", key=STRANGER)
    theirs.create_bucket(Bucket=PROCESSED)
    theirs.put_object(Bucket=PROCESSED, Key="precious", Body=b"theirs")
    done = bench.zenoimg("deploy")
    assert "A default name is taken" in done.stderr
    assert f"{ORIGINALS}-000000000000-us-east-1" in done.stderr
    bench.write("a.jpg", jpeg(photo((200, 150), "RGB", seed=1)))
    (uploaded,) = bench.json("upload", "a.jpg")
    assert uploaded["Result"] == "processed"
    bench.zenoimg("destroy", "--delete-data", "--yes", "--stack", "zeno")
    assert theirs.get_object(Bucket=PROCESSED, Key="precious")["Body"].read() == b"theirs"
    with pytest.raises(ClientError):
        bench.client("s3").head_bucket(Bucket=f"{ORIGINALS}-000000000000-us-east-1")


def test_a_taken_queue_name_and_a_foreign_table_stop_the_deploy_before_anything_is_created(bench: Bench) -> None:
    bench.client("sqs").create_queue(QueueName="zeno-backfill")
    bench.client("dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    done = bench.zenoimg("deploy", code=4)
    assert "the queue zeno-backfill exists" in done.stderr
    assert "the table zeno-images has the key id (S); zenoimg needs ImageId (S)" in done.stderr
    assert bench.client("cloudformation").describe_stacks()["Stacks"] == []
    assert bench.client("s3").list_buckets()["Buckets"] == []


def test_an_interrupted_first_deploy_is_resumed_and_leftover_data_deleted_by_name(bench: Bench) -> None:
    cloudformation = bench.client("cloudformation")
    cloudformation.create_change_set(
        StackName="zeno",
        ChangeSetName="zenoimg-interrupted",
        ChangeSetType="CREATE",
        TemplateBody='{"Resources":{"Q":{"Type":"AWS::SQS::Queue"}}}',
    )
    assert cloudformation.describe_stacks()["Stacks"][0]["StackStatus"] == "REVIEW_IN_PROGRESS"
    assert bench.json("deploy")["result"] == "deployed"
    bench.write("a.jpg", jpeg(photo((200, 150), "RGB", seed=1)))
    bench.zenoimg("upload", "a.jpg")
    bench.zenoimg("destroy", "--yes")
    gone = bench.json("destroy", "--delete-data", "--yes", "--stack", "zeno")
    assert gone["removed"] == []
    assert {item["bucket"]: item["versions"] for item in gone["data"]}[ORIGINALS] == 1
    assert bench.client("s3").list_buckets()["Buckets"] == []
    assert bench.client("dynamodb").list_tables()["TableNames"] == []


def test_a_non_empty_bucket_that_a_template_would_delete_is_kept_here_as_well(bench: Bench) -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": ORIGINALS}}
    body = json.dumps({"Resources": {"OriginalsBucket": bucket}})
    bench.client("cloudformation").create_stack(StackName="zeno", TemplateBody=body)
    stands = lambda: bench.client("cloudformation").describe_stacks()["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"  # noqa: E731
    bench.until(stands, "the stack stands")
    bench.client("s3").put_object(Bucket=ORIGINALS, Key="precious", Body=b"photo")
    assert "which holds objects" in bench.zenoimg("destroy", "--yes", code=4).stderr
    assert bench.client("s3").get_object(Bucket=ORIGINALS, Key="precious")["Body"].read() == b"photo"
