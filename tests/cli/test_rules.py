"""Rules by prefix: every image has the recipe of its rule, and a changed rule makes no other image stale."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import boto3
import pytest
from PIL import Image

from tests.cli.conftest import ORIGINALS, PROCESSED, Terminal
from zenoimg.config.load import GlobalOptions, load
from zenoimg.imaging import watermark
from zenoimg.operations.configured import recipe_of
from zenoimg.pipeline.recipes import recipe_for

KEYS = ("x.jpg", "a/x.jpg", "a/b/x.jpg")


def photo() -> bytes:
    encoded = BytesIO()
    Image.new("RGB", (320, 200), (90, 120, 40)).save(encoded, "JPEG")
    return encoded.getvalue()


def rules(folder: Path, a: str, b: str) -> None:
    (folder / "zenoimg.toml").write_text(
        f'[[rules]]\nprefix = "a/"\nwatermark.text = "{a}"\n[[rules]]\nprefix = "a/b/"\nwatermark.text = "{b}"\n'
    )


@pytest.fixture
def processed(no_stack: Terminal, tmp_path: Path) -> Terminal:
    rules(tmp_path, "A", "AB")
    for key in KEYS:
        boto3.client("s3").put_object(Bucket=ORIGINALS, Key=key, Body=photo())
    no_stack.run("reprocess", "--here")
    return no_stack


def test_every_copy_is_made_by_the_recipe_of_its_rule(processed: Terminal, tmp_path: Path) -> None:
    recipe = recipe_of(load(GlobalOptions(), {}, tmp_path))
    for key in KEYS:
        copy = boto3.client("s3").get_object(Bucket=PROCESSED, Key=f"processed/{key}")["Body"].read()
        assert copy == watermark(photo(), recipe_for(recipe, key)).data
    assert {each["ImageId"]: each["Recipe"] for each in processed.json("list")} == {
        key: recipe_for(recipe, key).fingerprint for key in KEYS
    }
    assert processed.json("reprocess", "--stale", "--dry-run")["images"] == 0
    assert processed.json("status", "--check")["audit"]["findings"] == {}


def test_a_changed_rule_makes_its_copies_stale(processed: Terminal, tmp_path: Path) -> None:
    rules(tmp_path, "another", "AB")
    assert processed.json("status", "--check", code=1)["audit"]["findings"] == {"stale": 1}
    done = processed.json("reprocess", "--stale", "--here", "--yes")
    assert [each["ImageId"] for each in done] == ["a/x.jpg"]
    (tmp_path / "zenoimg.toml").write_text("")
    stale = processed.json("reprocess", "--stale", "--here", "--yes")
    assert sorted(each["ImageId"] for each in stale) == ["a/b/x.jpg", "a/x.jpg"]


def test_images_under_a_rule_without_a_mark_are_copied_and_reported_as_such(no_stack: Terminal, tmp_path: Path) -> None:
    (tmp_path / "zenoimg.toml").write_text('[[rules]]\nprefix = "internal/"\nmark = "none"\n')
    for key in ("internal/x.jpg", "x.jpg"):
        boto3.client("s3").put_object(Bucket=ORIGINALS, Key=key, Body=photo())
    no_stack.run("reprocess", "--here")
    copy = boto3.client("s3").get_object(Bucket=PROCESSED, Key="processed/internal/x.jpg")["Body"].read()
    assert copy == photo()
    assert {each["ImageId"]: each["Encoding"] for each in no_stack.json("list")}["internal/x.jpg"] == "copied"
    listed = {line.split()[0]: line for line in no_stack.run("list").stdout.splitlines() if ".jpg" in line}
    assert "unmarked by rule" in listed["internal/x.jpg"]
    assert "unmarked" not in listed["x.jpg"]
    assert "unmarked by rule" in no_stack.run("show", "internal/x.jpg").stdout
    no_stack.run("gallery", "-o", "page")
    assert '"unmarked":true' in (tmp_path / "page/index.html").read_text()
    (tmp_path / "zenoimg.toml").write_text(
        '[watermark]\ntext = "other"\n[[rules]]\nprefix = "internal/"\nmark = "none"\n'
    )
    stale = no_stack.json("reprocess", "--stale", "--here", "--yes")
    assert [each["ImageId"] for each in stale] == ["x.jpg"], "a changed mark does not affect unmarked copies"
    (tmp_path / "p.jpg").write_bytes(photo())
    told = no_stack.run("preview", "p.jpg", "--key", "internal/x.jpg", "--force").stderr
    assert "mark = none" in told
    assert "unmarked by rule" in told
    assert (tmp_path / "p.marked.jpg").read_bytes() == photo()


def test_preview_shows_the_rule_that_applies(terminal: Terminal, tmp_path: Path) -> None:
    rules(tmp_path, "A", "AB")
    (tmp_path / "p.jpg").write_bytes(photo())
    for key, prefix in (("x.jpg", None), ("a/x.jpg", "a/"), ("a/b/x.jpg", "a/b/")):
        (result,) = terminal.json("preview", "p.jpg", "--force", "--key", key)
        assert result["Rule"] == prefix
        recipe = recipe_for(recipe_of(load(GlobalOptions(), {}, tmp_path)), key)
        assert (tmp_path / "p.marked.jpg").read_bytes() == watermark(photo(), recipe).data
    assert "a/b/" in terminal.run("preview", "p.jpg", "--force", "--key", "a/b/x.jpg").stderr
    assert "no rule" in terminal.run("preview", "p.jpg", "--force", "--key", "x.jpg").stderr


def test_config_shows_the_rules(terminal: Terminal, tmp_path: Path) -> None:
    rules(tmp_path, "A", "AB")
    assert "watermark.text = AB" in terminal.run("config").stdout
    last = terminal.json("config")[-1]
    assert (last["key"], [each["prefix"] for each in last["value"]]) == ("rules", ["a/", "a/b/"])


def test_images_without_room_for_the_mark_are_reported_as_too_small(no_stack: Terminal, tmp_path: Path) -> None:
    (tmp_path / "zenoimg.toml").write_text('[watermark]\ntoo_small = "copy"\n')
    encoded = BytesIO()
    Image.new("RGB", (6, 6), "red").save(encoded, "PNG")
    boto3.client("s3").put_object(Bucket=ORIGINALS, Key="x.png", Body=encoded.getvalue())
    no_stack.run("reprocess", "--here")
    (tmp_path / "p.png").write_bytes(encoded.getvalue())
    for told in (no_stack.run("show", "x.png").stdout, no_stack.run("preview", "p.png").stderr):
        assert "unmarked, too small for the mark" in told
        assert "by rule" not in told
    assert "by rule" not in no_stack.run("list").stdout
    no_stack.run("gallery", "-o", "page")
    assert '"tooSmall":true' in (tmp_path / "page/index.html").read_text()
