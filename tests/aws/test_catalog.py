from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest
from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from tests.aws.conftest import NAMES
from tests.aws.records import large, record
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.plain_items import leave_items_plain, value_of
from zenoimg.pipeline.records import ImageRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TODAY = date(2025, 6, 12)


def put_all(catalog: Catalog, records: list[ImageRecord]) -> list[ImageRecord]:
    for each in records:
        catalog.put(each)
    return records


def ids(records: list[ImageRecord]) -> list[str]:
    return [found.image_id for found in records]


@pytest.mark.parametrize("key", ["cat.jpg", "a b+c/ü🐈.jpg", "100%", '"'])
def test_a_record_is_found_as_it_was_put_until_it_is_deleted(catalog: Catalog, key: str) -> None:
    assert catalog.get(key) is None
    catalog.put(record(key))
    assert catalog.get(key) == record(key)
    catalog.delete(key)
    catalog.delete(key)
    assert catalog.get(key) is None


def test_a_put_replaces_what_was_there_with_all_its_attributes(catalog: Catalog) -> None:
    catalog.put(record(status="failed"))
    catalog.put(record())
    assert catalog.get("cat.jpg") == record()
    assert list(catalog.attention("failed")) == []


def test_single_records_are_read_consistently(dynamodb: DynamoDBClient, catalog: Catalog) -> None:
    asked: list[Any] = []
    dynamodb.meta.events.register("provide-client-params.dynamodb", lambda params, **_: asked.append(dict(params)))
    catalog.get("cat.jpg")
    catalog.get_many(["cat.jpg"])
    assert asked[0]["ConsistentRead"] is True
    assert asked[1]["RequestItems"][NAMES.table]["ConsistentRead"] is True


# A failure is recorded, but never over the success of the same work


@pytest.mark.parametrize(
    ("there", "written"),
    [
        pytest.param(None, True, id="nothing"),
        pytest.param(record(), False, id="processed, same version and recipe"),
        pytest.param(record(version_id="v0"), True, id="processed, another version"),
        pytest.param(record(recipe="another"), True, id="processed, another recipe"),
        pytest.param(record(version_id=None, recipe=None), True, id="processed, version and recipe unknown"),
        pytest.param(record(status="failed"), True, id="failed before"),
        pytest.param(record(status="refused"), True, id="refused before"),
    ],
)
def test_a_failure_is_recorded_unless_the_same_work_has_succeeded(
    catalog: Catalog, there: ImageRecord | None, written: bool
) -> None:
    if there is not None:
        catalog.put(there)
    failed = record(status="failed", updated_at="2025-06-12T16:00:00Z")
    assert catalog.put_failed(failed) is written
    assert catalog.get("cat.jpg") == (failed if written else there)


def test_any_other_refusal_of_the_table_is_raised(dynamodb: DynamoDBClient, catalog: Catalog) -> None:
    with Stubber(dynamodb) as stubber:
        stubber.add_client_error("put_item", "ValidationException")
        with pytest.raises(ClientError, match="ValidationException"):
            catalog.put_failed(record(status="failed"))


# Many


def test_many_are_asked_for_a_hundred_at_a_time(dynamodb: DynamoDBClient, catalog: Catalog) -> None:
    there = put_all(catalog, [record(f"{number}.jpg") for number in range(0, 250, 2)])
    sizes: list[int] = []
    dynamodb.meta.events.register(
        "provide-client-params.dynamodb.BatchGetItem",
        lambda params, **_: sizes.append(len(params["RequestItems"][NAMES.table]["Keys"])),
    )
    found = catalog.get_many(f"{number}.jpg" for number in range(250))
    assert found == {each.image_id: each for each in there}
    assert sizes == [100, 100, 50]


def test_none_are_asked_for_nothing(dynamodb: DynamoDBClient, catalog: Catalog) -> None:
    with Stubber(dynamodb):  # any call would raise
        assert catalog.get_many([]) == {}


def test_keys_that_were_left_out_are_asked_again_after_a_growing_wait(dynamodb: DynamoDBClient) -> None:
    waits: list[float] = []
    catalog = Catalog(dynamodb, NAMES.table, sleep=waits.append)
    names = [f"{number}.jpg" for number in range(3)]
    put_all(catalog, [record(name) for name in names])
    keys = [{"ImageId": {"S": name}} for name in names]
    items = [dynamodb.get_item(TableName=NAMES.table, Key=key)["Item"] for key in keys]

    def asked(which: list[Any]) -> dict[str, Any]:
        return {"RequestItems": {NAMES.table: {"Keys": which, "ConsistentRead": True}}}

    def left(which: list[Any]) -> dict[str, Any]:
        return {NAMES.table: {"Keys": which, "ConsistentRead": True}} if which else {}

    with Stubber(dynamodb) as stubber:
        for some, there, rest in ((keys, items[:1], keys[1:]), (keys[1:], [], keys[1:]), (keys[1:], items[1:], [])):
            answer = {"Responses": {NAMES.table: there}, "UnprocessedKeys": left(rest)}
            stubber.add_response("batch_get_item", answer, asked(some))
        found = catalog.get_many(names)
        stubber.assert_no_pending_responses()
    assert sorted(found) == names
    assert len(waits) == 2
    assert waits[0] < waits[1]


# The whole table


def test_pages_go_on_where_the_last_one_ended(catalog: Catalog) -> None:
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
def test_a_parallel_scan_gives_each_record_once(catalog: Catalog, segments: int) -> None:
    there = put_all(catalog, [large(f"{number}.jpg") for number in range(12)])
    assert sorted(ids(list(catalog.all(segments)))) == sorted(ids(there))


def scan_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("scan")]


def test_a_reader_that_stops_early_leaves_no_thread_behind(catalog: Catalog) -> None:
    put_all(catalog, [large(f"{number}.jpg") for number in range(15)])
    found = catalog.all(segments=1)  # five pages for a queue of two: the thread waits for room in it
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
    # Half a table that looks whole would make `reprocess --missing` start over with what is there.
    with pytest.raises(RuntimeError, match="the connection is gone"):
        list(catalog.all(segments=2))
    assert not scan_threads()


# Newest first


def at(day: str, number: int, make: Callable[..., ImageRecord] = record) -> ImageRecord:
    return make(f"{day}-{number}.jpg", created_at=f"{day}T{number:02}:00:00Z")


@pytest.fixture
def large_table(catalog: Catalog) -> list[str]:
    """More than a page, over days with gaps and all shards; returns the ids, newest first."""
    days = ["2025-06-13", "2025-06-12", "2025-06-11", "2025-06-02", "2025-03-01"]
    put_all(catalog, [at("2024-12-31", number, large) for number in range(4)])
    there = put_all(catalog, [at(day, number) for day in days for number in range(9)])
    assert catalog.page().next_after is not None
    return sorted(ids(there), key=lambda name: (name[:10], int(name[11:-4])), reverse=True)


LONG_AGO = "2024-12-31T00:00:00Z"


@pytest.mark.parametrize("size", [1, 2, 1000])
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


def test_what_came_in_the_same_second_is_in_the_order_of_its_ids(catalog: Catalog) -> None:
    put_all(catalog, [record(f"{number:02}.jpg") for number in range(20)])
    found = ids(list(catalog.newest(today=TODAY, oldest="2025-06-12T00:00:00Z")))
    assert found == [f"{number:02}.jpg" for number in reversed(range(20))]


def queried_days(dynamodb: DynamoDBClient) -> list[str]:
    """Fills up with the day of every query of the index from now on."""
    days: list[str] = []

    def note(params: dict[str, Any], **_: object) -> None:
        days.append(params["ExpressionAttributeValues"][":day"]["S"][:10])

    dynamodb.meta.events.register("provide-client-params.dynamodb.Query", note)
    return days


def test_a_reader_of_few_makes_queries_of_the_newest_days_alone(
    dynamodb: DynamoDBClient, catalog: Catalog, large_table: list[str]
) -> None:
    days = queried_days(dynamodb)
    assert ids(list(islice(catalog.newest(today=TODAY, oldest=LONG_AGO), 12))) == large_table[:12]
    assert sorted(set(days)) == ["2025-06-12", "2025-06-13"]


def test_no_day_is_asked_for_twice_and_none_beyond_the_bound(dynamodb: DynamoDBClient, catalog: Catalog) -> None:
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


def test_a_table_tells_its_indexes_and_about_how_many_items_it_has(catalog: Catalog) -> None:
    put_all(catalog, [record("a.jpg"), record("b.jpg")])
    assert catalog.facts().items == 2
    assert catalog.facts().indexes == {"by-day", "attention"}


# What needs attention


def test_refused_and_failed_records_are_listed_apart_latest_change_first(catalog: Catalog) -> None:
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


def test_what_needs_attention_is_read_to_its_end(catalog: Catalog) -> None:
    many = [record(f"{number}.jpg", status="failed", warnings=("x" * 350_000,)) for number in range(5)]
    put_all(catalog, many)
    assert sorted(ids(list(catalog.attention("failed")))) == sorted(ids(many))


# Items by the short way


@pytest.mark.parametrize(
    ("tagged", "value"),
    [
        ({"S": "12"}, "12"),
        ({"N": "12"}, 12),
        ({"N": "-3"}, -3),
        ({"N": "0.5"}, Decimal("0.5")),
        ({"N": "1E+3"}, 1000),
        ({"L": [{"S": "a"}, {"N": "1"}, {"L": []}]}, ["a", 1, []]),
        ({"NULL": True}, None),
        ({"BOOL": False}, False),
        ({"M": {"a": {"N": "1"}}}, {"a": 1}),
    ],
)
def test_a_tagged_value_is_what_boto3_makes_of_it(tagged: Any, value: Any) -> None:
    assert value_of(tagged) == value == TypeDeserializer().deserialize(tagged)


def test_items_are_the_same_whether_botocore_reads_them_or_not(session: Any, catalog: Catalog) -> None:
    put_all(catalog, [record("ü🐈.jpg", warnings=("a", "b")), record("bad.gif", status="refused")])
    plain, ordinary = session.client("dynamodb"), session.client("dynamodb")
    leave_items_plain(plain)
    leave_items_plain(plain)
    scans = [client.scan(TableName=NAMES.table) for client in (plain, ordinary)]
    for name in ("Items", "Count", "ScannedCount"):
        assert scans[0][name] == scans[1][name]
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        plain.scan(TableName="nothing")


@pytest.mark.parametrize(
    "answer",
    [
        {"status_code": 400, "headers": {"content-type": "application/x-amz-json-1.0"}, "body": b'{"Items": []}'},
        {"status_code": 200, "headers": {"content-type": "application/cbor"}, "body": b"\xa1"},
        {"status_code": 200, "headers": {"content-type": "application/x-amz-json-1.0"}, "body": b"{"},
        {"status_code": 200, "headers": {"content-type": "application/x-amz-json-1.0"}, "body": b'{"Count": 1}'},
    ],
    ids=["an error", "another protocol", "cut off", "no items"],
)
def test_every_other_answer_is_left_to_botocore(answer: dict[str, Any], dynamodb: DynamoDBClient) -> None:
    leave_items_plain(dynamodb)
    before, added = dict(answer), dict[str, Any]()
    arguments = {"operation_model": None, "response_dict": answer, "customized_response_dict": added}
    dynamodb.meta.events.emit("before-parse.dynamodb.Scan", **arguments)
    assert answer == before
    assert added == {}
