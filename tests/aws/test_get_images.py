from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, urlencode

import pytest

from lambda_handlers import get_images
from tests.aws.conftest import NAMES
from tests.aws.invocation import context
from tests.records import large, record
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.records import JSON_KEYS, ImageRecord, to_json

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LAMBDA_LIMIT_BYTES = 6 * 1024 * 1024


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, dynamodb: DynamoDBClient) -> Iterator[None]:
    monkeypatch.setenv("TABLE_NAME", NAMES.table)
    get_images._catalog.cache_clear()
    yield
    get_images._catalog.cache_clear()


def get(query: dict[str, Any] | None = None, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """Call the handler with an event of an HTTP API, payload format 2.0."""
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "GET /images",
        "rawPath": "/images",
        "headers": {"host": "abc.execute-api.eu-west-1.amazonaws.com"},
        "requestContext": {"http": {"method": "GET", "path": "/images"}},
        "isBase64Encoded": False,
    }
    event["rawQueryString"] = "" if query is None else urlencode(query, doseq=True)
    event["headers"] |= headers or {}
    answer: dict[str, Any] = get_images.handler(event, context())
    assert answer["headers"]["content-type"] == "application/json"
    # As the runtime serializes it.
    assert len(json.dumps(answer, ensure_ascii=False).encode()) < LAMBDA_LIMIT_BYTES
    return answer


def next_query(answer: dict[str, Any]) -> dict[str, str] | None:
    """Return the query of the next page, from the Link header."""
    link = answer["headers"].get("link")
    if link is None:
        return None
    found = re.fullmatch(r'<\?([A-Za-z0-9_=&-]+)>; rel="next"', link)
    assert found, link
    return dict(parse_qsl(found[1], strict_parsing=True))


def all_pages(query: dict[str, str] | None = None) -> list[list[dict[str, Any]]]:
    """Return all pages, found by following the links alone."""
    pages = []
    while True:
        answer = get(query)
        assert answer["statusCode"] == 200
        pages.append(json.loads(answer["body"]))
        query = next_query(answer)
        if query is None:
            return pages


def put_all(catalog: Catalog, records: list[ImageRecord]) -> list[str]:
    for each in records:
        catalog.put(each)
    return sorted(each.image_id for each in records)


def ids(pages: list[list[dict[str, Any]]]) -> list[str]:
    return sorted(found["ImageId"] for page in pages for found in page)


def test_an_empty_table_is_an_empty_array() -> None:
    answer = get()
    assert (answer["statusCode"], answer["body"]) == (200, "[]")
    assert "link" not in answer["headers"]


def test_all_records_come_in_one_bare_array_in_the_usual_form(catalog: Catalog) -> None:
    there = [record("a cat.jpg"), record("bad.gif", status="refused"), record("ü🐈.jpg", warnings=('says "no"',))]
    put_all(catalog, there)
    (page,) = all_pages()
    assert sorted(page, key=lambda found: str(found["ImageId"])) == [to_json(each) for each in there]


def test_the_five_fields_that_clients_have_always_read_come_first(catalog: Catalog) -> None:
    put_all(catalog, [record(), record("bad.gif", status="failed")])
    for found in json.loads(get()["body"]):
        assert list(found)[:5] == ["ImageId", "OriginalSize", "ProcessedSize", "ProcessedUrl", "CreatedAt"]
        assert tuple(found) == JSON_KEYS


def test_several_pages_of_the_table_are_one_response_if_they_fit(catalog: Catalog) -> None:
    there = put_all(catalog, [large(f"{number}.jpg") for number in range(8)])  # 2.8 MB
    assert catalog.page().next_after is not None
    (page,) = all_pages()
    assert ids([page]) == there


@pytest.mark.parametrize(
    "warning",
    [
        pytest.param("x" * 350_000, id="plain"),
        pytest.param('"\\' * 80_000, id="quotes and backslashes, which take four bytes in the serialized response"),
        pytest.param("🐈" * 90_000, id="characters beyond ASCII"),
        pytest.param("\x01" * 100_000, id="control characters"),
    ],
)
def test_more_than_five_megabytes_come_in_pages_without_loss_or_repetition(catalog: Catalog, warning: str) -> None:
    there = put_all(catalog, [record(f"{number}.jpg", warnings=(warning,)) for number in range(18)])
    pages = all_pages()
    assert len(pages) > 1
    assert ids(pages) == there
    assert all(pages)


def test_the_size_limit_is_exact_for_the_body_as_serialized_by_the_runtime(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_all(catalog, [record(f'"{number}\\".jpg', warnings=("ü🐈\x01",)) for number in range(5)])
    whole = len(json.dumps(get()["body"]))
    monkeypatch.setattr(get_images, "MAX_ANSWER_BYTES", whole)
    assert [len(page) for page in all_pages()] == [5]
    monkeypatch.setattr(get_images, "MAX_ANSWER_BYTES", whole - 1)
    assert [len(page) for page in all_pages()] == [4, 1]


@pytest.mark.parametrize("bound", [1, 5000])
def test_a_record_larger_than_the_limit_is_returned_and_ends_its_page(
    bound: int, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_images, "MAX_ANSWER_BYTES", bound)
    there = put_all(catalog, [record(f"{number}.jpg", warnings=("x" * 6000,)) for number in range(3)])
    pages = all_pages()
    assert [len(page) for page in pages] == [1, 1, 1]
    assert ids(pages) == there


@pytest.mark.parametrize(("limit", "lengths"), [(1, [1] * 7), (3, [3, 3, 1]), (7, [7]), (10000, [7])])
def test_a_limit_applies_to_every_linked_page(catalog: Catalog, limit: int, lengths: list[int]) -> None:
    there = put_all(catalog, [record(f"{number}.jpg") for number in range(7)])
    pages = all_pages({"limit": str(limit)})
    # DynamoDB may not know yet that nothing is left; the last page is empty then.
    assert [len(page) for page in pages if page] == lengths
    assert ids(pages) == there


def test_a_limit_may_span_pages_of_the_table(catalog: Catalog) -> None:
    put_all(catalog, [large(f"{number}.jpg") for number in range(9)])
    (first, *_) = all_pages({"limit": "7"})
    assert len(first) == 7


def test_a_cursor_is_url_safe_whatever_the_key(catalog: Catalog) -> None:
    awkward = "\u07ff\u07ff\u07ff"  # "37/fv9+/" in plain base64
    keys = [awkward + rest for rest in ("", "a b+c/?&.jpg", "ü🐈>~.jpg", "100%.jpg")]
    there = put_all(catalog, [record(key) for key in keys])
    assert ids(all_pages({"limit": "1"})) == there


def test_a_cursor_works_even_if_its_record_was_deleted(catalog: Catalog) -> None:
    there = put_all(catalog, [record(f"{number}.jpg") for number in range(6)])
    first = get({"limit": "2"})
    shown = ids([json.loads(first["body"])])
    catalog.delete(json.loads(first["body"])[-1]["ImageId"])
    rest = ids(all_pages(next_query(first)))
    assert not set(rest) & set(shown)
    assert sorted(rest + shown) == there


@pytest.mark.parametrize("limit", ["0", "-1", "", "ten", "1.5", "10001", "1e3", " 5", "٣", "1,2", "0x10", "9" * 30])
def test_a_bad_limit_is_reported_as_json(limit: str, catalog: Catalog) -> None:
    answer = get({"limit": limit})
    assert answer["statusCode"] == 400
    assert "limit" in json.loads(answer["body"])["message"]


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        pytest.param("", id="empty"),
        pytest.param("a", id="cut off"),
        pytest.param("not base64!", id="other characters"),
        pytest.param("Y2F0!!!!", id="other characters after a good one"),
        pytest.param("ü", id="beyond ASCII"),
        pytest.param(encoded(b"\xff\xfe"), id="no UTF-8"),
        pytest.param(encoded(b"k" * 3000), id="longer than any key"),
    ],
)
def test_a_bad_cursor_is_reported_as_json(cursor: str, catalog: Catalog) -> None:
    answer = get({"cursor": cursor})
    assert answer["statusCode"] == 400
    assert "cursor" in json.loads(answer["body"])["message"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"sort": "up"}, "'sort' is not a parameter; there are cursor, id, limit"),
        ({"limit": ["1", "2"]}, "limit is given 2 times"),
        ({"id": "cat.jpg", "limit": "1"}, "id excludes cursor and limit"),
        ({"id": ""}, "an id has 1 to 1024 bytes"),
        ({"id": "ü" * 513}, "an id has 1 to 1024 bytes"),
        ({"id": [f"{number}.jpg" for number in range(101)]}, "101 ids; at most 100"),
    ],
)
def test_an_invalid_query_is_reported_as_json(query: dict[str, Any], said: str, catalog: Catalog) -> None:
    put_all(catalog, [record()])
    answer = get(query)
    assert answer["statusCode"] == 400
    assert said in json.loads(answer["body"])["message"]


def test_a_query_in_another_encoding_is_reported_as_json(catalog: Catalog) -> None:
    answer = get_images.handler({"rawQueryString": "id=%FF"}, context())
    assert (answer["statusCode"], json.loads(answer["body"])["message"]) == (400, "the query is not UTF-8")


def test_single_images_are_returned_by_id_in_the_requested_order_without_duplicates(catalog: Catalog) -> None:
    keys = ["2025/a,b c+&=.jpg", "ü🐈.jpg", "plain.jpg"]
    put_all(catalog, [record(key) for key in (*keys, "other.jpg", ".zenoimg/test.jpg")])
    answer = get({"id": [*keys, "missing.jpg", keys[0], ".zenoimg/test.jpg"]})
    assert [found["ImageId"] for found in json.loads(answer["body"])] == keys
    assert "link" not in answer["headers"]
    assert get({"id": "missing.jpg"})["body"] == "[]"


def test_single_images_that_do_not_fit_are_on_a_linked_page(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_images, "MAX_ANSWER_BYTES", 3000)
    keys = [f"a,b/{number} ü.jpg" for number in range(7)]
    put_all(catalog, [record(key) for key in keys])
    found: list[str] = []
    query: dict[str, Any] | None = {"id": keys}
    while query is not None:
        answer = get(query)
        page = [each["ImageId"] for each in json.loads(answer["body"])]
        assert 0 < len(page) < 7
        found += page
        link = answer["headers"].get("link")
        query = parse_qs(link.partition("<?")[2].partition(">")[0]) if link else None
    assert found == keys


@pytest.fixture
def _open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_AUTHORIZATION", "NONE")


@pytest.mark.usefixtures("_open")
def test_an_open_api_returns_at_most_a_hundred_records_and_a_megabyte_per_page(catalog: Catalog) -> None:
    there = put_all(catalog, [record(f"{number}.jpg") for number in range(120)])
    pages = all_pages()
    assert [len(page) for page in pages if page] == [100, 20]
    assert ids(pages) == there
    assert [len(page) for page in all_pages({"limit": "110"}) if page] == [110, 10]
    put_all(catalog, [large(f"large-{number}.jpg") for number in range(5)])
    assert all(len(json.dumps(page)) <= 1_010_000 for page in all_pages({"limit": "10000"}))


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, br", False),
        ("identity", False),
        ("", False),
    ],
)
def test_responses_are_compressed_on_request(catalog: Catalog, accepted: str, packed: bool) -> None:
    put_all(catalog, [record(f"{number}.jpg") for number in range(20)])
    plain, answer = get(), get(headers={"accept-encoding": accepted})
    assert answer.get("isBase64Encoded", False) is packed
    assert answer["headers"].get("content-encoding") == ("gzip" if packed else None)
    assert answer["headers"]["vary"] == "accept-encoding"
    body = gzip.decompress(base64.b64decode(answer["body"])).decode() if packed else answer["body"]
    assert body == plain["body"]
    assert len(answer["body"]) < len(plain["body"]) / 4 or not packed


def test_short_responses_are_not_compressed(catalog: Catalog) -> None:
    assert get(headers={"accept-encoding": "gzip"})["body"] == "[]"
