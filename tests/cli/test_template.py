"""``zenoimg template``: the template and the parameters that deploy would send, and the policies filled in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.cli.conftest import Terminal
from zenoimg.aws.session import Aws, Identity
from zenoimg.errors import ZenoError
from zenoimg.operations.deploy import planning, taken_names
from zenoimg.stack.bundle import functions, packages_wheels
from zenoimg.stack.bundle.artifact import Artifact
from zenoimg.stack.bundle.store import bucket_name
from zenoimg.stack.names import StackNames
from zenoimg.stack.template import render

ARTIFACTS = bucket_name("123456789012", "eu-west-1")


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set up an empty account; moto needs Docker to report a missing function."""

    def nothing_taken(aws: object, names: StackNames) -> None:
        del aws, names

    layer = lambda architecture, **_: Artifact("packages", architecture.encode())  # noqa: E731
    monkeypatch.setattr(packages_wheels, "packages_layer", layer)
    monkeypatch.setattr(functions, "functions_zip", lambda: Artifact("functions", b"functions"))
    monkeypatch.setattr(taken_names, "refuse_taken", nothing_taken)
    monkeypatch.setattr(Aws, "identity", Identity("123456789012", "eu-west-1", "aws"))
    with mock_aws():
        yield


@pytest.mark.thorough
def test_the_template_is_yaml_with_its_parameters_above_it(account: None, terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "zenoimg.toml").write_text('[processor]\nmemory = 1024\n[alarms]\nemail = "ops@example.com"\n')
    text = terminal.run("template").stdout
    assert yaml.safe_load(text) == render(StackNames("zeno"))
    assert "#   ProcessorMemory=1024\n" in text
    assert "#   AlarmEmail=ops@example.com\n" in text
    assert f"#   ArtifactsBucket={ARTIFACTS}\n" in text
    assert "&id" not in text, "CloudFormation does not support anchors"


def test_json_contains_both_and_nothing_is_created(account: None, terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "zenoimg.toml").write_text("[backfill]\nconcurrency = 9\n")
    printed = terminal.json("--stack", "acme", "template")
    assert printed["Template"] == render(StackNames("acme"), backfill_concurrency=9, large_concurrency=9)
    parameters = printed["Parameters"]
    assert {item["Key"] for item in printed["Artifacts"]} == {
        parameters[key] for key in ("FunctionsKey", "PackagesKey", "RecipeKey")
    }
    assert set(parameters) <= set(printed["Template"]["Parameters"])
    wanted = {key for key, value in printed["Template"]["Parameters"].items() if "Default" not in value}
    assert wanted <= set(parameters), "parameters without a default are given"
    assert boto3.client("s3").list_buckets()["Buckets"] == []
    assert boto3.client("cloudformation").describe_stacks()["Stacks"] == []


@pytest.mark.thorough
def test_a_folder_gets_the_files_that_the_aws_cli_needs(account: None, terminal: Terminal, tmp_path: Path) -> None:
    done = terminal.run("template", "--output", "out")
    parameters = json.loads((tmp_path / "out/parameters.json").read_text())
    given = {item["ParameterKey"]: item["ParameterValue"] for item in parameters}
    assert json.loads((tmp_path / "out/template.json").read_text()) == render(StackNames("zeno"))
    for key in ("FunctionsKey", "PackagesKey", "RecipeKey"):
        assert (tmp_path / "out" / given[key]).is_file()
    assert f"aws s3 cp --recursive out/zeno/ s3://{ARTIFACTS}/zeno/" in done.stderr
    assert "aws cloudformation create-stack --stack-name zeno" in done.stderr


@pytest.fixture
def no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set up a machine without credentials and network: any connection fails the test."""

    def refused(*_: object) -> None:
        raise AssertionError("a connection was opened")

    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(packages_wheels, "packages_layer", lambda architecture, **_: Artifact("packages", b"packages"))
    monkeypatch.setattr(functions, "functions_zip", lambda: Artifact("functions", b"functions"))
    monkeypatch.setattr("socket.socket.connect", refused)


OFFLINE = ("--region", "eu-central-1", "--stack", "acme", "template", "--account", "210987654321")


def test_a_given_account_is_not_looked_up(no_aws: None, terminal: Terminal) -> None:
    printed = terminal.json(*OFFLINE)
    assert printed["Where"] == "AWS account 210987654321, eu-central-1"
    assert printed["Template"] == render(StackNames("acme"))
    assert printed["Parameters"]["ArtifactsBucket"] == "zenoimg-artifacts-210987654321-eu-central-1"
    wanted = {key for key, value in printed["Template"]["Parameters"].items() if "Default" not in value}
    assert wanted <= set(printed["Parameters"])
    for name in ("operator", "deployer", "deployer-functions"):
        policy = terminal.run(*OFFLINE, "--policy", name).stdout
        assert ":210987654321:" in policy
        assert ":eu-central-1:" in policy


def test_a_reviewer_gets_policies_next_to_the_template(no_aws: None, terminal: Terminal, tmp_path: Path) -> None:
    terminal.run(*OFFLINE, "-o", "out")
    names = {path.name for path in (tmp_path / "out").iterdir() if path.is_file()}
    policies = {f"{name}-policy.json" for name in ("operator", "deployer", "deployer-functions")}
    assert names == {"template.json", "parameters.json", *policies}
    assert "${" not in (tmp_path / "out" / "deployer-policy.json").read_text()


def test_regions_of_other_partitions_have_arns_of_their_own(no_aws: None, terminal: Terminal) -> None:
    line = ("--region", "cn-north-1", "template", "--account", "210987654321", "--policy", "operator")
    assert "arn:aws-cn:s3:::zeno-original-images" in terminal.run(*line).stdout


def test_without_a_network_the_layer_is_left_out_with_a_notice(
    no_aws: None, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(architecture: str, **_: bool) -> Artifact:
        raise ZenoError("could not be downloaded", code=packages_wheels.NOT_DOWNLOADED)

    monkeypatch.setattr(packages_wheels, "packages_layer", unreachable)
    done = terminal.run(*OFFLINE, "--json")
    assert "PackagesKey" not in json.loads(done.stdout)["Parameters"]
    assert "PackagesKey and LimitsFingerprint are left out: could not be downloaded" in done.stderr


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["--region", "eu-west-1", "template", "--account", "42"], "12 digits"),
        (["--region", "moon-1", "template", "--account", "210987654321"], "not a region"),
        (["--local", "template", "--account", "210987654321"], "not one on the embedded AWS"),
    ],
)
def test_an_invalid_account_or_region_is_a_usage_error(
    no_aws: None, terminal: Terminal, line: list[str], said: str
) -> None:
    assert said in terminal.run(*line, code=2).stderr


@pytest.mark.parametrize("name", ["operator", "deployer", "deployer-functions"])
def test_a_policy_is_printed_with_names_account_and_region(account: None, terminal: Terminal, name: str) -> None:
    done = terminal.run("--stack", "acme", "template", "--policy", name)
    document = json.loads(done.stdout)
    assert document["Version"] == "2012-10-17"
    assert "${" not in done.stdout
    assert ":acme-" in done.stdout
    assert ":123456789012:" in done.stdout
    assert "is not deployed, or cannot be read" in done.stderr


@pytest.mark.thorough
def test_a_policy_of_an_existing_stack_has_its_names(account: None, terminal: Terminal) -> None:
    names = StackNames("zeno").qualified("123456789012", "eu-west-1")
    body = {
        "Resources": {"Q": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {"OriginalsBucket": {"Value": names.originals_bucket}},
    }
    boto3.client("cloudformation").create_stack(StackName="zeno", TemplateBody=json.dumps(body))
    done = terminal.run("template", "--policy", "operator")
    assert f"arn:aws:s3:::{names.originals_bucket}" in done.stdout
    assert "is not deployed, or cannot be read" not in done.stderr


def test_a_policy_is_printed_even_without_permission_to_read_the_stack(
    account: None, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DescribeStacks")

    monkeypatch.setattr(planning, "read_stack", denied)
    assert "zeno-original-images" in terminal.run("template", "--policy", "deployer").stdout
