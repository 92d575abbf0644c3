"""Records are found correctly by every method: in a table of one or many pages, with and without its indexes."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.aws.conftest import NAMES
from tests.records import large, record
from zenoimg.operations.records import listing
from zenoimg.operations.records.listing import Query, from_table
from zenoimg.operations.selectors import Selectors
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.records import ImageRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TODAY = date(2025, 6, 12)
THERE = [
    record("a/one.jpg", created_at="2025-06-12T10:00:00Z"),
    record("a/two.jpg", created_at="2025-06-10T10:00:00Z"),
    record("b/three.jpg", created_at="2025-03-01T10:00:00Z"),
    record("b/four.jpg", created_at="2019-07-04T10:00:00Z"),
    record("a/bad.gif", status="refused", created_at="2025-06-01T10:00:00Z", updated_at="2025-06-11T00:00:00Z"),
    record("b/bad.gif", status="refused", created_at="2025-06-11T10:00:00Z", updated_at="2025-06-11T10:00:01Z"),
    record("a/broken.jpg", status="failed", created_at="2025-06-09T10:00:00Z"),
]
FILLING = [large(f"z/{number}.jpg", created_at="2020-01-01T00:00:00Z") for number in range(4)]
NEWEST_FIRST = ["a/one.jpg", "b/bad.gif", "a/two.jpg", "a/broken.jpg", "a/bad.gif", "b/three.jpg"]


@pytest.fixture(autouse=True)
def _short_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not back to the oldest of ``THERE``, so that fewer days are asked for."""
    monkeypatch.setattr(listing, "WALKED_DAYS", 110)


@pytest.fixture(
    params=[
        "one page",
        pytest.param("many pages", marks=pytest.mark.thorough),
        "many pages, no indexes",
        pytest.param("many pages, nothing told of indexes", marks=pytest.mark.thorough),
    ]
)
def table(request: pytest.FixtureRequest, dynamodb: DynamoDBClient) -> Catalog:
    if request.param == "many pages, no indexes":
        dynamodb.delete_table(TableName=NAMES.table)
        dynamodb.create_table(
            TableName=NAMES.table,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "ImageId", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "ImageId", "AttributeType": "S"}],
        )
    if request.param == "many pages, nothing told of indexes":
        dynamodb.meta.events.register("before-call.dynamodb.DescribeTable", _deny)
    catalog = Catalog(dynamodb, NAMES.table)
    for each in THERE + (FILLING if request.param.startswith("many") else []):
        catalog.put(each)
    return catalog


def _deny(**_: object) -> None:
    raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "DescribeTable")


def found(catalog: Catalog, query: Query) -> list[str]:
    """Return the ids, without those that only enlarge the table."""
    ids = [each.image_id for each in from_table(catalog, query, today=TODAY).records]
    return [name for name in ids if not name.startswith("z/")]


def test_newest_first_ends_with_the_oldest_records(table: Catalog) -> None:
    assert found(table, Query()) == [*NEWEST_FIRST, "b/four.jpg"]


@pytest.mark.parametrize("limit", [1, 3, 6])
def test_a_limit_takes_the_first(table: Catalog, limit: int) -> None:
    assert found(table, Query(limit=limit)) == NEWEST_FIRST[:limit]


def test_since_selects_by_creation_time(table: Catalog) -> None:
    assert found(table, Query(Selectors(since="2025-06-10T10:00:00Z"))) == ["a/one.jpg", "b/bad.gif", "a/two.jpg"]
    assert found(table, Query(Selectors(since="2019-07-04T10:00:00Z")))[-1] == "b/four.jpg"
    assert "b/four.jpg" not in found(table, Query(Selectors(since="2019-07-04T10:00:01Z")))
    assert found(table, Query(Selectors(since="2030-01-01T00:00:00Z"))) == []


def test_filters_apply_before_the_limit(table: Catalog) -> None:
    assert found(table, Query(Selectors(prefix="b/"), limit=2)) == ["b/bad.gif", "b/three.jpg"]
    assert found(table, Query(Selectors(status="processed", prefix="b/"), limit=2)) == ["b/three.jpg", "b/four.jpg"]
    assert found(table, Query(Selectors(prefix="nothing"))) == []


def test_refused_and_failed_images_come_with_the_latest_change_first(table: Catalog) -> None:
    assert found(table, Query(Selectors(status="refused"), order="changed")) == ["b/bad.gif", "a/bad.gif"]
    assert found(table, Query(Selectors(status="refused"), order="changed", limit=1)) == ["b/bad.gif"]
    assert found(table, Query(Selectors(status="refused", prefix="a/"), order="changed")) == ["a/bad.gif"]
    assert found(table, Query(Selectors(status="failed"), order="changed")) == ["a/broken.jpg"]
    assert found(table, Query(Selectors(status="refused"), order="id")) == ["a/bad.gif", "b/bad.gif"]
    assert found(table, Query(Selectors(status="refused", since="2025-06-02T00:00:00Z"), order="any")) == ["b/bad.gif"]


def test_by_id(table: Catalog) -> None:
    assert found(table, Query(order="id")) == sorted(each.image_id for each in THERE)
    assert found(table, Query(order="id", limit=2)) == ["a/bad.gif", "a/broken.jpg"]
    assert found(table, Query(Selectors(since="2025-06-10T00:00:00Z"), order="id", limit=2)) == [
        "a/one.jpg",
        "a/two.jpg",
    ]


def test_in_any_order_nothing_is_lost_or_repeated(table: Catalog) -> None:
    assert sorted(found(table, Query(order="any"))) == sorted(each.image_id for each in THERE)
    recent = found(table, Query(Selectors(since="2025-06-10T00:00:00Z"), order="any"))
    assert sorted(recent) == ["a/one.jpg", "a/two.jpg", "b/bad.gif"]


def test_the_largest_originals_come_first_and_unknown_sizes_last(catalog: Catalog) -> None:
    sizes = {"small.jpg": 5, "large.jpg": 50, "b.jpg": 7, "a.jpg": 7, "unknown.jpg": None}
    for name, size in sizes.items():
        catalog.put(ImageRecord(name, size, None, None, "2025-06-12T10:00:00Z", "processed", "2025-06-12T10:00:00Z"))
    assert found(catalog, Query(order="size")) == ["large.jpg", "a.jpg", "b.jpg", "small.jpg", "unknown.jpg"]
    assert found(catalog, Query(order="size", limit=2)) == ["large.jpg", "a.jpg"]


def test_the_count_is_exact_for_a_table_of_one_page_and_approximate_for_a_large_one(catalog: Catalog) -> None:
    for each in THERE:
        catalog.put(each)
    small = from_table(catalog, Query(limit=1), today=TODAY)
    assert (small.images, small.exact) == (len(THERE), True)
    for each in FILLING:
        catalog.put(each)
    more = from_table(catalog, Query(limit=1), today=TODAY)
    assert (more.images, more.exact) == (len(THERE) + len(FILLING), False)


@pytest.mark.slow
def test_the_newest_of_a_large_table_need_no_scan_beyond_the_first_page(
    dynamodb: DynamoDBClient, catalog: Catalog
) -> None:
    for each in THERE + FILLING:
        catalog.put(each)
    scans: list[Any] = []
    dynamodb.meta.events.register("provide-client-params.dynamodb.Scan", lambda params, **_: scans.append(params))
    assert found(catalog, Query(limit=6)) == NEWEST_FIRST
    assert len(scans) == 1
