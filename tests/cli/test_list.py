"""``list`` on moto: what is shown, in which form, and which options can be combined."""

from __future__ import annotations

import csv
import io
import json
import urllib.parse
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import boto3
import pytest

from tests.cli.conftest import PROCESSED, TABLE, Terminal
from tests.records import record
from zenoimg.operations.records import api
from zenoimg.operations.records.api import ApiAnswer
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.records import JSON_KEYS, ImageRecord, to_json, utc_text

HOSTILE = 'a,"b"\n[red]ü📷\x1b[2J=1+1.jpg'


def ago(**length: float) -> str:
    return utc_text(datetime.now(UTC) - timedelta(**length))


@pytest.fixture
def filled(no_stack: Terminal) -> Terminal:
    catalog = Catalog(boto3.client("dynamodb"), TABLE)
    for each in (
        record("old.jpg", created_at=ago(days=90)),
        record("new.jpg", created_at=ago(minutes=5)),
        record("bad.gif", created_at=ago(days=2), status="refused"),
        record("sub/broken.jpg", created_at=ago(days=3), status="failed"),
        replace(record(HOSTILE, created_at=ago(days=1), warnings=("one", "two")), original_size=9_000_000),
    ):
        catalog.put(each)
    return no_stack


NEWEST_FIRST = ["new.jpg", HOSTILE, "bad.gif", "sub/broken.jpg", "old.jpg"]


def listed(terminal: Terminal, *arguments: str) -> list[str]:
    return [found["ImageId"] for found in terminal.json("list", *arguments)]


def test_json_is_one_array_of_complete_records_newest_first(filled: Terminal) -> None:
    records = filled.json("list")
    assert [found["ImageId"] for found in records] == NEWEST_FIRST
    assert all(tuple(found) == JSON_KEYS for found in records)
    assert filled.run("list", "--json").stdout == json.dumps(records, indent=2, ensure_ascii=False) + "\n"


def test_json_lines_are_the_same_records_one_per_line(filled: Terminal) -> None:
    lines = filled.run("list", "--jsonl").stdout.splitlines()
    by_id = {found["ImageId"]: found for found in map(json.loads, lines)}
    assert by_id == {found["ImageId"]: found for found in filled.json("list")}
    assert len(lines) == 5


def test_csv_has_a_header_line_and_supports_any_key(filled: Terminal) -> None:
    rows = list(csv.DictReader(io.StringIO(filled.run("list", "--csv").stdout)))
    assert tuple(rows[0]) == JSON_KEYS
    by_id = {row["ImageId"]: row for row in rows}
    assert set(by_id) == set(NEWEST_FIRST)
    assert by_id[HOSTILE]["Warnings"] == "one\ntwo"
    assert by_id["bad.gif"]["ProcessedSize"] == ""
    assert by_id["bad.gif"]["Error"] == "corrupt: the picture ends early"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_csv_cell_is_a_formula_in_a_spreadsheet(no_stack: Terminal, start: str) -> None:
    Catalog(boto3.client("dynamodb"), TABLE).put(record(f"{start}1+1.jpg", warnings=(f"{start}2",)))
    (row,) = csv.DictReader(io.StringIO(no_stack.run("list", "--csv").stdout, newline=""))
    assert row["ImageId"] == f"'{start}1+1.jpg"
    assert row["Warnings"] == f"'{start}2"
    assert row["OriginalSize"] == "2000000"


def test_an_empty_table_is_an_empty_array_no_lines_or_a_header_line(no_stack: Terminal) -> None:
    assert no_stack.run("list", "--json").stdout == "[]\n"
    assert no_stack.run("list", "--jsonl").stdout == ""
    assert no_stack.run("list", "--csv").stdout == ",".join(JSON_KEYS) + "\n"
    done = no_stack.run("list")
    assert done.stdout == ""
    assert "No images yet" in done.stderr
    assert "No such images" in no_stack.run("list", "--prefix", "x").stderr


def test_filters_orders_and_limits(filled: Terminal) -> None:
    assert listed(filled, "--status", "refused") == ["bad.gif"]
    assert listed(filled, "--status", "failed") == ["sub/broken.jpg"]
    assert listed(filled, "--status", "processed") == ["new.jpg", HOSTILE, "old.jpg"]
    assert listed(filled, "--prefix", "sub/") == ["sub/broken.jpg"]
    assert listed(filled, "--since", "36h") == ["new.jpg", HOSTILE]
    assert listed(filled, "--since", ago(hours=1)) == ["new.jpg"]
    assert listed(filled, "--sort", "id") == sorted(NEWEST_FIRST)
    assert listed(filled, "--sort", "size", "--limit", "1") == [HOSTILE]
    assert listed(filled, "--limit", "2") == NEWEST_FIRST[:2]
    limited = filled.run("list", "--jsonl", "--limit", "2").stdout.splitlines()
    assert [json.loads(line)["ImageId"] for line in limited] == NEWEST_FIRST[:2]


def test_without_a_terminal_the_table_has_one_line_per_record(filled: Terminal) -> None:
    done = filled.run("list")
    (broken,) = [line for line in done.stdout.splitlines() if "sub/broken.jpg" in line]
    assert "failed: corrupt: the picture ends early" in broken
    assert r"\n[red]ü📷\x1b[2J=1+1.jpg" in done.stdout
    assert "\x1b" not in done.stdout
    assert "5 images." in done.stderr


def test_the_table_counts_the_selected_records_regardless_of_the_limit(filled: Terminal) -> None:
    assert "2 of 5 images; --limit shows more." in filled.run("list", "--limit", "2").stderr
    assert filled.run("list", "--status", "failed").stderr == "1 image.\n"
    assert "1 of 3 images; --limit shows more." in filled.run("list", "--status", "processed", "--limit", "1").stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--json", "--csv"], "--json and --csv"),
        (["--jsonl", "--csv", "--json"], "--json and --jsonl and --csv"),
        (["--presign", "1h"], "--presign needs"),
        (["--json", "--presign", "8d"], "1s to 7d"),
        (["--json", "--presign", "0s"], "1s to 7d"),
        (["--json", "--presign", "soon"], "--presign 'soon' is not valid"),
        (["--since", "soon"], "--since 'soon' is not valid"),
    ],
)
def test_contradictory_options_are_usage_errors(terminal: Terminal, arguments: list[str], said: str) -> None:
    assert said in terminal.run("list", *arguments, code=2).stderr


def test_presigned_urls_are_signed_with_version_4_for_the_requested_time(filled: Terminal) -> None:
    found = {each["ImageId"]: each["ProcessedUrl"] for each in filled.json("list", "--presign", "2h")}
    assert found["bad.gif"] is None
    address = urllib.parse.urlsplit(found[HOSTILE])
    assert address.hostname is not None
    assert address.hostname.startswith(f"{PROCESSED}.s3.")
    assert urllib.parse.unquote(address.path) == f"/processed/{HOSTILE}"
    query = urllib.parse.parse_qs(address.query)
    assert query["X-Amz-Expires"] == ["7200"]
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]


# Through the API


class FakeApi:
    """The HTTP API's responses by URL."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, base: str = "https://api.example/images") -> None:
        self.base = base
        self.answers: dict[str, list[ApiAnswer]] = {}
        self.asked: list[str] = []
        monkeypatch.setattr(api, "images_url", lambda aws, deployment: base)
        monkeypatch.setattr(api, "get", self._get)

    def _get(self, aws: object, url: str) -> ApiAnswer:
        self.asked.append(url)
        found = self.answers[url]
        return found.pop(0) if len(found) > 1 else found[0]

    def page(self, query: str, records: list[ImageRecord], link: str = "", status: int = 200) -> None:
        body = json.dumps([to_json(each) for each in records]) if status == 200 else '{"message": "no"}'
        answer = ApiAnswer(status, body, "application/json", link)
        self.answers.setdefault(self.base + query, []).append(answer)


@pytest.fixture
def http(no_stack: Terminal, monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    monkeypatch.setattr(api, "pages", partial(api.pages, sleep=lambda seconds: None))
    return FakeApi(monkeypatch)


def test_via_api_follows_relative_links_to_the_end(no_stack: Terminal, http: FakeApi) -> None:
    http.page("", [record("a.jpg", created_at=ago(days=3))], '<?cursor=YQ&x=1>; rel="next"')
    http.page("?cursor=YQ&x=1", [record("b.jpg", created_at=ago(days=1))], "</other>; rel=prev, <?cursor=Yg>;rel=next")
    http.page("?cursor=Yg", [record("c.jpg", status="refused", created_at=ago(days=2))])
    assert listed(no_stack, "--via", "api") == ["b.jpg", "c.jpg", "a.jpg"]
    assert listed(no_stack, "--via", "api", "--status", "refused") == ["c.jpg"]
    assert listed(no_stack, "--via", "api", "--sort", "id", "--limit", "2") == ["a.jpg", "b.jpg"]


def test_via_api_retries_temporary_errors_and_reports_permanent_ones(no_stack: Terminal, http: FakeApi) -> None:
    http.page("", [], status=503)
    http.page("", [], status=429)
    http.page("", [record("a.jpg")])
    assert listed(no_stack, "--via", "api") == ["a.jpg"]
    assert len(http.asked) == 3
    http.answers.clear()
    http.page("", [], status=403)
    done = no_stack.run("list", "--via", "api", "--json", code=4)
    assert 'the API answered 403: {"message": "no"}' in done.stderr


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("<https://evil.example/images?cursor=YQ>; rel=next", "another host"),
        ("<http://api.example/images?cursor=YQ>; rel=next", "another host"),
        ("<?>; rel=next, <?cursor=YQ>; rel=last", ""),
    ],
)
def test_via_api_signs_no_request_to_another_host(no_stack: Terminal, http: FakeApi, link: str, said: str) -> None:
    http.page("", [record("a.jpg")], link)
    http.page("?", [record("a.jpg")], "<>; rel=next")
    done = no_stack.run("list", "--via", "api", "--jsonl", code=4)
    assert (said or "repeats an earlier one") in done.stderr
    assert "evil" not in "".join(http.asked)


@pytest.mark.parametrize("body", ["<html>", "{}", '["a"]', '[{"Image": 1}]'])
def test_via_api_rejects_responses_other_than_arrays_of_records(no_stack: Terminal, http: FakeApi, body: str) -> None:
    http.answers[http.base] = [ApiAnswer(200, body, "text/html", "")]
    assert "not an array of records" in no_stack.run("list", "--via", "api", code=4).stderr


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("", None),
        ('<?cursor=YQ>; rel="next"', "?cursor=YQ"),
        ('<a>; rel="prev", <b>; title="x, y; rel=next"; rel="last next"', "b"),
        ("<a>; title=next", None),
        ("<a>;REL=Next", "a"),
        ("nonsense", None),
    ],
)
def test_the_next_page_is_read_from_a_link_header(header: str, target: str | None) -> None:
    assert api.next_link(header) == target


def test_a_pipeline_without_an_api_is_reported(filled: Terminal) -> None:
    assert "no API" in filled.run("list", "--via", "api", code=3).stderr


def test_missing_sizes_do_not_break_the_table(no_stack: Terminal) -> None:
    item: dict[str, Any] = {"ImageId": {"S": "seed.jpg"}, "CreatedAt": {"S": ago(days=40)}}
    boto3.client("dynamodb").put_item(TableName=TABLE, Item=item)
    assert "seed.jpg" in no_stack.run("list").stdout


def test_an_item_without_its_attributes_is_shown_with_dashes(filled: Terminal) -> None:
    client = boto3.client("dynamodb")
    client.put_item(TableName=TABLE, Item={"ImageId": {"S": "bare.jpg"}})
    odd: dict[str, Any] = {"ImageId": {"S": "odd.jpg"}, "Width": {"S": "wide"}, "CreatedAt": {"N": "5"}}
    client.put_item(TableName=TABLE, Item=odd)
    assert {*NEWEST_FIRST, "bare.jpg", "odd.jpg"} == set(listed(filled))
    for options in ([], ["--sort", "size"], ["--sort", "id"], ["--csv"], ["--jsonl"]):
        assert "bare.jpg" in filled.run("list", *options).stdout
    (row,) = [row for row in filled.run("list").stdout.splitlines() if row.startswith("bare.jpg")]
    assert set(row.split()) == {"bare.jpg", "–", "processed"}
    for name in ("bare.jpg", "odd.jpg"):
        assert "–" in filled.run("show", name).stdout
        assert filled.json("show", name)["CreatedAt"] is None
