"""``[aws] tags``: on the stack, from which CloudFormation takes them, and on the bucket that deploy creates itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.cli.conftest import Terminal
from tests.cli.doubled_aws import ARTIFACTS, double
from tests.unit.stack.rendered import TEMPLATE
from zenoimg.config.checks import Tags, parse_tags


def test_the_stack_and_the_bucket_of_zips_have_the_tags(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("zenoimg.toml").write_text('[aws]\ntags = "team=photos, cost-center=42"\n', encoding="utf-8")
    asked: list[Any] = []
    with mock_aws():
        aws = double(monkeypatch)
        create = aws.cloudformation.create_change_set

        def created(**given: Any) -> dict[str, str]:
            asked.append(given["Tags"])
            return create(**given)

        monkeypatch.setattr(aws.cloudformation, "create_change_set", created)
        # The double does not protect the bucket, which is when it gets its tags.
        from zenoimg.stack.bundle.store import ArtifactStore

        monkeypatch.setattr(
            ArtifactStore,
            "_close_bucket",
            lambda self: self._s3.put_bucket_tagging(Bucket=self.bucket, Tagging={"TagSet": self._tag_set()}),
        )
        terminal.run("deploy", "--yes")
        found = boto3.client("s3").get_bucket_tagging(Bucket=ARTIFACTS)["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in asked[0]} == {
        "team": "photos",
        "cost-center": "42",
        "zenoimg:stack": "zeno",
    }
    assert {tag["Key"]: tag["Value"] for tag in found} == {
        "team": "photos",
        "cost-center": "42",
        "zenoimg:artifacts": "true",
    }


@pytest.mark.parametrize(
    "text",
    ["team", "=photos", "aws:x=1", "zenoimg:stack=other", "a=1, a=2", "a=<b>", f"{'k' * 129}=1", f"k={'v' * 257}",
     ", ".join(f"k{n}=v" for n in range(41))],
)  # fmt: skip
def test_invalid_tags_are_rejected(text: str) -> None:
    assert not Tags().allows(text)


def test_tags_are_read_with_spaces_and_empty_values() -> None:
    assert parse_tags(" team = photos of cats,empty=, url=https://a/b=c ") == {
        "team": "photos of cats",
        "empty": "",
        "url": "https://a/b=c",
    }
    assert parse_tags("") == {}


def test_resources_have_only_tags_that_name_the_stack() -> None:
    """The stack's tags are applied to every type with tags; one set on the resource as well would hide a change."""
    own = {tag["Key"] for each in TEMPLATE["Resources"].values() for tag in each["Properties"].get("Tags", [])}
    assert own == {"zenoimg:stack", "zenoimg:settings", "zenoimg:origin"}
