"""The table is protected from deletion once a version has passed its test, until its data is deleted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from tests.cli.conftest import Terminal
from tests.cli.doubled_aws import NAMES, DoubledAws, double
from zenoimg.errors import RefusedByAwsError
from zenoimg.imaging import Recipe
from zenoimg.stack.read_back import PROTECTION

pytestmark = pytest.mark.slow


@pytest.fixture
def aws(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Iterator[DoubledAws]:
    with mock_aws():
        yield double(monkeypatch)


def parameter(aws: DoubledAws) -> str:
    return aws.cloudformation.stack.parameters[PROTECTION]


def test_the_first_deploy_protects_the_table_after_its_test_and_later_ones_keep_it_protected(
    aws: DoubledAws, terminal: Terminal
) -> None:
    shown = terminal.run("deploy", "--yes").stderr
    assert aws.done == ["create", "execute", "create", "execute"]
    assert shown.index("Smoke test passed") < shown.index("Protecting the table") < shown.index("Deployed zeno")
    assert parameter(aws) == "true"
    aws.done.clear()
    assert terminal.json("deploy", "--yes")["result"] == "unchanged"
    assert aws.done == ["create", "discard"]
    Path("zenoimg.toml").write_text('[watermark]\ntext = "© Other"\n', encoding="utf-8")
    aws.done.clear()
    terminal.run("deploy", "--yes")
    assert (aws.done, parameter(aws)) == (["create", "execute"], "true")


def test_a_version_that_fails_its_test_leaves_the_table_unprotected(aws: DoubledAws, terminal: Terminal) -> None:
    aws.functions.broken[Recipe().fingerprint] = "it eats photos"
    terminal.run("deploy", "--yes", code=1)
    assert (aws.done, parameter(aws)) == (["create", "execute"], "false")


def test_a_deploy_interrupted_during_its_test_is_finished_by_the_next_one(aws: DoubledAws, terminal: Terminal) -> None:
    aws.functions.interrupt = KeyboardInterrupt()
    terminal.run("deploy", "--yes", code=130)
    assert parameter(aws) == "false"
    aws.functions.interrupt = None
    result = terminal.json("deploy", "--yes")
    assert (result["result"], result["smoke_test"]["passed"], parameter(aws)) == ("unchanged", True, "true")


def test_a_failure_to_protect_the_table_is_an_error_and_the_version_stays_deployed(
    aws: DoubledAws, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = aws.cloudformation.create_change_set

    def created(**given: object) -> dict[str, str]:
        if {"ParameterKey": PROTECTION, "ParameterValue": "true"} in given["Parameters"]:  # type: ignore[operator]
            raise RefusedByAwsError("AWS denied dynamodb:UpdateTable", next_step="Grant it.")
        return create(**given)

    monkeypatch.setattr(aws.cloudformation, "create_change_set", created)
    shown = " ".join(terminal.run("deploy", "--yes", code=1).stderr.split())
    assert "has passed its test, but its table is not protected from deletion: AWS denied dynamodb:UpdateTable" in shown
    assert "Grant it." in shown
    assert aws.cloudformation.stack.parameters["RecipeFingerprint"] == Recipe().fingerprint


def test_a_table_that_is_protected_already_is_never_unprotected_by_a_first_deploy(
    aws: DoubledAws, terminal: Terminal
) -> None:
    boto3.client("dynamodb").update_table(TableName=NAMES.table, DeletionProtectionEnabled=True)
    terminal.run("deploy", "--yes")
    assert (aws.done, parameter(aws)) == (["create", "execute"], "true")


def test_protection_turned_off_by_hand_is_reported_as_a_difference(aws: DoubledAws, terminal: Terminal) -> None:
    terminal.run("deploy", "--yes")
    boto3.client("dynamodb").update_table(TableName=NAMES.table, DeletionProtectionEnabled=False)
    assert "zeno-images: its deletion protection is off" in terminal.run("deploy", "--dry-run").stderr
