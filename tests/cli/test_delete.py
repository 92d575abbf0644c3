"""``delete`` on moto: what is deleted and kept, and what is confirmed. No function runs: this process reconciles."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import boto3
import pytest

from tests.cli.conftest import ORIGINALS, PROCESSED, TABLE, Terminal
from tests.records import record
from zenoimg.operations.removal import delete as operation
from zenoimg.pipeline.catalog import Catalog

AWKWARD = "a folder/b+c ü & 50%/<📷> (1).jpg"
CONTROL = "tab\tline\nx.jpg"


def put(*keys: str, times: int = 1) -> None:
    s3, catalog = boto3.client("s3"), Catalog(boto3.client("dynamodb"), TABLE)
    for key in keys:
        for number in range(times):
            s3.put_object(Bucket=ORIGINALS, Key=key, Body=b"x" * (number + 1))
        s3.put_object(Bucket=PROCESSED, Key=f"processed/{key}", Body=b"copy")
        catalog.put(record(key))


def originals() -> set[str]:
    return {item["Key"] for item in boto3.client("s3").list_objects_v2(Bucket=ORIGINALS).get("Contents", [])}


def versions() -> dict[str, int]:
    """Return the versions and delete markers by key."""
    counts: dict[str, int] = {}
    for page in boto3.client("s3").get_paginator("list_object_versions").paginate(Bucket=ORIGINALS):
        for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            counts[item["Key"]] = counts.get(item["Key"], 0) + 1
    return counts


def records() -> set[str]:
    return {each.image_id for each in Catalog(boto3.client("dynamodb"), TABLE).all()}


def results(terminal: Terminal, *arguments: str, code: int = 0) -> dict[str, dict[str, Any]]:
    return {found["ImageId"]: found for found in terminal.json("delete", *arguments, "--yes", code=code)}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the number of objects in each DeleteObjects."""
    sizes: list[int] = []
    whole = operation._delete_objects

    def counted(pipeline: Any, objects: Any) -> Any:
        sizes.append(len(objects))
        return whole(pipeline, objects)

    monkeypatch.setattr(operation, "_delete_objects", counted)
    return sizes


def test_original_copy_and_record_are_deleted_and_old_versions_kept(
    no_stack: Terminal, copies: Callable[[], set[str]]
) -> None:
    put("a.jpg", AWKWARD, CONTROL, "stays.jpg")
    found = results(no_stack, "a.jpg", AWKWARD, CONTROL)
    assert {each["Result"] for each in found.values()} == {"deleted"}
    assert originals() == records() == {"stays.jpg"}
    assert copies() == {"processed/stays.jpg"}
    assert versions() == {"a.jpg": 2, AWKWARD: 2, CONTROL: 2, "stays.jpg": 1}


def test_a_key_that_xml_cannot_represent_is_deleted_by_a_separate_call(no_stack: Terminal, calls: list[int]) -> None:
    put("x\x01.jpg", "a.jpg")
    found = results(no_stack, "x\x01.jpg", "a.jpg")
    assert {each["Result"] for each in found.values()} == {"deleted"}
    assert calls == [1]
    assert records() == set()


def test_a_purge_removes_every_version_of_exactly_these_keys(
    no_stack: Terminal, copies: Callable[[], set[str]]
) -> None:
    put("a.jpg", "a.jpg.jpg", "a", CONTROL, times=3)
    boto3.client("s3").delete_object(Bucket=ORIGINALS, Key="a.jpg")
    found = results(no_stack, "a.jpg", CONTROL, "--purge")
    assert {key: (each["Result"], each["VersionsRemoved"]) for key, each in found.items()} == {
        "a.jpg": ("purged", 3),
        CONTROL: ("purged", 3),
    }
    assert versions() == {"a.jpg.jpg": 3, "a": 3}
    assert records() == {"a.jpg.jpg", "a"}
    assert copies() == {"processed/a.jpg.jpg", "processed/a"}


def test_images_deleted_before_can_still_be_purged(no_stack: Terminal) -> None:
    put("a.jpg", times=2)
    results(no_stack, "a.jpg")
    assert results(no_stack, "a.jpg", code=1)["a.jpg"]["Result"] == "missing"
    assert results(no_stack, "a.jpg", "--purge")["a.jpg"]["VersionsRemoved"] == 2
    assert versions() == {}


def test_an_older_version_never_becomes_the_current_one_during_a_purge(
    no_stack: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("a.jpg", times=3)
    seen: list[set[str]] = []
    whole = operation._delete_objects

    def watched(pipeline: Any, objects: Any) -> Any:
        answers = []
        for each in objects:
            seen.append(originals())
            answers.append(whole(pipeline, [each]))
        seen.append(originals())
        return {name: [item for answer in answers for item in answer[name]] for name in ("Deleted", "Errors")}

    monkeypatch.setattr(operation, "_delete_objects", watched)
    results(no_stack, "a.jpg", "--purge")
    assert seen[0] == {"a.jpg"}
    assert set(map(frozenset, seen[1:])) == {frozenset()}
    assert versions() == {}


def test_images_in_a_bucket_without_versions_are_deleted(no_stack: Terminal) -> None:
    s3 = boto3.client("s3")
    s3.put_bucket_versioning(Bucket=ORIGINALS, VersioningConfiguration={"Status": "Suspended"})
    put("a.jpg", "b.jpg")
    done = no_stack.run("delete", "a.jpg", "--yes")
    assert "keeps no versions: deleted images cannot be restored" in done.stderr
    results(no_stack, "b.jpg", "--purge")
    assert records() == set()
    assert "b.jpg" not in versions()


def test_a_record_without_an_original_is_deleted_as_well(no_stack: Terminal) -> None:
    Catalog(boto3.client("dynamodb"), TABLE).put(record("left.jpg"))
    assert results(no_stack, "left.jpg")["left.jpg"]["Result"] == "deleted"
    assert records() == set()


def test_unknown_ids_are_reported_and_the_others_deleted(no_stack: Terminal) -> None:
    put("a.jpg")
    found = results(no_stack, "nothing.jpg", "a.jpg", "", "\udce9", "x" * 1025, code=1)
    assert found["a.jpg"]["Result"] == "deleted"
    assert found["nothing.jpg"] == {
        "ImageId": "nothing.jpg",
        "Result": "missing",
        "Reason": "there is no such image",
        "VersionsRemoved": 0,
    }
    assert sum(each["Result"] == "missing" for each in found.values()) == 4
    assert "nothing.jpg" not in versions(), "no unnecessary delete marker is created"


def test_a_thousand_keys_are_deleted_by_one_call(
    no_stack: Terminal, calls: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operation, "_BATCH", 4)
    keys = [f"{number}.jpg" for number in range(10)]
    put(*keys)
    results(no_stack, *keys)
    assert calls == [4, 4, 2]
    assert originals() == set()


def refusing(monkeypatch: pytest.MonkeyPatch, answers: list[dict[str, str]]) -> list[int]:
    """Make each DeleteObjects reject the keys of the next answer (key → code) and delete the others."""
    whole, sizes = operation._delete_objects, []

    def some(pipeline: Any, objects: Any) -> Any:
        refused = answers.pop(0) if answers else {}
        sizes.append(len(objects))
        kept = [pair for pair in objects if pair[0] not in refused]
        answer = whole(pipeline, kept) if kept else {"Deleted": [], "Errors": []}
        answer["Errors"] += [{"Key": key, "Code": code, "Message": "no"} for key, code in refused.items()]
        return answer

    monkeypatch.setattr(operation, "_delete_objects", some)
    return sizes


def test_a_key_that_cannot_be_deleted_is_reported_with_the_reason_and_stays_complete(
    no_stack: Terminal, copies: Callable[[], set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    put("a.jpg", "held.jpg")
    refusing(monkeypatch, [{"held.jpg": "AccessDenied"}])
    found = results(no_stack, "a.jpg", "held.jpg", "--purge", code=1)
    assert found["held.jpg"]["Result"] == "failed"
    assert found["held.jpg"]["Reason"] == "S3 refused it: no (AccessDenied)"
    assert originals() == records() == {"held.jpg"}
    assert versions() == {"held.jpg": 1}
    assert copies() == {"processed/held.jpg"}


def test_temporary_errors_are_retried_and_permanent_ones_not_forgotten(
    no_stack: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(operation, "delete", partial(operation.delete, sleep=waits.append))
    put("a.jpg", "b.jpg", "held.jpg")
    answers = [{"a.jpg": "SlowDown", "b.jpg": "InternalError", "held.jpg": "AccessDenied"}, {"a.jpg": "SlowDown"}]
    sizes = refusing(monkeypatch, answers)
    found = results(no_stack, "a.jpg", "b.jpg", "held.jpg", code=1)
    assert {key: each["Result"] for key, each in found.items()} == {
        "a.jpg": "deleted",
        "b.jpg": "deleted",
        "held.jpg": "failed",
    }
    assert sizes == [3, 2, 1]
    assert len(waits) == 2


def test_a_copy_that_cannot_be_deleted_is_reported_and_the_same_command_finishes_the_job(
    no_stack: Terminal, copies: Callable[[], set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from zenoimg.pipeline.storage import ImageStorage

    put("a.jpg")
    whole = ImageStorage.delete_copy

    def broken(self: ImageStorage, key: str, etag: str) -> bool:
        raise RuntimeError("the cloud is away")

    monkeypatch.setattr(ImageStorage, "delete_copy", broken)
    found = results(no_stack, "a.jpg", code=1)["a.jpg"]
    assert found["Result"] == "failed"
    assert "the cloud is away" in found["Reason"]
    monkeypatch.setattr(ImageStorage, "delete_copy", whole)
    assert results(no_stack, "a.jpg")["a.jpg"]["Result"] == "deleted"
    assert copies() == records() == set()


def test_nothing_is_deleted_without_confirmation(no_stack: Terminal) -> None:
    put(AWKWARD)
    done = no_stack.run("delete", AWKWARD, code=2)
    assert "--yes" in done.stderr
    assert ORIGINALS in done.stderr
    assert AWKWARD in done.stderr
    assert "The lifecycle rules of in-bucket decide how long old versions are kept" in done.stderr
    assert originals() == {AWKWARD}
    done = no_stack.run("delete", AWKWARD, "--purge", code=2)
    assert "1 version (1 B) cannot be restored" in done.stderr


@pytest.mark.parametrize(("answer", "goes"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_the_answer_is_respected(no_stack: Terminal, monkeypatch: pytest.MonkeyPatch, answer: str, goes: bool) -> None:
    put("a.jpg")
    monkeypatch.setattr("zenoimg.cli.terminal.screen.Screen.is_interactive", True)
    monkeypatch.setattr("builtins.input", lambda: answer.strip())
    done = no_stack.run("delete", "a.jpg", code=0 if goes else 1)
    assert "Delete 1 image? [y/N]" in done.stderr
    assert ("Nothing was deleted" in done.stderr) is not goes
    assert (originals() == set()) is goes


def test_no_confirmation_is_needed_if_nothing_exists(no_stack: Terminal) -> None:
    assert "there is no such image" in no_stack.run("delete", "nothing.jpg", code=1).stderr
