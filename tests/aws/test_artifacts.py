from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from tests.aws.conftest import ACCOUNT
from tests.conftest import REGION
from zenoimg.errors import RefusedByAwsError
from zenoimg.stack.bundle.artifact import Artifact
from zenoimg.stack.bundle.store import ArtifactStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = f"zenoimg-artifacts-{ACCOUNT}-{REGION}"
ZIPS = (Artifact("functions", b"functions"), Artifact("packages", b"packages"), Artifact("recipe", b"recipe"))


Connect = Callable[..., "S3Client"]


@pytest.fixture
def policies() -> list[dict[str, Any]]:
    """Return the bucket policies that were put."""
    return []


@pytest.fixture
def connect(session: boto3.Session, policies: list[dict[str, Any]]) -> Connect:
    """Makes clients of S3 that note bucket policies and put a toothless one.

    moto holds a Deny to be meant for every call, whatever its condition says.
    """

    def note(params: dict[str, Any], **_: object) -> dict[str, Any]:
        policies.append(json.loads(params["Policy"]))
        toothless = {"Version": "2012-10-17", "Statement": [{**policies[-1]["Statement"][0], "Effect": "Allow"}]}
        return {**params, "Policy": json.dumps(toothless)}

    def connect(region: str = REGION) -> S3Client:
        client = session.client("s3", region_name=region)
        # The returned value is sent instead; the stubs do not allow that.
        client.meta.events.register("provide-client-params.s3.PutBucketPolicy", note)  # type: ignore[arg-type]
        return client

    return connect


@pytest.fixture
def client(connect: Connect) -> S3Client:
    return connect()


@pytest.fixture
def store(client: S3Client) -> ArtifactStore:
    return ArtifactStore(client, ACCOUNT, REGION)


def keys(client: S3Client) -> set[str]:
    return {found["Key"] for found in client.list_objects_v2(Bucket=BUCKET).get("Contents", [])}


def test_the_first_upload_creates_the_bucket_and_sends_every_zip_under_its_hash(
    client: S3Client, store: ArtifactStore
) -> None:
    assert store.upload("zeno", ZIPS) == 3
    assert keys(client) == {f"zeno/{zipped.sha256}.zip" for zipped in ZIPS}
    assert client.get_object(Bucket=BUCKET, Key=ZIPS[0].key("zeno"))["Body"].read() == b"functions"


def test_the_bucket_is_closed_to_the_public_and_to_plain_http(
    client: S3Client, store: ArtifactStore, policies: list[dict[str, Any]]
) -> None:
    store.upload("zeno", ZIPS)
    blocked = client.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    assert blocked == dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
    )
    assert client.get_bucket_policy(Bucket=BUCKET)
    (policy,) = policies
    (statement,) = policy["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]


def test_the_bucket_is_encrypted_and_tagged(client: S3Client, store: ArtifactStore) -> None:
    store.upload("zeno", ZIPS)
    (rule,) = client.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert client.get_bucket_tagging(Bucket=BUCKET)["TagSet"] == [{"Key": "zenoimg:artifacts", "Value": "true"}]
    ownership = client.get_bucket_ownership_controls(Bucket=BUCKET)["OwnershipControls"]["Rules"]
    assert ownership == [{"ObjectOwnership": "BucketOwnerEnforced"}]


@pytest.mark.parametrize("region", ["us-east-1", "ap-southeast-1"])
def test_the_bucket_is_in_the_region_of_the_stack(region: str, connect: Connect) -> None:
    client = connect(region)
    ArtifactStore(client, ACCOUNT, region).upload("zeno", ZIPS)
    found = client.get_bucket_location(Bucket=f"zenoimg-artifacts-{ACCOUNT}-{region}")["LocationConstraint"]
    assert (found or "us-east-1") == region


def test_the_policy_names_the_partition(connect: Connect, policies: list[dict[str, Any]]) -> None:
    region = "us-gov-west-1"
    ArtifactStore(connect(region), ACCOUNT, region, "aws-us-gov").upload("zeno", ZIPS)
    assert all(arn.startswith("arn:aws-us-gov:s3:::") for arn in policies[0]["Statement"][0]["Resource"])


def test_existing_artifacts_are_not_sent_again(client: S3Client, store: ArtifactStore) -> None:
    store.upload("zeno", ZIPS)
    sent: list[str] = []
    client.meta.events.register("provide-client-params.s3.PutObject", lambda params, **_: sent.append(params["Key"]))
    assert store.upload("zeno", ZIPS) == 0
    changed = Artifact("recipe", b"another recipe")
    assert store.upload("zeno", (*ZIPS[:2], changed)) == 1
    assert sent == [changed.key("zeno")]
    assert ZIPS[2].key("zeno") in keys(client), "a running stack may still use it"


def test_stacks_share_the_bucket_but_no_objects(client: S3Client, store: ArtifactStore) -> None:
    assert store.upload("zeno", ZIPS) == 3
    assert store.upload("acme", ZIPS) == 3
    assert len(keys(client)) == 6


def test_a_bucket_left_unprotected_by_an_interrupted_deploy_is_protected(
    client: S3Client, store: ArtifactStore
) -> None:
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    sent: dict[str, Any] = {}
    client.meta.events.register(
        "provide-client-params.s3", lambda params, model, **_: sent.update({model.name: params})
    )
    store.upload("zeno", ZIPS)
    assert {"PutPublicAccessBlock", "PutBucketEncryption", "PutBucketPolicy", "PutBucketTagging"} <= set(sent)


def test_nothing_is_sent_to_a_bucket_of_another_account(client: S3Client) -> None:
    with Stubber(client) as stubber:
        expected = {"Bucket": BUCKET, "ExpectedBucketOwner": ACCOUNT}
        stubber.add_client_error("head_bucket", "403", http_status_code=403, expected_params=expected)
        with pytest.raises(RefusedByAwsError, match=BUCKET):
            ArtifactStore(client, ACCOUNT, REGION).upload("zeno", ZIPS)


@pytest.mark.parametrize("operation", ["head_bucket", "head_object"])
def test_a_failure_is_not_mistaken_for_a_missing_object(operation: str, client: S3Client, store: ArtifactStore) -> None:
    with Stubber(client) as stubber:
        if operation == "head_object":
            stubber.add_response("head_bucket", {})
            for closing in ("public_access_block", "bucket_encryption", "bucket_policy", "bucket_tagging"):
                stubber.add_response(f"put_{closing}", {})
        stubber.add_client_error(operation, "503", http_status_code=503)
        with pytest.raises(ClientError):
            store.upload("zeno", ZIPS)


def test_every_call_after_the_creation_names_the_owner(client: S3Client, store: ArtifactStore) -> None:
    owners: dict[str, Any] = {}

    def note(params: dict[str, Any], model: Any, **_: object) -> None:
        owners[model.name] = params.get("ExpectedBucketOwner")

    client.meta.events.register("provide-client-params.s3", note)
    store.upload("zeno", ZIPS)
    assert owners.pop("CreateBucket") is None  # S3 has no such parameter there
    assert "PutBucketPolicy" in owners
    assert set(owners.values()) == {ACCOUNT}
