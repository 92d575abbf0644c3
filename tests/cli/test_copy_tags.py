"""``[copies] tags``: copies get the object tags of their originals, except names of locations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.cli.conftest import ORIGINALS, PROCESSED, Terminal
from tests.drawn.pictures import jpeg, photo

pytestmark = pytest.mark.slow

TAGGED = "client=acme%20%2B%20sons&paid=yes&city=Paris"


def put(key: str, **more: Any) -> None:
    boto3.client("s3").put_object(Bucket=ORIGINALS, Key=key, Body=jpeg(photo((64, 48))), **more)


def tags(key: str) -> dict[str, str]:
    found = boto3.client("s3").get_object_tagging(Bucket=PROCESSED, Key=f"processed/{key}")["TagSet"]
    return {tag["Key"]: tag["Value"] for tag in found}


@pytest.fixture(params=["Enabled", "Suspended"])
def versions(request: pytest.FixtureRequest, no_stack: Terminal) -> None:
    boto3.client("s3").put_bucket_versioning(Bucket=ORIGINALS, VersioningConfiguration={"Status": request.param})


@pytest.mark.usefixtures("versions")
def test_tags_are_carried_over_on_request_to_old_and_new_copies(no_stack: Terminal, tmp_path: Path) -> None:
    put("a.jpg", Tagging=TAGGED)
    no_stack.json("reprocess", "--here")
    assert tags("a.jpg") == {}
    (tmp_path / "zenoimg.toml").write_text("[copies]\ntags = true\n")
    put("b.jpg", Tagging=TAGGED)
    put("c.jpg")
    assert no_stack.json("status", "--check", code=1)["audit"]["findings"] == {"no record": 2, "stale": 1}
    no_stack.json("reprocess", "--missing", "--stale", "--here")
    assert tags("a.jpg") == tags("b.jpg") == {"client": "acme + sons", "paid": "yes"}
    assert tags("c.jpg") == {}
    for key in ("a.jpg", "b.jpg"):
        (warning,) = no_stack.json("show", key)["Warnings"]
        assert warning == "not carried from the original's S3 headers: object tags whose name is a place: city"
    assert no_stack.json("status", "--check")["audit"]["findings"] == {}


def test_a_policy_that_keeps_locations_keeps_location_tags(no_stack: Terminal, tmp_path: Path) -> None:
    (tmp_path / "zenoimg.toml").write_text('[copies]\ntags = true\n[metadata]\npolicy = "keep"\n')
    put("a.jpg", Tagging=TAGGED)
    no_stack.json("reprocess", "--here")
    assert tags("a.jpg") == {"client": "acme + sons", "paid": "yes", "city": "Paris"}


def test_no_tags_are_requested_without_the_setting(no_stack: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.client import BaseClient

    asked, call = [], BaseClient._make_api_call  # type: ignore[attr-defined]

    def recording(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        asked.append((operation, "Tagging" in parameters))
        return call(client, operation, parameters)

    put("a.jpg", Tagging=TAGGED)
    monkeypatch.setattr(BaseClient, "_make_api_call", recording)
    no_stack.json("reprocess", "--here")
    assert ("PutObject", False) in asked
    assert not [operation for operation, tagged in asked if tagged or operation == "GetObjectTagging"]
