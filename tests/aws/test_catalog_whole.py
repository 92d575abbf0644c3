"""The entire table: in pages, by a parallel scan, and the records that need attention."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.records import ids, large, put_all, record
from zenoimg.pipeline.catalog import Catalog

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def test_pages_continue_where_the_previous_one_ended(catalog: Catalog) -> None:
    there = put_all(catalog, [record(f"{number}.jpg") for number in range(7)])
    seen: list[str] = []
    after: str | None = None
    while True:
        page = catalog.page(after=after, limit=3)
        assert len(page.records) <= 3
        seen += ids(page.records)
        after = page.next_after
        if after is None:
            break
    assert sorted(seen) == sorted(ids(there))


def test_a_page_ends_at_a_megabyte_without_a_limit(catalog: Catalog) -> None:
    put_all(catalog, [large(f"{number}.jpg") for number in range(4)])
    first = catalog.page()
    assert 0 < len(first.records) < 4
    assert first.next_after is not None
    rest = catalog.page(after=first.next_after)
    assert sorted(ids(first.records + rest.records)) == ["0.jpg", "1.jpg", "2.jpg", "3.jpg"]


def test_an_empty_table_is_an_empty_page_and_no_records(catalog: Catalog) -> None:
    assert catalog.page().records == []
    assert catalog.page().next_after is None
    assert list(catalog.all()) == []


@pytest.mark.parametrize("segments", [1, 3, 8])
def test_a_parallel_scan_yields_each_record_once(catalog: Catalog, segments: int) -> None:
    there = put_all(catalog, [large(f"{number}.jpg") for number in range(12)])
    assert sorted(ids(list(catalog.all(segments)))) == sorted(ids(there))


def scan_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("scan")]


def test_a_reader_that_stops_early_leaves_no_thread_behind(catalog: Catalog) -> None:
    put_all(catalog, [large(f"{number}.jpg") for number in range(15)])
    found = catalog.all(segments=1)  # five pages for a queue of two: the thread waits for space in it
    next(found)
    assert scan_threads()
    found.close()  # type: ignore[attr-defined]
    assert not scan_threads()


def test_a_page_that_cannot_be_read_fails_the_whole_read(dynamodb: DynamoDBClient, catalog: Catalog) -> None:
    put_all(catalog, [record(f"{number}.jpg") for number in range(4)])

    def refuse(params: dict[str, Any], **_: object) -> None:
        if params.get("Segment") == 1:
            raise RuntimeError("the connection is gone")

    dynamodb.meta.events.register("provide-client-params.dynamodb.Scan", refuse)
    # If half a table looked complete, `reprocess --missing` would process existing images again.
    with pytest.raises(RuntimeError, match="the connection is gone"):
        list(catalog.all(segments=2))
    assert not scan_threads()


def test_refused_and_failed_records_are_listed_separately_latest_change_first(catalog: Catalog) -> None:
    put_all(
        catalog,
        [
            record("fine.jpg"),
            record("old.jpg", status="failed", updated_at="2025-06-01T00:00:00Z"),
            record("new.jpg", status="failed", updated_at="2025-06-12T00:00:00Z"),
            record("bad.gif", status="refused"),
        ],
    )
    assert ids(list(catalog.attention("failed"))) == ["new.jpg", "old.jpg"]
    assert ids(list(catalog.attention("refused"))) == ["bad.gif"]


def test_all_records_that_need_attention_are_read(catalog: Catalog) -> None:
    many = [record(f"{number}.jpg", status="failed", warnings=("x" * 350_000,)) for number in range(5)]
    put_all(catalog, many)
    assert sorted(ids(list(catalog.attention("failed")))) == sorted(ids(many))
