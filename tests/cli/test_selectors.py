"""The selectors, which mean the same for every command that takes them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from typer.testing import CliRunner

from tests.cli.conftest import ORIGINALS, PROCESSED, TABLE, Terminal
from tests.records import record
from zenoimg.cli.app import app
from zenoimg.pipeline.catalog import Catalog

#: Id → format of the copy, ``None`` for a refused image; and when it was created.
IMAGES = {
    "a/one.jpg": ("JPEG", "2025-06-01T10:00:00Z"),
    "a/two.png": ("PNG", "2025-06-02T10:00:00Z"),
    "b/three.jpg": ("JPEG", "2025-06-03T10:00:00Z"),
    "b/bad.gif": (None, "2025-06-04T10:00:00Z"),
}
SELECTIONS = [
    (("--all",), {*IMAGES}),
    (("--prefix", "a/"), {"a/one.jpg", "a/two.png"}),
    (("--since", "2025-06-02T10:00:00Z"), {"a/two.png", "b/three.jpg", "b/bad.gif"}),
    (("--until", "2025-06-02T10:00:00Z"), {"a/one.jpg"}),
    (("--since", "2025-06-02T10:00:00Z", "--until", "2025-06-03T10:00:00Z"), {"a/two.png"}),
    (("--status", "refused"), {"b/bad.gif"}),
    (("--format", "jpg"), {"a/one.jpg", "b/three.jpg"}),
    (("--format", "jpeg", "--prefix", "b/"), {"b/three.jpg"}),
    (("a/one.jpg", "b/bad.gif"), {"a/one.jpg", "b/bad.gif"}),
]


@pytest.fixture
def filled(no_stack: Terminal) -> Terminal:
    s3, catalog = boto3.client("s3"), Catalog(boto3.client("dynamodb"), TABLE)
    for key, (kind, created) in IMAGES.items():
        s3.put_object(Bucket=ORIGINALS, Key=key, Body=b"original")
        if kind:
            s3.put_object(Bucket=PROCESSED, Key=f"processed/{key}", Body=b"copy")
        stored = record(key, created_at=created, status="processed" if kind else "refused")
        catalog.put(replace(stored, format=kind))
    return no_stack


def piped(text: bytes, *arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(arguments), input=text, catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


def originals() -> set[str]:
    return {item["Key"] for item in boto3.client("s3").list_objects_v2(Bucket=ORIGINALS).get("Contents", [])}


@pytest.mark.parametrize(("options", "selected"), SELECTIONS, ids=[" ".join(options) for options, _ in SELECTIONS])
def test_every_command_selects_the_same(
    filled: Terminal, options: tuple[str, ...], selected: set[str], tmp_path: Path
) -> None:
    assert {each["ImageId"] for each in filled.json("show", *options)} == selected
    assert filled.json("gallery", *options, "--dry-run")["images"] == len(selected)
    assert not (tmp_path / "gallery").exists()
    got = filled.json("download", *options, "-o", "out", code=int("b/bad.gif" in options))  # given by id, not selected
    with_copies = {key for key in selected if IMAGES[key][0]}
    assert {each["ImageId"] for each in got if each["Result"] == "downloaded"} == with_copies
    if not ({"--since", "--until"} & {*options}):  # S3 sets the times of originals itself
        assert filled.json("delete", *options, "--dry-run")["images"] == len(selected)
        assert originals() == {*IMAGES}
        assert {each["ImageId"] for each in filled.json("delete", *options, "--yes")} == selected
        assert originals() == {*IMAGES} - selected


def test_the_format_selects_by_original_or_copy(filled: Terminal) -> None:
    born_as_heic = replace(record("c.heic"), format="JPEG", source_format="HEIF")
    Catalog(boto3.client("dynamodb"), TABLE).put(born_as_heic)
    for name in ("heic", "jpeg"):
        assert "c.heic" in {each["ImageId"] for each in filled.json("show", "--format", name)}


def test_list_accepts_the_same_filters(filled: Terminal) -> None:
    for options, selected in SELECTIONS[1:-1]:
        assert {each["ImageId"] for each in filled.json("list", *options)} == selected


def test_reprocess_accepts_status_and_format(filled: Terminal) -> None:
    assert filled.json("reprocess", "--all", "--format", "png", "--dry-run")["images"] == 1
    assert filled.json("reprocess", "--status", "refused", "--dry-run")["images"] == 1
    assert filled.json("reprocess", "--status", "processed", "--prefix", "b/", "--dry-run")["images"] == 1
    assert filled.json("reprocess", "--status", "failed", "--dry-run")["images"] == 0


def test_ids_are_read_from_standard_input_separated_by_lines_or_nul(filled: Terminal) -> None:
    code, out, _ = piped(b"a/one.jpg\nb/three.jpg\n", "show", "-", "--json")
    assert (code, [each["ImageId"] for each in json.loads(out)]) == (0, ["a/one.jpg", "b/three.jpg"])
    odd = "line\nbreak.jpg"
    Catalog(boto3.client("dynamodb"), TABLE).put(record(odd))
    code, out, _ = piped(f"{odd}\0a/two.png".encode(), "show", "-", "-0", "--json")
    assert (code, [each["ImageId"] for each in json.loads(out)]) == (0, [odd, "a/two.png"])
    code, out, err = piped(b"nothing.jpg\na/one.jpg\n\xff.jpg\n", "show", "-", "--json")
    assert (code, [each["ImageId"] for each in json.loads(out)]) == (1, ["a/one.jpg"])
    assert "nothing.jpg" in err


def test_no_ids_on_standard_input_select_nothing(filled: Terminal) -> None:
    for command in (["delete", "-", "--yes"], ["download", "-"], ["show", "-"], ["reprocess", "-", "--here", "--yes"]):
        assert piped(b"", *command)[0] == 0
    assert originals() == {*IMAGES}


def test_ids_on_standard_input_do_not_answer_a_confirmation(filled: Terminal) -> None:
    code, _, err = piped(b"a/one.jpg\ny\n", "delete", "-")
    assert (code, "--yes" in err) == (2, True)
    assert originals() == {*IMAGES}


def test_originals_without_records_are_included_where_they_matter(filled: Terminal, tmp_path: Path) -> None:
    boto3.client("s3").put_object(Bucket=ORIGINALS, Key="a/lost.jpg", Body=b"original")
    filled.run("download", "--prefix", "a/", "--original", "-o", "out")
    assert (tmp_path / "out/a/lost.jpg").read_bytes() == b"original"
    filled.run("delete", "--prefix", "a/", "--yes")
    assert originals() == {"b/three.jpg", "b/bad.gif"}


@pytest.mark.parametrize("command", ["show", "download", "delete"])
def test_without_selectors_nothing_is_selected(filled: Terminal, command: str) -> None:
    assert re.search(r"--prefix.*--all", filled.run(command, code=2).stderr)


@pytest.mark.parametrize(
    "options",
    [
        ["a.jpg", "--prefix", "a"],
        ["a.jpg", "--all"],
        ["-", "a.jpg"],
        ["a.jpg", "-0"],
        ["--format", "docx"],
        ["--since", "1d", "--until", "2d"],
        ["--until", "yesterday"],
    ],
)
@pytest.mark.parametrize("command", ["show", "download", "delete", "gallery", "reprocess"])
def test_contradictory_selectors_are_usage_errors_of_every_command(
    nothing_deployed: Terminal, command: str, options: list[str]
) -> None:
    assert "Error" in nothing_deployed.run(command, *options, code=2).stderr


def test_an_empty_prefix_is_not_mistaken_for_no_prefix(filled: Terminal) -> None:
    result = filled.run("delete", "--prefix", "", "--since", "1d", "--yes", code=2)
    assert "--prefix is empty" in result.stderr
    assert len(filled.json("list")) > 0
