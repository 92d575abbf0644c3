from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.records import record
from zenoimg.errors import UsageError
from zenoimg.operations.gallery.album import Album, check_folder, page, write
from zenoimg.operations.gallery.files import Pictures, is_ours, stems_of
from zenoimg.operations.output.directory import OutputDirectory
from zenoimg.operations.selectors import Selectors

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "../../etc/passwd",
    "{{script}}{{data}}",
    "a\u2028b\u202ec\x00\x1b[31m",
    "\\u003c/script>&lt;",
]


class Parsed(HTMLParser):
    """Elements, and the texts of scripts and styles, as parsed by a browser."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": [], "title": []}
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag if tag in self.raw else ""
        if self._inside:
            self.raw[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.raw[self._inside][-1] += data


def album(*ids: str, **more: Any) -> Album:
    pictures = [Pictures(record(image_id, warnings=(image_id,)), small="pictures/a.webp") for image_id in ids]
    return Album(stack="zeno", where="in eu-west-1", made_at="2025-06-12T15:25:14Z", pictures=pictures, **more)


def test_ids_are_data_and_never_markup() -> None:
    harmless, hostile = Parsed(page(album(*(f"{n}.jpg" for n in range(len(HOSTILE)))))), Parsed(page(album(*HOSTILE)))
    assert hostile.elements == harmless.elements
    data, script = hostile.raw["script"]
    assert [image["id"] for image in json.loads(data)["images"]] == HOSTILE
    assert script == harmless.raw["script"][1]


def test_all_other_texts_are_escaped_as_well() -> None:
    parsed = Parsed(
        page(replace(album("a.jpg"), stack="<b>&", where="</script>", selectors=Selectors(prefix="</script>")))
    )
    assert parsed.raw["title"] == ["<b>& – gallery"]
    assert json.loads(parsed.raw["script"][0])["where"] == "</script>"
    assert "b" not in [tag for tag, attributes in parsed.elements if not attributes and tag == "b"]


def test_the_content_policy_allows_only_pictures_next_to_the_page() -> None:
    text = page(album("a.jpg"))
    parsed = Parsed(text)
    policy = next(
        attributes["content"]
        for tag, attributes in parsed.elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "'self' file: data:"
    for kind, found in (("style", parsed.raw["style"][0]), ("script", parsed.raw["script"][1])):
        digest = base64.b64encode(hashlib.sha256(found.encode()).digest()).decode()
        assert rules[f"{kind}-src"] == f"'sha256-{digest}'"
    assert "unsafe" not in policy
    addresses = set(re.findall(r"https?://[^\s'\"]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg"}, "the URI of a vocabulary, which nothing loads"


@pytest.mark.parametrize("image_id", [*HOSTILE, "a.jpg", "x" * 1024, "ü/📷.jpg"])
def test_file_names_are_hashes(image_id: str) -> None:
    for stem in stems_of(record(image_id), originals=True):
        assert stem is not None
        assert is_ours(f"{stem}.jpg")


@pytest.mark.parametrize("name", ["a.jpg", "index.html", "0123456789abcdef-0123456789abcdef-before.exe", "../x.jpg"])
def test_other_file_names_are_not_recognised_as_ours(name: str) -> None:
    assert not is_ours(name)


def test_file_names_change_exactly_when_the_content_may() -> None:
    first = record("a.jpg")
    before, after, small = stems_of(first, originals=True)
    assert stems_of(replace(first, updated_at="later", duration_ms=9), originals=True) == (before, after, small)
    remarked = stems_of(replace(first, recipe="another"), originals=True)
    assert remarked.before == before, "a new recipe does not change the original"
    assert (remarked.after, remarked.small) != (after, small)
    replaced = stems_of(replace(first, version_id="v2"), originals=True)
    assert not {*replaced} & {before, after, small}
    assert not {*stems_of(record("b.jpg"), originals=True)} & {before, after, small}


def test_a_refused_image_has_no_files_and_a_page_without_originals_has_no_original_files() -> None:
    assert set(stems_of(record(status="refused"), originals=True)) == {None}
    assert set(stems_of(record(status="failed"), originals=False)) == {None}
    assert stems_of(record(), originals=False).before is None


def test_foreign_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "page"
    write(OutputDirectory(out), out, album("a.jpg"))
    pictures = out / "pictures"
    pictures.mkdir()
    stem = stems_of(record("a.jpg"), originals=True).small
    kept, stale, foreign = f"{stem}.webp", "0" * 16 + "-" + "0" * 16 + "-small.webp", "holiday.jpg"
    for name in (kept, stale, foreign):
        (pictures / name).write_bytes(b"x")
    check_folder(out)
    write(OutputDirectory(out), out, album("a.jpg"))
    assert {path.name for path in pictures.iterdir()} == {kept, foreign}


@pytest.mark.parametrize("content", ["<!doctype html><title>Mine</title>", ""])
def test_a_foreign_page_is_not_overwritten(tmp_path: Path, content: str) -> None:
    (tmp_path / "index.html").write_text(content)
    with pytest.raises(UsageError, match="exists and is not a gallery"):
        check_folder(tmp_path)
