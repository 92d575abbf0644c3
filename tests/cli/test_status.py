"""``zenoimg status`` on S3 and DynamoDB, and every inconsistency that ``--check`` can find."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import get_args

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from tests.cli.conftest import ORIGINALS, PROCESSED, TABLE, Terminal
from tests.drawn.pictures import jpeg, photo
from zenoimg.cli.commands import status as status_command
from zenoimg.imaging import Recipe, WatermarkSpec
from zenoimg.operations.health.status import PipelineStatus, StatusReader
from zenoimg.operations.inventory.audit import Finding
from zenoimg.pipeline.catalog import Catalog

PHOTO = jpeg(photo((64, 48)))


@pytest.fixture
def three(no_stack: Terminal) -> Terminal:
    """Create three processed photos."""
    for key in ("a.jpg", "b.jpg", "c.jpg"):
        put(key)
    no_stack.json("reprocess", "--here")
    return no_stack


def put(key: str, data: bytes = PHOTO) -> None:
    boto3.client("s3").put_object(Bucket=ORIGINALS, Key=key, Body=data)


def catalog() -> Catalog:
    return Catalog(boto3.client("dynamodb"), TABLE)


def rewrite_copy(key: str, **metadata: str) -> None:
    s3 = boto3.client("s3")
    found = s3.get_object(Bucket=PROCESSED, Key=f"processed/{key}")
    body, kept = found["Body"].read(), found["Metadata"]
    changed = {**kept, **{f"zenoimg-{name.replace('_', '-')}": value for name, value in metadata.items()}}
    s3.put_object(Bucket=PROCESSED, Key=f"processed/{key}", Body=body, Metadata=changed)


def test_a_healthy_pipeline_needs_no_action(three: Terminal) -> None:
    found = three.json("status", "--check")
    assert found["audit"] == {
        "originals": 3,
        "copies": 3,
        "records": 3,
        "by_status": {"processed": 3},
        "findings": {},
        "examples": [],
        "kept": 0,
        "copies_by_recipe": {Recipe().fingerprint: 3},
    }
    assert (found["stack"], found["backfill"], found["dead_letters"], found["errors"]) == (None, None, None, None)
    assert (found["images"], found["needs"]) == ({"total": 3, "refused": 0, "failed": 0, "kept": 0}, [])
    shown = three.run("status", "--check").stdout
    assert "all agree" in shown
    assert f"recipe {Recipe().fingerprint}: 3 of 3 copies" in shown
    assert "No action needed." in shown


def test_copies_are_counted_by_recipe_during_a_rollout(three: Terminal) -> None:
    Path("zenoimg.toml").write_text('[watermark]\ntext = "© Other"\n', encoding="utf-8")
    three.run("reprocess", "--here", "--yes", "--limit", "1", "--stale")
    new = Recipe(WatermarkSpec(text="© Other")).fingerprint
    assert three.json("status", "--check", code=1)["audit"]["copies_by_recipe"] == {Recipe().fingerprint: 2, new: 1}
    shown = " ".join(three.run("status", "--check", code=1).stdout.split())
    assert f"recipe {new}: 1 of 3 copies" in shown


def test_the_shape_of_the_json_is_the_same_without_the_check(three: Terminal) -> None:
    assert set(three.json("status")) == set(three.json("status", "--check"))
    assert three.json("status")["audit"] is None


def broken(key: str, how: str) -> None:
    s3, table = boto3.client("s3"), catalog()
    record = table.get(key)
    assert record is not None
    match how:
        case "no record":
            table.delete(key)
        case "no copy":
            s3.delete_object(Bucket=PROCESSED, Key=f"processed/{key}")
        case "failed":
            table.put(replace(record, status="failed", error="it broke"))
        case "copy without original":
            s3.delete_object(Bucket=ORIGINALS, Key=key)
            table.delete(key)
        case "record without original":
            s3.delete_object(Bucket=ORIGINALS, Key=key)
            s3.delete_object(Bucket=PROCESSED, Key=f"processed/{key}")
        case "copy of a refused image":
            table.put(replace(record, status="refused", error="corrupt: it ends"))
        case "record of another version":
            put(key)
        case "copy of another version":
            rewrite_copy(key, source_version="another")
        case "copy and record of different recipes":
            rewrite_copy(key, recipe="another")
        case "stale":
            rewrite_copy(key, recipe="old")
            table.put(replace(record, recipe="old"))


KINDS: tuple[Finding, ...] = get_args(Finding)


@pytest.mark.slow
def test_each_inconsistency_is_found_and_its_command_fixes_it(no_stack: Terminal) -> None:
    for kind in KINDS:
        put(f"{kind}.jpg")
    no_stack.json("reprocess", "--here")
    for kind in KINDS:
        broken(f"{kind}.jpg", kind)
    found = no_stack.json("status", "--check", code=1)
    assert found["audit"]["findings"] == dict.fromkeys(KINDS, 1)
    assert {(one["image_id"], one["finding"]) for one in found["audit"]["examples"]} == {
        (f"{kind}.jpg", kind) for kind in KINDS
    }
    commands = {need["command"] for need in found["needs"]}
    shown = no_stack.run("status", "--check", code=1).stdout
    assert all(command in shown for command in commands)
    for command in commands:
        no_stack.json(*shlex.split(command)[1:], "--here", "--yes")
    assert no_stack.json("status", "--check")["audit"]["findings"] == {}


def test_hostile_ids_cannot_control_the_terminal(three: Terminal) -> None:
    put("evil\x1b[2J[bold].jpg")
    shown = three.run("status", "--check", code=1).stdout
    assert "\x1b" not in shown
    assert "evil\\x1b[2J[bold].jpg" in shown


def test_a_table_without_indexes_works(three: Terminal) -> None:
    dynamodb = boto3.client("dynamodb")
    records = list(catalog().all())
    dynamodb.delete_table(TableName=TABLE)
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "ImageId", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "ImageId", "KeyType": "HASH"}],
    )
    for record in records:
        catalog().put(record if record.image_id != "b.jpg" else replace(record, status="failed"))
    assert three.json("status")["images"] == {"total": 3, "refused": None, "failed": None, "kept": None}
    assert [result["ImageId"] for result in three.json("reprocess", "--failed", "--here")] == ["b.jpg"]


def test_watching_reports_a_lost_connection_once_and_resumes(three: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    read, reads = StatusReader.read, iter([None, LOST, LOST, None, KeyboardInterrupt()])

    def unreliable(reader: StatusReader, *, check: bool = False) -> PipelineStatus:
        error = next(reads)
        if error is not None:
            raise error
        return read(reader, check=check)

    monkeypatch.setattr(StatusReader, "read", unreliable)
    monkeypatch.setattr(status_command, "wait", lambda seconds: None)
    done = three.run("status", "--watch", "--json", code=130)
    assert [json.loads(line)["images"]["total"] for line in done.stdout.splitlines()] == [3, 3]
    assert done.stderr.count("could not be reached") == 1
    assert "Connected again." in done.stderr


LOST = EndpointConnectionError(endpoint_url="https://dynamodb")
