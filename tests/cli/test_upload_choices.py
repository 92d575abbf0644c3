"""Which files an upload sends, which it skips, and what counts as a failure."""

from __future__ import annotations

import json
from pathlib import Path

import boto3
import pytest
from typer.testing import CliRunner

from tests.cli.conftest import ORIGINALS, TABLE, Terminal
from tests.cli.test_upload import stored, write
from tests.records import record
from zenoimg.cli.app import app
from zenoimg.pipeline.catalog import Catalog


def test_with_a_key_standard_input_is_the_photo(no_stack: Terminal, tmp_path: Path) -> None:
    (path,) = write(tmp_path, "a.jpg")
    arguments = ["upload", "-", "--key", "sub/k.jpg", "--prefix", "p/", "--no-wait", "--json"]
    done = CliRunner().invoke(app, arguments, input=path.read_bytes())
    assert done.exit_code == 0, done.stderr
    (result,) = json.loads(done.stdout)
    assert (result["Path"], result["ImageId"]) == ("-", "p/sub/k.jpg")
    assert boto3.client("s3").get_object(Bucket=ORIGINALS, Key="p/sub/k.jpg")["Body"].read() == path.read_bytes()


@pytest.mark.parametrize("key", ["/lead.jpg", "a//b.jpg", "../x.jpg"])
def test_a_key_that_download_cannot_use_as_a_path_is_reported(no_stack: Terminal, tmp_path: Path, key: str) -> None:
    write(tmp_path, "a.jpg")
    done = no_stack.run("upload", "a.jpg", "--key", key, "--no-wait")
    assert f"zenoimg download -o FILE {key}" in done.stderr
    assert "download -o FILE" not in no_stack.run("upload", "a.jpg", "--no-wait").stderr


def test_files_other_than_photos_are_skipped_by_name_only_in_folders(no_stack: Terminal, tmp_path: Path) -> None:
    write(tmp_path / "in", "a.jpg", "a.marked.jpg", "odd.name")
    for name in ("a.jpg.xmp", "b.XMP", ".DS_Store", "Thumbs.db", "video.THM"):
        (tmp_path / "in" / name).write_bytes(b"no picture")
    done = no_stack.run("upload", "in", "--no-wait")
    assert "2 photos: 2 uploaded." in done.stderr
    assert "Skipped by name: 2 .xmp, 1 hidden, 1 .db, 1 preview, 1 .thm." in done.stderr
    assert set(stored()) == {"a.jpg", "odd.name"}
    (named,) = no_stack.json("upload", "in/video.THM", code=1)
    assert named["Result"] == "refused"
    strict = no_stack.json("upload", "in", "--no-wait", "--strict", code=1)
    refused = {result["ImageId"]: result["Reason"] for result in strict if result["Result"] == "refused"}
    assert set(refused) == {"a.jpg.xmp", "b.XMP", ".DS_Store", "Thumbs.db", "a.marked.jpg", "video.THM"}
    assert "--strict" in refused["b.XMP"]
    assert no_stack.run("upload", "in", "--no-wait", "--strict", "--exclude", "*.[!jn]*", "--exclude", ".*")


def test_subfolders_that_are_skipped_are_counted(no_stack: Terminal, tmp_path: Path) -> None:
    write(tmp_path / "in", "a.jpg")
    write(tmp_path / "in" / "b", "b.jpg")
    write(tmp_path / "in" / "out", "c.jpg")
    (tmp_path / "in" / ".cache").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "in" / "b")
    done = no_stack.run("upload", "in", "--no-wait", "--exclude", "out")
    assert "1 photo: 1 uploaded.\nSkipped: 2 subfolders; --recursive includes them.\n" in done.stderr
    assert "subfolder" not in no_stack.run("upload", "in", "-r", "--no-wait", "--exclude", "link").stderr


def test_a_folder_without_photos_suggests_subfolders_only_if_it_has_some(no_stack: Terminal, tmp_path: Path) -> None:
    write(tmp_path / "in" / "b", "b.jpg")
    (tmp_path / "empty").mkdir()
    said = no_stack.run("upload", "in", code=2).stderr
    assert said == "Error: no photos in in\nAdd --recursive to include subfolders.\n"
    assert no_stack.run("upload", "empty", code=2).stderr == "Error: no photos in empty\n"


def test_photos_refused_before_are_not_a_failure_of_this_run(no_stack: Terminal, tmp_path: Path) -> None:
    write(tmp_path, "a.jpg")
    no_stack.run("upload", "a.jpg", "--no-wait")
    (head,) = stored().values()
    refused = record("a.jpg", status="refused", version_id=head["VersionId"])
    Catalog(boto3.client("dynamodb"), TABLE).put(refused)
    (result,) = no_stack.json("upload", "a.jpg")
    assert (result["Result"], result["Reason"]) == ("refused", refused.error)
