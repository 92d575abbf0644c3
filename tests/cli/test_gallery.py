from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from PIL import Image

from tests.cli.conftest import ORIGINALS, PROCESSED, TABLE, Terminal
from tests.drawn.pictures import jpeg, photo
from tests.records import record
from zenoimg.cli.commands import gallery as command
from zenoimg.operations.gallery.files import Files
from zenoimg.pipeline.catalog import Catalog


@pytest.fixture
def three(no_stack: Terminal) -> Terminal:
    """Create a pipeline with two photos, one of them with an awkward id, and a refused file."""
    fill("a.jpg", photo((160, 120), seed=1))
    fill("sub/</script>ü.jpg", photo((120, 160), seed=2))
    put("text.jpg", b"no picture")
    catalog().put(record("text.jpg", status="refused"))
    return no_stack


@cache
def s3() -> Any:
    return boto3.client("s3")


@cache
def catalog() -> Catalog:
    return Catalog(boto3.client("dynamodb"), TABLE)


def put(key: str, data: bytes) -> str:
    """Put an original and return its version."""
    version: str = s3().put_object(Bucket=ORIGINALS, Key=key, Body=data)["VersionId"]
    return version


def fill(key: str, picture: Image.Image, recipe: str = "r1") -> None:
    """Create what upload and processing leave behind."""
    version = put(key, jpeg(picture, quality=90))
    mark(key, version, picture, recipe)


def mark(key: str, version: str, picture: Image.Image, recipe: str) -> None:
    copy = jpeg(picture, quality=80)
    metadata = {"zenoimg-source-version": version, "zenoimg-recipe": recipe}
    s3().put_object(Bucket=PROCESSED, Key=f"processed/{key}", Body=copy, Metadata=metadata)
    processed = record(key, version_id=version, recipe=recipe)
    catalog().put(
        replace(processed, format="JPEG", width=picture.width, height=picture.height, processed_size=len(copy))
    )


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list to which the keys of fetched objects are added."""
    keys: list[str] = []
    fetch = Files._fetch

    def counting(self: Files, bucket: str, key: str, *more: Any) -> bytes:
        keys.append(key)
        return fetch(self, bucket, key, *more)

    monkeypatch.setattr(Files, "_fetch", counting)
    return keys


def images(folder: Path) -> dict[str, dict[str, Any]]:
    text = (folder / "index.html").read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    return {image["id"]: image for image in json.loads(found[1])["images"]}


def names(folder: Path) -> set[str]:
    return {path.name for path in (folder / "pictures").iterdir()}


def test_every_image_is_shown_before_and_after_and_the_refused_one_with_its_reason(
    three: Terminal, tmp_path: Path
) -> None:
    done = three.run("gallery", "--out", "page")
    assert done.stdout == "page/index.html\n"
    shown = images(tmp_path / "page")
    for key in ("a.jpg", "sub/</script>ü.jpg"):
        paths = [shown[key][part] for part in ("before", "after", "small")]
        assert all((tmp_path / "page" / path).stat().st_size for path in paths)
        assert all(re.fullmatch(r"pictures/[0-9a-f-]+(before|after|small)\.(jpg|webp)", path) for path in paths)
    assert shown["text.jpg"]["status"] == "refused"
    assert shown["text.jpg"]["error"] == "corrupt: the picture ends early"
    assert "before" not in shown["text.jpg"], "refused images are not opened"
    assert "unmarked originals" in done.stderr


def test_a_second_run_fetches_new_files_and_removes_those_of_deleted_images(
    three: Terminal, tmp_path: Path, fetched: list[str]
) -> None:
    three.run("gallery", "--out", "page")
    first = names(tmp_path / "page")
    assert len(fetched) == 4
    fetched.clear()
    three.run("gallery", "--out", "page")
    assert fetched == []
    assert names(tmp_path / "page") == first

    fill("b.jpg", photo((90, 90), seed=3))
    fill("a.jpg", photo((100, 80), seed=4))
    three.run("gallery", "--out", "page")
    assert sorted(fetched) == ["a.jpg", "b.jpg", "processed/a.jpg", "processed/b.jpg"]
    assert images(tmp_path / "page")["a.jpg"]["width"] == 100
    assert len(names(tmp_path / "page")) == len(first) + 3, "the older pictures of a.jpg are gone"

    three.run("gallery", "--out", "page", "--prefix", "b")
    assert set(images(tmp_path / "page")) == {"b.jpg"}
    assert len(names(tmp_path / "page")) == 3


@pytest.mark.thorough
def test_after_a_new_recipe_only_copies_are_fetched(three: Terminal, fetched: list[str]) -> None:
    three.run("gallery")
    fetched.clear()
    version = s3().head_object(Bucket=ORIGINALS, Key="a.jpg")["VersionId"]
    mark("a.jpg", version, photo((160, 120), seed=6), "r2")
    three.run("gallery")
    assert fetched == ["processed/a.jpg"]


@pytest.mark.thorough
def test_without_originals_the_folder_contains_no_unmarked_picture(
    three: Terminal, tmp_path: Path, fetched: list[str]
) -> None:
    three.run("gallery", "--out", "page")
    fetched.clear()
    done = three.run("gallery", "--out", "page", "--no-originals")
    assert fetched == []
    assert not [name for name in names(tmp_path / "page") if "before" in name]
    assert "before" not in images(tmp_path / "page")["a.jpg"]
    assert "unmarked" not in done.stderr


def test_a_missing_copy_is_reported_and_the_rest_shown(three: Terminal, tmp_path: Path) -> None:
    s3().delete_object(Bucket=PROCESSED, Key="processed/a.jpg")
    result = three.json("gallery", "--out", "page", code=1)
    assert result == {
        "Page": "page/index.html",
        "Images": 3,
        "Processed": 2,
        "Refused": 1,
        "Failed": 0,
        "WithoutPictures": ["a.jpg"],
        "Missing": [],
    }
    shown = images(tmp_path / "page")["a.jpg"]
    assert "copy is gone" in shown["problem"]
    assert {"before", "after", "small"} & set(shown) == {"before"}
    assert shown["again"] == "zenoimg reprocess a.jpg"
    said = three.run("gallery", "--out", "page", code=1).stderr
    assert "copy is gone" in said
    assert "1 image can be processed again: `zenoimg reprocess a.jpg`" in said


def test_failed_images_lead_to_a_reprocess_and_refused_ones_do_not(three: Terminal, tmp_path: Path) -> None:
    for number in range(12):
        catalog().put(replace(record(f"busy-{number}.jpg", status="failed"), error="throttled: later"))
    said = three.run("gallery", "--out", "page").stderr
    assert "12 images can be processed again: `zenoimg reprocess`" in said, "and not twelve ids"
    shown = images(tmp_path / "page")
    assert shown["busy-1.jpg"]["again"] == "zenoimg reprocess busy-1.jpg"
    assert [each for each in shown.values() if "again" in each and each["status"] == "refused"] == []


@pytest.mark.thorough
def test_the_copy_of_an_unreadable_original_is_shown(
    three: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = Files._fetch

    def denied(self: Files, bucket: str, *more: Any) -> bytes:
        if bucket == ORIGINALS:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject")
        return fetch(self, bucket, *more)

    monkeypatch.setattr(Files, "_fetch", denied)
    three.run("gallery", code=1)
    shown = images(tmp_path / "gallery")["a.jpg"]
    assert {"before", "after", "small"} & set(shown) == {"after", "small"}
    assert shown["problem"]


def test_an_image_replaced_in_the_meantime_shows_one_version_and_never_a_mixture(
    three: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record is listed; then a newer version is uploaded and processed; then the files are fetched."""
    missing = Files.missing

    def replaced_meanwhile(self: Files, records: Any) -> tuple[int, int]:
        found = missing(self, records)
        fill("a.jpg", photo((200, 100), seed=9))
        s3().delete_object(Bucket=ORIGINALS, Key="sub/</script>ü.jpg")
        catalog().delete("sub/</script>ü.jpg")
        return found

    monkeypatch.setattr(Files, "missing", replaced_meanwhile)
    three.run("gallery", "--out", "page")
    assert images(tmp_path / "page")["a.jpg"]["width"] == 200
    assert set(images(tmp_path / "page")) == {"a.jpg", "text.jpg"}


def test_an_image_whose_processing_failed_shows_its_original_and_why(
    no_stack: Terminal, tmp_path: Path, fetched: list[str]
) -> None:
    version = put("a.jpg", jpeg(photo((160, 120), seed=1)))
    catalog().put(replace(record("a.jpg", status="failed", version_id=version), error="throttled: try again"))
    no_stack.run("gallery")
    shown = images(tmp_path / "gallery")["a.jpg"]
    assert shown["error"] == "throttled: try again"
    assert {"before", "after", "small"} & set(shown) == {"before", "small"}
    assert fetched == ["a.jpg"]


def test_without_images_the_page_is_empty(no_stack: Terminal, tmp_path: Path) -> None:
    done = no_stack.run("gallery")
    assert images(tmp_path / "gallery") == {}
    assert "0 images" in done.stderr
    no_stack.run("gallery", "--prefix", "nothing/", "--since", "1d")
    assert images(tmp_path / "gallery") == {}


@pytest.mark.thorough
def test_the_limit_shows_the_newest_images_with_a_notice(three: Terminal, tmp_path: Path) -> None:
    done = three.run("gallery", "--limit", "1")
    assert len(images(tmp_path / "gallery")) == 1
    assert "--limit shows more" in done.stderr


@pytest.mark.thorough
def test_a_large_download_needs_confirmation(three: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_ASK_FROM_BYTES", 1000)
    done = three.run("gallery", code=2)
    assert "--yes" in done.stderr
    assert not (tmp_path / "gallery").exists()
    three.run("gallery", "--yes")
    three.run("gallery"), "nothing is left to fetch"


@pytest.mark.thorough
def test_open_shows_the_page_in_the_browser(three: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def answer(address: str) -> bool:
        opened.append(address)
        return len(opened) == 1

    monkeypatch.setattr("webbrowser.open", answer)
    assert "No browser" not in three.run("gallery", "--open").stderr
    assert opened == [(tmp_path / "gallery" / "index.html").as_uri()]
    assert "No browser was found; open gallery/index.html" in three.run("gallery", "--open").stderr


@pytest.mark.thorough
@pytest.mark.parametrize("blocked", ["page", "page/index.html"])
def test_foreign_files_are_not_overwritten(three: Terminal, tmp_path: Path, blocked: str) -> None:
    path = tmp_path / blocked
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    assert "--out" in three.run("gallery", "--out", "page", code=2).stderr
    assert path.read_text() == "mine"


def test_a_folder_that_is_a_link_is_not_followed(three: Terminal, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "pictures").symlink_to(elsewhere)
    done = three.run("gallery", "--out", "page", code=1)
    assert "cannot be written" in done.stderr
    assert list(elsewhere.iterdir()) == []
