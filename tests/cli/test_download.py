"""``download`` on moto: where files are written, what is left alone, and what is reported."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.cli.conftest import ORIGINALS, PROCESSED, TABLE, Terminal
from tests.records import record
from zenoimg.pipeline.catalog import Catalog

AWKWARD = "a folder/b+c ü & 50%/[red]📷 (1).jpg"
COPY, ORIGINAL = b"the marked copy", b"the original, which is longer"


@pytest.fixture
def filled(no_stack: Terminal) -> Terminal:
    s3, catalog = boto3.client("s3"), Catalog(boto3.client("dynamodb"), TABLE)
    for key in ("a.jpg", AWKWARD):
        s3.put_object(Bucket=ORIGINALS, Key=key, Body=ORIGINAL)
        s3.put_object(Bucket=PROCESSED, Key=f"processed/{key}", Body=COPY)
        catalog.put(record(key))
    s3.put_object(Bucket=ORIGINALS, Key="bad.gif", Body=ORIGINAL)
    catalog.put(record("bad.gif", status="refused"))
    return no_stack


def results(terminal: Terminal, *arguments: str, code: int = 0) -> dict[str, dict[str, Any]]:
    return {found["ImageId"]: found for found in terminal.json("download", *arguments, code=code)}


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_copies_are_saved_under_their_ids(filled: Terminal, tmp_path: Path) -> None:
    found = results(filled, "a.jpg", AWKWARD, "-o", "out")
    assert files(tmp_path) == {"out/a.jpg": COPY, f"out/{AWKWARD}": COPY}
    assert found["a.jpg"] == {
        "ImageId": "a.jpg",
        "Result": "downloaded",
        "Reason": "",
        "Path": "out/a.jpg",
        "Size": len(COPY),
    }


@pytest.mark.parametrize("key", ["/lead.jpg", "a//b.jpg", "../x.jpg", "a.jpg"])
def test_a_single_image_of_any_id_goes_to_a_named_file_or_to_standard_output(
    filled: Terminal, tmp_path: Path, key: str
) -> None:
    boto3.client("s3").put_object(Bucket=PROCESSED, Key=f"processed/{key}", Body=COPY)
    Catalog(boto3.client("dynamodb"), TABLE).put(record(key))
    found = results(filled, key, "-o", "sub/copy.jpg")
    assert found[key]["Path"] == "sub/copy.jpg"
    assert files(tmp_path) == {"sub/copy.jpg": COPY}
    assert results(filled, key, "-o", "sub/copy.jpg")[key]["Result"] == "unchanged"
    done = filled.run("download", key, "-o", "-")
    assert done.stdout_bytes == COPY
    assert files(tmp_path) == {"sub/copy.jpg": COPY}


@pytest.mark.parametrize("arguments", [["a.jpg", "b.jpg", "-o", "-"], ["a.jpg", "-o", "-", "--json"]])
def test_standard_output_takes_exactly_one_image(filled: Terminal, arguments: list[str]) -> None:
    assert "standard output" in filled.run("download", *arguments, code=2).stderr


def test_originals_are_saved_in_the_current_folder_by_default(filled: Terminal, tmp_path: Path) -> None:
    results(filled, "a.jpg", "bad.gif", "--original")
    assert files(tmp_path) == {"a.jpg": ORIGINAL, "bad.gif": ORIGINAL}


def test_a_large_file_is_downloaded_in_parts_and_complete(no_stack: Terminal, tmp_path: Path) -> None:
    data = os.urandom(1024) * 20_000
    boto3.client("s3").put_object(Bucket=ORIGINALS, Key="large.tif", Body=data)
    results(no_stack, "large.tif", "--original")
    assert (tmp_path / "large.tif").read_bytes() == data
    assert results(no_stack, "large.tif", "--original")["large.tif"]["Result"] == "unchanged"


def test_repeating_the_command_leaves_unchanged_files_alone(filled: Terminal, tmp_path: Path) -> None:
    results(filled, "a.jpg", "-o", "out")
    inode = (tmp_path / "out" / "a.jpg").stat().st_ino
    found = results(filled, "a.jpg", AWKWARD, "-o", "out")
    assert {key: each["Result"] for key, each in found.items()} == {"a.jpg": "unchanged", AWKWARD: "downloaded"}
    assert (tmp_path / "out" / "a.jpg").stat().st_ino == inode


def test_a_different_file_is_replaced_only_with_force(filled: Terminal, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x" * len(COPY))
    found = results(filled, "a.jpg", AWKWARD, code=1)
    assert found["a.jpg"]["Result"] == "conflict"
    assert "--force" in found["a.jpg"]["Reason"]
    assert found[AWKWARD]["Result"] == "downloaded"
    assert (tmp_path / "a.jpg").read_bytes() == b"x" * len(COPY)
    results(filled, "a.jpg", "--force")
    assert (tmp_path / "a.jpg").read_bytes() == COPY


def test_unknown_refused_and_deleted_images_are_reported_and_the_others_downloaded(
    filled: Terminal, tmp_path: Path
) -> None:
    boto3.client("s3").delete_object(Bucket=PROCESSED, Key=f"processed/{AWKWARD}")
    found = results(filled, "nothing.jpg", "bad.gif", AWKWARD, "\udce9.jpg", "", "a.jpg", code=1)
    assert found["a.jpg"]["Result"] == "downloaded"
    reasons = {key: each["Reason"] for key, each in found.items() if each["Result"] == "missing"}
    assert reasons["nothing.jpg"] == "there is no such image"
    assert reasons["\udce9.jpg"] == reasons[""] == "there is no such image"
    assert "refused" in reasons["bad.gif"]
    assert "the picture ends early" in reasons["bad.gif"]
    assert "--original" in reasons["bad.gif"]
    assert "reprocess" in reasons[AWKWARD]
    assert files(tmp_path) == {"a.jpg": COPY}
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"], "no unnecessary folder is created"


def test_hostile_keys_write_nothing_outside_the_folder(filled: Terminal, tmp_path: Path) -> None:
    s3 = boto3.client("s3")
    keys = ["../up.jpg", "/root.jpg", "C:x.jpg", "a\\b.jpg", "x/../../y.jpg", "nul.jpg", "tab\tx.jpg"]
    for key in keys:
        s3.put_object(Bucket=ORIGINALS, Key=key, Body=ORIGINAL)
    found = results(filled, *keys, "a.jpg", "--original", "-o", "out", "--force", code=1)
    assert {found[key]["Result"] for key in keys} == {"unsafe"}
    assert files(tmp_path) == {"out/a.jpg": ORIGINAL}


def test_a_link_out_of_the_folder_is_not_followed(filled: Terminal, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a folder").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "out" / "a.jpg").symlink_to(tmp_path / "elsewhere" / "victim")
    found = results(filled, AWKWARD, "a.jpg", "-o", "out", code=1)
    assert {each["Result"] for each in found.values()} == {"conflict"}
    assert files(tmp_path / "elsewhere") == {}
    assert results(filled, "a.jpg", "-o", "out", "--force")["a.jpg"]["Result"] == "downloaded"
    assert files(tmp_path / "elsewhere") == {}


@pytest.mark.parametrize("size", [100, 20_000_000])
def test_an_object_replaced_during_the_download_is_never_mixed(
    size: int, no_stack: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from zenoimg.operations.output.directory import OutputDirectory

    s3, whole = boto3.client("s3"), OutputDirectory.writing
    s3.put_object(Bucket=ORIGINALS, Key="a.jpg", Body=b"a" * size)

    def writing(self: OutputDirectory, *arguments: Any, **named: Any) -> Any:
        s3.put_object(Bucket=ORIGINALS, Key="a.jpg", Body=b"b" * (size + 1))
        return whole(self, *arguments, **named)

    monkeypatch.setattr(OutputDirectory, "writing", writing)
    found = results(no_stack, "a.jpg", "--original", code=1)["a.jpg"]
    assert found["Result"] == "failed"
    assert "replaced during the download" in found["Reason"]
    assert files(tmp_path) == {}


def test_a_full_disk_is_reported_and_leaves_no_files(
    filled: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replaced(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "link", replaced)
    found = results(filled, "a.jpg", code=1)
    assert found["a.jpg"]["Reason"] == "it cannot be written: No space left on device"
    assert files(tmp_path) == {}


def test_output_must_be_a_folder(filled: Terminal, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "is not a directory" in filled.run("download", "a.jpg", AWKWARD, "-o", "file", code=2).stderr


def test_a_line_for_each_image_and_a_summary_are_printed(filled: Terminal) -> None:
    done = filled.run("download", AWKWARD, "nothing.jpg", "-o", "out", code=1)
    assert "[red]📷" in done.stderr
    assert "2 images: 1 missing, 1 downloaded." in done.stderr or "1 downloaded, 1 missing." in done.stderr
    assert done.stdout == ""


def put_converted(key: str, content_type: str) -> None:
    boto3.client("s3").put_object(Bucket=PROCESSED, Key=f"processed/{key}", Body=COPY, ContentType=content_type)
    Catalog(boto3.client("dynamodb"), TABLE).put(record(key))


def test_converted_copies_have_the_extension_of_their_format(filled: Terminal, tmp_path: Path) -> None:
    put_converted("b.HEIC", "image/jpeg")
    put_converted("c/d.heif", "image/png")
    found = results(filled, "b.HEIC", "c/d.heif", "-o", "out")
    assert files(tmp_path) == {"out/b.jpg": COPY, "out/c/d.png": COPY}
    assert found["b.HEIC"]["Path"] == "out/b.jpg"
    again = results(filled, "b.HEIC", "c/d.heif", "-o", "out")
    assert {each["Result"] for each in again.values()} == {"unchanged"}


def test_a_converted_copy_whose_name_is_taken_keeps_both_extensions(filled: Terminal, tmp_path: Path) -> None:
    put_converted("a.heic", "image/jpeg")
    results(filled, "a.heic", "a.jpg", "-o", "out")
    assert files(tmp_path) == {"out/a.jpg": COPY, "out/a.heic.jpg": COPY}


def test_originals_keep_their_names(filled: Terminal, tmp_path: Path) -> None:
    boto3.client("s3").put_object(Bucket=ORIGINALS, Key="b.heic", Body=ORIGINAL, ContentType="image/heic")
    Catalog(boto3.client("dynamodb"), TABLE).put(record("b.heic"))
    results(filled, "b.heic", "--original", "-o", "out")
    assert files(tmp_path) == {"out/b.heic": ORIGINAL}
