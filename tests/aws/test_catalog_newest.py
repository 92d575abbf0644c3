"""The ``by-day`` index: newest first, over days, shards and pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

from tests.records import ids, large, put_all, record
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.records import ImageRecord

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TODAY = date(2025, 6, 12)


def at(day: str, number: int, make: Callable[..., ImageRecord] = record) -> ImageRecord:
    return make(f"{day}-{number}.jpg", created_at=f"{day}T{number:02}:00:00Z")


@pytest.fixture
def large_table(catalog: Catalog) -> list[str]:
    """Fill more than a page, over days with gaps and all shards; return the ids, newest first."""
    days = ["2025-06-13", "2025-06-12", "2025-06-11", "2025-06-02", "2025-03-01"]
    put_all(catalog, [at("2024-12-31", number, large) for number in range(4)])
    there = put_all(catalog, [at(day, number) for day in days for number in range(9)])
    assert catalog.page().next_after is not None
    return sorted(ids(there), key=lambda name: (name[:10], int(name[11:-4])), reverse=True)


LONG_AGO = "2024-12-31T00:00:00Z"


@pytest.mark.parametrize("size", [pytest.param(1, marks=pytest.mark.thorough), 2, 1000])
def test_the_index_is_walked_back_day_by_day_over_all_shards_and_pages(
    catalog: Catalog, large_table: list[str], size: int
) -> None:
    found = ids(list(catalog.newest(today=TODAY, oldest=LONG_AGO, page_records=size)))
    assert found[:-4] == large_table
    assert len(found) == len(large_table) + 4


def test_the_walk_ends_at_the_bound_to_the_second(catalog: Catalog, large_table: list[str]) -> None:
    oldest = "2025-06-11T04:00:00Z"
    found = ids(list(catalog.newest(today=TODAY, oldest=oldest)))
    assert found == large_table[: large_table.index("2025-06-11-4.jpg") + 1]


def test_records_of_the_same_second_are_ordered_by_id(catalog: Catalog) -> None:
    put_all(catalog, [record(f"{number:02}.jpg") for number in range(20)])
    found = ids(list(catalog.newest(today=TODAY, oldest="2025-06-12T00:00:00Z")))
    assert found == [f"{number:02}.jpg" for number in reversed(range(20))]


def queried_days(dynamodb: DynamoDBClient) -> list[str]:
    """Return a list to which the day of every query of the index is added."""
    days: list[str] = []

    def note(params: dict[str, Any], **_: object) -> None:
        days.append(params["ExpressionAttributeValues"][":day"]["S"][:10])

    dynamodb.meta.events.register("provide-client-params.dynamodb.Query", note)
    return days


def test_a_reader_of_few_records_queries_only_the_newest_days(
    dynamodb: DynamoDBClient, catalog: Catalog, large_table: list[str]
) -> None:
    days = queried_days(dynamodb)
    assert ids(list(islice(catalog.newest(today=TODAY, oldest=LONG_AGO), 12))) == large_table[:12]
    assert sorted(set(days)) == ["2025-06-12", "2025-06-13"]


def test_no_day_is_queried_twice_or_beyond_the_bound(dynamodb: DynamoDBClient, catalog: Catalog) -> None:
    days = queried_days(dynamodb)
    assert list(catalog.newest(today=TODAY, oldest="2025-05-01T12:00:00Z")) == []
    assert len(days) == 4 * len(set(days)) == 4 * 44
    assert (min(days), max(days)) == ("2025-05-01", "2025-06-13")


def test_a_day_that_cannot_be_read_fails_the_walk(dynamodb: DynamoDBClient, catalog: Catalog) -> None:
    put_all(catalog, [record()])

    def refuse(params: dict[str, Any], **_: object) -> None:
        if params["ExpressionAttributeValues"][":day"]["S"] == "2025-06-01#2":
            raise RuntimeError("the connection is gone")

    dynamodb.meta.events.register("provide-client-params.dynamodb.Query", refuse)
    with pytest.raises(RuntimeError, match="the connection is gone"):
        list(catalog.newest(today=TODAY, oldest="2025-05-20T00:00:00Z"))


def test_a_table_reports_its_indexes_and_its_approximate_item_count(catalog: Catalog) -> None:
    put_all(catalog, [record("a.jpg"), record("b.jpg")])
    assert catalog.facts().items == 2
    assert catalog.facts().indexes == {"by-day", "attention"}
