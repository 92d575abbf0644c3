from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from rich.console import Console

from tests.cli.conftest import ORIGINALS, TABLE, Terminal
from tests.records import record
from zenoimg.cli.commands.show import _rows
from zenoimg.cli.terminal.render import details
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.records import ImageRecord, to_json

FULL = replace(
    record("sub/ü [b]photo.jpg", warnings=("the gain map is gone", "\x1b[31m")),
    format="JPEG",
    width=4032,
    height=3024,
    frames=3,
    duration_ms=1234,
    etag="e1",
    encoding="coefficients",
)


@pytest.fixture
def catalog(no_stack: Terminal) -> Catalog:
    return Catalog(boto3.client("dynamodb"), TABLE)


def shown(terminal: Terminal, each: ImageRecord) -> dict[str, str]:
    lines = terminal.run("show", each.image_id).stdout.splitlines()
    return {line.split("  ")[0]: line.split("  ", 1)[1].strip() for line in lines}


def test_everything_known_is_shown(no_stack: Terminal, catalog: Catalog) -> None:
    catalog.put(FULL)
    rows = shown(no_stack, FULL)
    assert rows["Image"] == "sub/ü [b]photo.jpg"
    assert rows["Status"] == "processed"
    assert rows["Original"] == "2.00 MB (2,000,000 bytes)"
    assert rows["Copy"] == "1.90 MB (1,900,000 bytes, -5.0%)"
    assert rows["Picture"] == "JPEG 4032×3024, 3 frames"
    assert rows["Encoding"] == "only the blocks under the mark were re-encoded"
    assert rows["Took"] == "1,234 ms"
    assert (rows["Version"], rows["ETag"], rows["Recipe"]) == ("v1", "e1", "00ff00ff00ff00ff")
    assert rows["URL"] == FULL.processed_url
    output = no_stack.run("show", FULL.image_id).stdout
    assert "the gain map is gone" in output
    assert "\x1b" not in output


def test_a_refused_image_shows_its_reason_and_no_empty_fields(no_stack: Terminal, catalog: Catalog) -> None:
    catalog.put(record("bad.gif", status="refused"))
    rows = shown(no_stack, record("bad.gif"))
    assert rows["Status"] == "refused: corrupt: the picture ends early"
    assert not {"Copy", "Picture", "URL"} & set(rows)


def test_json_is_the_usual_record(no_stack: Terminal, catalog: Catalog) -> None:
    catalog.put(FULL)
    assert no_stack.json("show", FULL.image_id) == to_json(FULL)


@pytest.mark.parametrize("image_id", ["nothing.jpg", "", "x" * 2049, "\udce9.jpg"])
def test_an_unknown_image_is_reported_in_one_sentence(no_stack: Terminal, image_id: str) -> None:
    done = no_stack.run("show", image_id, code=1)
    assert "there is no image" in done.stderr
    assert "zenoimg list" in done.stderr
    assert done.stdout == ""


def test_an_original_without_a_record_is_distinguished(no_stack: Terminal) -> None:
    boto3.client("s3").put_object(Bucket=ORIGINALS, Key="late.jpg", Body=b"x")
    done = no_stack.run("show", "late.jpg", code=1)
    assert "has no record yet" in done.stderr
    assert "zenoimg reprocess" in done.stderr


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list to which the opened URLs are added."""
    addresses: list[str] = []

    def open_address(url: str) -> bool:
        addresses.append(url)
        return True

    monkeypatch.setattr("webbrowser.open", open_address)
    return addresses


def test_open_opens_the_copy_by_a_url_that_needs_no_credentials(
    no_stack: Terminal, catalog: Catalog, opened: list[str]
) -> None:
    catalog.put(FULL)
    assert "Image" in no_stack.run("show", FULL.image_id, "--open").stdout
    (address,) = opened
    assert urlsplit(address).path.endswith("/processed/sub/%C3%BC%20%5Bb%5Dphoto.jpg")
    assert parse_qs(urlsplit(address).query)["X-Amz-Expires"] == ["3600"]


def test_an_image_without_a_copy_is_not_opened(no_stack: Terminal, catalog: Catalog, opened: list[str]) -> None:
    catalog.put(record("bad.gif", status="refused"))
    assert "has no copy to open" in no_stack.run("show", "bad.gif", "--open", code=1).stderr
    assert opened == []


def test_without_a_viewer_the_url_is_printed(
    no_stack: Terminal, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.put(FULL)
    monkeypatch.setattr("webbrowser.open", lambda url: False)
    done = no_stack.run("show", FULL.image_id, "--open", code=1)
    assert "no viewer" in done.stderr
    assert "X-Amz-Signature" in done.stderr


@pytest.mark.parametrize("width", [80, 120, 200])
def test_all_lines_fit_the_width(width: int) -> None:
    rows = _rows(replace(FULL, processed_url=f"https://copies/{'x' * 300}.jpg"), datetime.now(UTC), "other")
    console = Console(file=io.StringIO(), width=width, record=True)
    console.print(details(rows))
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= width
    assert "not the deployed one" in text
