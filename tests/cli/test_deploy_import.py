"""A first deploy that imports buckets and table is followed by a change set that corrects their settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from tests.cli.conftest import Terminal
from tests.cli.doubled_aws import NAMES, change, double

pytestmark = pytest.mark.slow


def test_an_import_is_followed_by_a_change_set_that_reverts_drift(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []
    with mock_aws():
        aws = double(monkeypatch)
        aws.cloudformation.changes = [
            change("Import", "OriginalsBucket", "AWS::S3::Bucket", PhysicalResourceId=NAMES.originals_bucket)
        ]
        create = aws.cloudformation.create_change_set

        def created(**given: Any) -> dict[str, str]:
            asked.append(given)
            return create(**given)

        monkeypatch.setattr(aws.cloudformation, "create_change_set", created)
        shown = terminal.run("deploy", "--yes").stderr
    modes = [each.get("DeploymentMode") for each in asked]
    assert modes == [None, "REVERT_DRIFT", None], "import, settings, protection of the table"
    generations = [
        {item["ParameterKey"]: item["ParameterValue"] for item in each["Parameters"]}["SettingsGeneration"]
        for each in asked
    ]
    assert generations == ["0", "1", "1"], (
        "a changed tag makes CloudFormation write the settings where drift is not detected"
    )
    assert f"Adopted {NAMES.originals_bucket}" in shown


def test_an_imported_table_gets_its_stream_before_the_pipes_that_read_it(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("zenoimg.toml").write_text("[events]\nenabled = true\n", encoding="utf-8")
    asked: list[str] = []
    with mock_aws():
        aws = double(monkeypatch)
        aws.cloudformation.changes = [
            change("Import", "Images", "AWS::DynamoDB::Table", PhysicalResourceId=NAMES.table)
        ]
        create = aws.cloudformation.create_change_set

        def created(**given: Any) -> dict[str, str]:
            parameters = {item["ParameterKey"]: item["ParameterValue"] for item in given["Parameters"]}
            asked.append(parameters["EventsEnabled"])
            if given.get("DeploymentMode"):  # the imported resources belong to the stack now
                aws.cloudformation.changes = [change("Modify", "Images", "AWS::DynamoDB::Table")]
            return create(**given)

        monkeypatch.setattr(aws.cloudformation, "create_change_set", created)
        terminal.run("deploy", "--yes")
    assert asked == ["true", "false", "true", "true"], "discarded, import, settings, protection of the table"
