"""``versions`` and ``restore`` on moto. No function runs: this process reconciles."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from tests.cli.conftest import ORIGINALS, PROCESSED, TABLE, Terminal
from tests.drawn.pictures import jpeg, photo
from zenoimg.cli.app import app
from zenoimg.operations.versions import restore as operation
from zenoimg.pipeline.catalog import Catalog

AWKWARD = "a folder/b+c ü & 50%/<📷> (1).jpg"


def put(key: str, *, seed: int = 0, **more: Any) -> str:
    body = jpeg(photo((64, 48), seed=seed))
    return boto3.client("s3").put_object(Bucket=ORIGINALS, Key=key, Body=body, **more)["VersionId"]


def remove(key: str) -> None:
    boto3.client("s3").delete_object(Bucket=ORIGINALS, Key=key)


def history(key: str) -> list[str]:
    """Return the version ids and, in capitals, the delete markers of a key."""
    page = boto3.client("s3").list_object_versions(Bucket=ORIGINALS, Prefix=key)
    markers = ["MARKER" for each in page.get("DeleteMarkers", []) if each["Key"] == key]
    return sorted(each["VersionId"] for each in page.get("Versions", []) if each["Key"] == key) + markers


def head(bucket: str, key: str) -> Any:
    return boto3.client("s3").head_object(Bucket=bucket, Key=key)


def body(key: str, **version: str) -> bytes:
    return boto3.client("s3").get_object(Bucket=ORIGINALS, Key=key, **version)["Body"].read()  # type: ignore[arg-type]


def recorded_version(key: str) -> str | None:
    record = Catalog(boto3.client("dynamodb"), TABLE).get(key)
    return None if record is None else record.version_id


@pytest.mark.parametrize(("separator", "options"), [(b"\n", []), (b"\0", ["-0"])])
def test_ids_are_read_from_standard_input(no_stack: Terminal, separator: bytes, options: list[str]) -> None:
    keys = ["a.jpg", AWKWARD]
    for key in (*keys, "other.jpg"):
        put(key)
        remove(key)
    text = separator.join(key.encode() for key in keys)
    done = CliRunner().invoke(app, ["restore", "-", "--json", *options], input=text, catch_exceptions=False)
    assert done.exit_code == 0
    assert [result["ImageId"] for result in json.loads(done.stdout)] == keys
    assert history("other.jpg")[-1] == "MARKER", "only what was named is restored"


def test_an_empty_standard_input_restores_nothing(no_stack: Terminal) -> None:
    put("a.jpg")
    remove("a.jpg")
    for options in ([], ["--deleted"]):
        done = CliRunner().invoke(app, ["restore", "-", "--yes", "--json", *options], input=b"")
        assert (done.exit_code, json.loads(done.stdout)) == (0, [])
    assert history("a.jpg")[-1] == "MARKER"


def test_standard_input_names_no_single_image(no_stack: Terminal) -> None:
    no_stack.run("restore", "-", "--version", "v1", code=2)
    no_stack.run("restore", "-", "a.jpg", code=2)


@pytest.mark.parametrize("key", ["a.jpg", AWKWARD])
def test_a_deleted_image_is_restored_as_a_new_version_with_copy_and_record(no_stack: Terminal, key: str) -> None:
    first = put(key, CacheControl="max-age=7", Metadata={"photographer": "A"}, Tagging="client=acme&paid=yes")
    no_stack.json("reprocess", "--here")
    done = no_stack.run("delete", key, "--yes")
    assert "To undo: `zenoimg restore " in done.stderr
    (result,) = no_stack.json("restore", key)
    assert (result["ImageId"], result["Result"], result["RestoredVersion"]) == (key, "processed", first)
    found = head(ORIGINALS, key)
    assert found["VersionId"] == result["VersionId"] == recorded_version(key) != first
    assert head(PROCESSED, f"processed/{key}")["Metadata"]["zenoimg-source-version"] == found["VersionId"]
    assert (found["CacheControl"], found["ContentType"], found["Metadata"]) == (
        "max-age=7",
        "binary/octet-stream",
        {"photographer": "A"},
    )
    tags = boto3.client("s3").get_object_tagging(Bucket=ORIGINALS, Key=key)["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"client": "acme", "paid": "yes"}
    assert body(key) == body(key, VersionId=first)
    # The history is kept: the old version, the delete marker, and the new version.
    assert history(key) == [*sorted([first, found["VersionId"]]), "MARKER"]
    assert no_stack.json("restore", key, code=1)[0]["Result"] == "failed", "it is not deleted any more"


def test_an_older_version_replaces_the_current_one_which_is_kept(no_stack: Terminal) -> None:
    first, second = put("a.jpg", seed=1), put("a.jpg", seed=2)
    refused = no_stack.run("restore", "a.jpg", "--version", first, code=2)
    assert "needs confirmation" in refused.stderr
    assert history("a.jpg") == sorted([first, second])
    (result,) = no_stack.json("restore", "a.jpg", "--version", first, "--yes")
    assert (result["Result"], result["RestoredVersion"]) == ("processed", first)
    assert body("a.jpg") == body("a.jpg", VersionId=first) != body("a.jpg", VersionId=second)
    assert history("a.jpg") == sorted([first, second, result["VersionId"]])
    (again,) = no_stack.json("restore", "a.jpg", "--version", first, "--yes")
    assert (again["Result"], again["VersionId"]) == ("unchanged", None)
    assert len(history("a.jpg")) == 3


def test_a_dry_run_changes_nothing(no_stack: Terminal) -> None:
    first = put("a.jpg")
    remove("a.jpg")
    (result,) = no_stack.json("restore", "a.jpg", "--dry-run")
    assert (result["Result"], result["RestoredVersion"], result["VersionId"]) == ("would-restore", first, None)
    assert history("a.jpg") == [first, "MARKER"]


def test_all_deleted_images_are_restored_or_those_of_a_prefix_and_a_time(no_stack: Terminal) -> None:
    for key in ("in/a.jpg", "in/b.jpg", "out/c.jpg", "stays.jpg"):
        put(key)
    for key in ("in/a.jpg", "in/b.jpg", "out/c.jpg"):
        remove(key)
    asked = no_stack.run("restore", "--deleted", code=2)
    assert "in/a.jpg" in asked.stderr
    ahead = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert no_stack.json("restore", "--deleted", "--since", ahead, "--yes") == []
    found = no_stack.json("restore", "--deleted", "--prefix", "in/", "--since", "1h", "--yes")
    assert {each["ImageId"]: each["Result"] for each in found} == {"in/a.jpg": "processed", "in/b.jpg": "processed"}
    assert recorded_version("out/c.jpg") is None
    assert [each["ImageId"] for each in no_stack.json("restore", "--deleted", "--yes")] == ["out/c.jpg"]
    assert no_stack.json("restore", "--deleted", "in/a.jpg")[0]["Result"] == "unchanged"
    assert "0 images: none is deleted." in no_stack.run("restore", "--deleted", "--yes").stderr


def test_images_that_cannot_be_restored_are_reported_and_the_others_restored(no_stack: Terminal) -> None:
    put("a.jpg")
    put("purged.jpg")
    remove("a.jpg")
    no_stack.run("delete", "purged.jpg", "--purge", "--yes")
    found = {each["ImageId"]: each for each in no_stack.json("restore", "a.jpg", "purged.jpg", "\udce9", code=1)}
    assert {key: each["Result"] for key, each in found.items()} == {
        "a.jpg": "processed",
        "purged.jpg": "missing",
        "\udce9": "missing",
    }


def test_a_restored_image_that_cannot_be_processed_is_reported(no_stack: Terminal) -> None:
    boto3.client("s3").put_object(Bucket=ORIGINALS, Key="a.jpg", Body=b"no picture")
    remove("a.jpg")
    (result,) = no_stack.json("restore", "a.jpg", code=1)
    assert result["Result"] == "refused"
    assert "not-an-image" in result["Reason"]


def test_images_are_restored_into_the_storage_class_of_uploads(no_stack: Terminal, tmp_path: Path) -> None:
    put("a.jpg")
    remove("a.jpg")
    (tmp_path / "zenoimg.toml").write_text('[originals]\nstorage_class = "STANDARD_IA"\ntransition_days = 0\n')
    no_stack.json("restore", "a.jpg")
    assert head(ORIGINALS, "a.jpg")["StorageClass"] == "STANDARD_IA"


def test_a_large_version_is_copied_in_parts_with_everything_on_it(
    no_stack: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operation, "_ONE_CALL_BYTES", 1_000_000)
    monkeypatch.setattr(operation, "_PART_BYTES", 5 * 1024 * 1024)
    data = jpeg(photo((64, 48))) + bytes(12_000_000)
    s3 = boto3.client("s3")
    first = s3.put_object(
        Bucket=ORIGINALS,
        Key="a.jpg",
        Body=data,
        ContentType="image/jpeg",
        ContentLanguage="de",
        Expires=datetime(2030, 1, 1, tzinfo=UTC),
        Metadata={"photographer": "A"},
        Tagging="client=a%2Bb&note=x%20y",
    )
    remove("a.jpg")
    (result,) = no_stack.json("restore", "a.jpg")
    found = head(ORIGINALS, "a.jpg")
    assert found["ETag"].endswith('-3"'), "copied in three parts"
    assert found["VersionId"] == result["VersionId"] != first["VersionId"]
    assert (found["ContentType"], found["ContentLanguage"], found["Metadata"], found["Expires"]) == (
        "image/jpeg",
        "de",
        {"photographer": "A"},
        datetime(2030, 1, 1, tzinfo=UTC),
    )
    tags = s3.get_object_tagging(Bucket=ORIGINALS, Key="a.jpg")["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"client": "a+b", "note": "x y"}
    assert body("a.jpg") == data


def test_versions_lists_versions_and_markers_newest_first(no_stack: Terminal) -> None:
    first = put("a.jpg", seed=1)
    remove("a.jpg")
    put("a.jpg.jpg")
    third = put("a.jpg", StorageClass="STANDARD_IA")
    found = no_stack.json("versions", "a.jpg")
    # Within a second, S3 does not reveal the order of a version and a marker, unless one of them is current.
    (marker,) = (each for each in found if each["IsDeleteMarker"])
    assert [each["VersionId"] for each in found if each is not marker] == [third, first]
    assert [each["IsCurrent"] for each in found] == [True, False, False]
    assert (found[0]["StorageClass"], found[0]["ETag"]) == ("STANDARD_IA", head(ORIGINALS, "a.jpg")["ETag"].strip('"'))
    assert marker["Size"] is marker["ETag"] is None
    done = no_stack.run("versions", "a.jpg")
    assert len(done.stdout.splitlines()) == 5
    assert f"`zenoimg restore --version {first} a.jpg` restores the one before the current." in done.stderr
    remove("a.jpg")
    assert "`zenoimg restore a.jpg` restores the newest one." in no_stack.run("versions", "a.jpg").stderr


@pytest.mark.parametrize("key", ["nothing.jpg", "\udce9"])
def test_an_unknown_id_has_no_versions(no_stack: Terminal, key: str) -> None:
    assert "S3 has no version" in no_stack.run("versions", key, code=1).stderr


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("restore", "no ID was given"),
        ("restore a b --version v", "--version needs a single ID"),
        ("restore a --version v --deleted", "--version needs a single ID"),
        ("restore a --prefix p", "--prefix and --since select deleted images"),
        ("restore a --deleted --since 1h", "--prefix and --since select deleted images"),
        ("restore --deleted --since never", "--since 'never' is not valid"),
    ],
)
def test_mutually_exclusive_options_are_rejected(no_stack: Terminal, line: str, words: str) -> None:
    assert words in no_stack.run(*line.split(), code=2).stderr


def test_many_deleted_images_can_be_restored_by_time(no_stack: Terminal) -> None:
    keys = [f"{number}.jpg" for number in range(11)]
    for key in keys:
        put(key)
    done = no_stack.run("delete", *keys, "--yes")
    assert "To undo: `zenoimg restore --deleted --since 1h` restores all" in done.stderr
    assert len(no_stack.json("restore", "--deleted", "--since", "1h", "--yes")) == 11


def test_a_purge_and_a_bucket_without_versions_promise_no_undo(no_stack: Terminal) -> None:
    put("a.jpg")
    assert "undo" not in no_stack.run("delete", "a.jpg", "--purge", "--yes").stderr
    s3 = boto3.client("s3")
    s3.put_bucket_versioning(Bucket=ORIGINALS, VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket=ORIGINALS, Key="b.jpg", Body=jpeg(photo((64, 48))))
    assert "undo" not in no_stack.run("delete", "b.jpg", "--yes").stderr


def test_a_copy_in_parts_that_fails_leaves_no_upload(no_stack: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operation, "_ONE_CALL_BYTES", 1)
    first = put("a.jpg")
    remove("a.jpg")
    call = vars(BaseClient)["_make_api_call"]

    def failing(client: Any, name: str, parameters: Any) -> Any:
        if name == "UploadPartCopy":
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, name)
        return call(client, name, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", failing)
    (result,) = no_stack.json("restore", "a.jpg", code=1)
    assert (result["Result"], "access to that version is denied" in result["Reason"]) == ("failed", True)
    assert history("a.jpg") == [first, "MARKER"]
    assert not boto3.client("s3").list_multipart_uploads(Bucket=ORIGINALS).get("Uploads")
