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
from zenoimg.operations.deploy import planning, taken_names
from zenoimg.stack.bundle import functions, packages_wheels
from zenoimg.stack.bundle.artifact import Artifact
from zenoimg.stack.bundle.store import bucket_name
from zenoimg.stack.names import StackNames
from zenoimg.stack.template import render

ARTIFACTS = bucket_name("123456789012", "eu-west-1")


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An account in which nothing is; moto wants Docker to know that a function is not there."""

    def nothing_taken(aws: object, names: StackNames) -> None:
        del aws, names

    layer = lambda architecture: Artifact("packages", architecture.encode())  # noqa: E731
    monkeypatch.setattr(packages_wheels, "packages_layer", layer)
    monkeypatch.setattr(functions, "functions_zip", lambda: Artifact("functions", b"functions"))
    monkeypatch.setattr(taken_names, "refuse_taken", nothing_taken)
    monkeypatch.setattr(Aws, "identity", Identity("123456789012", "eu-west-1", "aws"))
    with mock_aws():
        yield


@pytest.mark.thorough
def test_the_template_is_yaml_and_its_parameters_stand_above_it(
    account: None, terminal: Terminal, tmp_path: Path
) -> None:
    (tmp_path / "zenoimg.toml").write_text('[processor]\nmemory = 1024\n[alarms]\nemail = "ops@example.com"\n')
    text = terminal.run("template").stdout
    assert yaml.safe_load(text) == render(StackNames("zeno"))
    assert "#   ProcessorMemory=1024\n" in text
    assert "#   AlarmEmail=ops@example.com\n" in text
    assert f"#   ArtifactsBucket={ARTIFACTS}\n" in text
    assert "&id" not in text, "CloudFormation knows no anchors"


def test_json_holds_both_and_nothing_is_made(account: None, terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "zenoimg.toml").write_text("[backfill]\nconcurrency = 9\n")
    printed = terminal.json("--stack", "acme", "template")
    assert printed["Template"] == render(StackNames("acme"), backfill_concurrency=9, large_concurrency=9)
    parameters = printed["Parameters"]
    assert {item["Key"] for item in printed["Artifacts"]} == {
        parameters[key] for key in ("FunctionsKey", "PackagesKey", "RecipeKey")
    }
    assert set(parameters) <= set(printed["Template"]["Parameters"])
    wanted = {key for key, value in printed["Template"]["Parameters"].items() if "Default" not in value}
    assert wanted <= set(parameters), "what has no default is given"
    assert boto3.client("s3").list_buckets()["Buckets"] == []
    assert boto3.client("cloudformation").describe_stacks()["Stacks"] == []


@pytest.mark.thorough
def test_a_folder_gets_what_the_aws_cli_takes(account: None, terminal: Terminal, tmp_path: Path) -> None:
    done = terminal.run("template", "--output", "out")
    parameters = json.loads((tmp_path / "out/parameters.json").read_text())
    given = {item["ParameterKey"]: item["ParameterValue"] for item in parameters}
    assert json.loads((tmp_path / "out/template.json").read_text()) == render(StackNames("zeno"))
    for key in ("FunctionsKey", "PackagesKey", "RecipeKey"):
        assert (tmp_path / "out" / given[key]).is_file()
    assert f"aws s3 cp --recursive out/zeno/ s3://{ARTIFACTS}/zeno/" in done.stderr
    assert "aws cloudformation create-stack --stack-name zeno" in done.stderr


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
def test_a_policy_of_a_stack_that_stands_has_its_names(account: None, terminal: Terminal) -> None:
    names = StackNames("zeno").qualified("123456789012", "eu-west-1")
    body = {
        "Resources": {"Q": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {"OriginalsBucket": {"Value": names.originals_bucket}},
    }
    boto3.client("cloudformation").create_stack(StackName="zeno", TemplateBody=json.dumps(body))
    done = terminal.run("template", "--policy", "operator")
    assert f"arn:aws:s3:::{names.originals_bucket}" in done.stdout
    assert "is not deployed, or cannot be read" not in done.stderr


def test_who_may_read_nothing_yet_gets_his_policy_all_the_same(
    account: None, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DescribeStacks")

    monkeypatch.setattr(planning, "read_stack", denied)
    assert "zeno-original-images" in terminal.run("template", "--policy", "deployer").stdout
