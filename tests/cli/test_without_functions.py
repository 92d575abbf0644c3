"""Upload, reprocess in this process, and list, wherever there are S3 and DynamoDB, with the function's code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import boto3
import pytest

from tests.cli.conftest import ORIGINALS, TABLE, Terminal
from tests.drawn.pictures import jpeg, photo
from zenoimg.pipeline.records import JSON_KEYS


def test_photos_are_uploaded_reprocessed_here_and_listed(
    no_stack: Terminal, copies: Callable[[], set[str]], tmp_path: Path
) -> None:
    for number, name in enumerate(("a.jpg", "b c+ü 📷.jpg", "sub/d.jpg")):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg(photo((160, 120), "RGB", seed=number)))
    sent = no_stack.json("upload", "photos", "--recursive", "--no-wait")
    keys = {"a.jpg", "b c+ü 📷.jpg", "sub/d.jpg"}
    assert {result["ImageId"]: result["Result"] for result in sent} == dict.fromkeys(keys, "uploaded")
    assert no_stack.json("list") == []

    done = no_stack.json("reprocess", "--here")
    assert {result["ImageId"]: result["Result"] for result in done} == dict.fromkeys(keys, "processed")
    assert copies() == {f"processed/{key}" for key in keys}
    records = no_stack.json("list")
    assert {record["ImageId"] for record in records} == keys
    for record in records:
        assert tuple(record) == JSON_KEYS
        assert (record["Status"], record["Width"], record["Height"]) == ("processed", 160, 120)
        assert record["ProcessedUrl"].startswith("https://out-bucket.s3.eu-west-1.amazonaws.com/processed/")

    assert no_stack.json("reprocess", "--here") == [], "nothing is missing anymore"


def test_all_processes_again_and_missing_finds_overwritten_images(no_stack: Terminal, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(photo((160, 120), "RGB", seed=1)))
    no_stack.json("upload", "a.jpg", "--no-wait")
    no_stack.json("reprocess", "--here")
    (first,) = no_stack.json("list")
    assert [result["Result"] for result in no_stack.json("reprocess", "--all", "--here")] == ["processed"]

    (tmp_path / "a.jpg").write_bytes(jpeg(photo((120, 160), "RGB", seed=2)))
    no_stack.json("upload", "a.jpg", "--no-wait", "--overwrite")
    assert [result["Result"] for result in no_stack.json("reprocess", "--here")] == ["processed"]
    (second,) = no_stack.json("list")
    assert (second["Width"], second["Height"]) == (120, 160)
    assert second["VersionId"] != first["VersionId"]


def test_a_refused_original_gets_a_record_with_the_reason_and_no_copy(
    no_stack: Terminal, copies: Callable[[], set[str]]
) -> None:
    boto3.client("s3").put_object(Bucket=ORIGINALS, Key="text.jpg", Body=b"no picture")
    (result,) = no_stack.json("reprocess", "--here", code=1)
    assert result["Result"] == "refused"
    (record,) = no_stack.json("list")
    assert record["Status"] == "refused"
    assert record["Error"].startswith("not-an-image: ")
    assert record["ProcessedSize"] is None
    assert copies() == set()


def test_one_failing_image_does_not_hold_up_the_others(no_stack: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = boto3.client("s3")
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        s3.put_object(Bucket=ORIGINALS, Key=name, Body=jpeg(photo((64, 48), "RGB", seed=ord(name[0]))))
    from zenoimg.pipeline.storage import ImageStorage

    whole = ImageStorage.put_copy

    def put_copy(self: ImageStorage, key: str, *more: object, **named: object) -> bool:
        if key == "b.jpg":
            raise RuntimeError("the disk of the cloud is full")
        return whole(self, key, *more, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(ImageStorage, "put_copy", put_copy)
    results = {result["ImageId"]: result for result in no_stack.json("reprocess", "--here", code=1)}
    assert {key: result["Result"] for key, result in results.items()} == {
        "a.jpg": "processed",
        "b.jpg": "failed",
        "c.jpg": "processed",
    }
    assert "the disk of the cloud is full" in results["b.jpg"]["Reason"]
    statuses = {record["ImageId"]: record["Status"] for record in no_stack.json("list")}
    assert statuses == {"a.jpg": "processed", "b.jpg": "failed", "c.jpg": "processed"}

    monkeypatch.undo()
    monkeypatch.setenv("ZENOIMG_ORIGINALS_BUCKET", ORIGINALS)
    monkeypatch.setenv("ZENOIMG_PROCESSED_BUCKET", "out-bucket")
    monkeypatch.setenv("ZENOIMG_TABLE", TABLE)
    assert [result["ImageId"] for result in no_stack.json("reprocess", "--here")] == ["b.jpg"]


def test_for_a_pipeline_without_a_stack_the_missing_queue_and_api_are_reported(no_stack: Terminal) -> None:
    boto3.client("s3").put_object(Bucket=ORIGINALS, Key="a.jpg", Body=jpeg(photo((64, 48))))
    assert "--here" in no_stack.run("reprocess", code=1).stderr
    assert "no API" in no_stack.run("api", "/images", code=3).stderr


def test_upload_does_not_wait_for_a_function_that_does_not_exist(no_stack: Terminal, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(photo((64, 48))))
    done = no_stack.run("upload", "a.jpg")
    assert "1 photo: 1 uploaded." in done.stderr
    assert "`zenoimg reprocess --here`" in done.stderr
    again = no_stack.run("upload", "a.jpg")
    assert "unchanged   a.jpg" in again.stderr
    assert "`zenoimg reprocess --here`" in again.stderr
    no_stack.run("reprocess", "--here")
    assert "reprocess" not in no_stack.run("upload", "a.jpg").stderr


@pytest.mark.parametrize("command", ["deploy", "destroy", "rollout"])
def test_commands_for_stacks_stop_with_the_reason(command: str, no_stack: Terminal, tmp_path: Path) -> None:
    done = no_stack.run(*command.split(), "--yes", code=3)
    assert "ZENOIMG_ORIGINALS_BUCKET and its like name buckets and a table without a stack" in done.stderr
    (tmp_path / "zenoimg.toml").write_text('[names]\noriginals_bucket = "a"\nprocessed_bucket = "b"\ntable = "c"\n')
    shown = " ".join(no_stack.run(*command.split(), "--yes", code=3).stderr.split())
    assert "[names] in" in shown


def test_leftovers_of_a_lost_delete_event_are_removed(no_stack: Terminal, copies: Callable[[], set[str]]) -> None:
    s3 = boto3.client("s3")
    for key in ("gone.jpg", "stays.jpg"):
        s3.put_object(Bucket=ORIGINALS, Key=key, Body=jpeg(photo((64, 48))))
    s3.put_object(Bucket=ORIGINALS, Key="refused.jpg", Body=b"no picture")
    no_stack.json("reprocess", "--here", code=1)
    for key in ("gone.jpg", "refused.jpg"):
        s3.delete_object(Bucket=ORIGINALS, Key=key)
    results = {result["ImageId"]: result["Result"] for result in no_stack.json("reprocess", "--here")}
    assert results == {"gone.jpg": "removed", "refused.jpg": "removed"}
    assert copies() == {"processed/stays.jpg"}
    assert [record["ImageId"] for record in no_stack.json("list")] == ["stays.jpg"]


def test_a_given_image_without_an_original_is_removed(no_stack: Terminal, copies: Callable[[], set[str]]) -> None:
    s3 = boto3.client("s3")
    for key in ("gone.jpg", "kept.jpg"):
        s3.put_object(Bucket=ORIGINALS, Key=key, Body=jpeg(photo((64, 48))))
    no_stack.json("reprocess", "--here")
    s3.delete_object(Bucket=ORIGINALS, Key="gone.jpg")
    (result,) = no_stack.json("reprocess", "gone.jpg", "--here")
    assert result["Result"] == "removed"
    assert copies() == {"processed/kept.jpg"}


def test_the_same_bytes_put_again_into_a_bucket_without_versions_are_up_to_date(
    no_stack: Terminal, tmp_path: Path
) -> None:
    s3, table = boto3.client("s3"), boto3.client("dynamodb")
    s3.put_bucket_versioning(Bucket=ORIGINALS, VersioningConfiguration={"Status": "Suspended"})
    (tmp_path / "a.jpg").write_bytes(jpeg(photo((64, 48))))
    no_stack.json("upload", "a.jpg", "--no-wait")
    no_stack.json("reprocess", "--here")
    # As if the record were of the previous put: identity and ETag are the same, and the time differs.
    table.update_item(
        TableName=TABLE,
        Key={"ImageId": {"S": "a.jpg"}},
        UpdateExpression="SET CreatedAt = :then",
        ExpressionAttributeValues={":then": {"S": "2020-01-01T00:00:00Z"}},
    )
    assert no_stack.json("upload", "a.jpg", "--force")[0]["Result"] == "uploaded"
    assert [result["Result"] for result in no_stack.json("reprocess", "--here")] == ["processed"]
    assert no_stack.json("reprocess", "--here") == []
