"""The table, by single keys and by many: consistent reads, overwrites, and failures that never replace successes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from tests.aws.conftest import NAMES
from tests.records import put_all, record
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.records import ImageRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.mark.parametrize("key", ["cat.jpg", "a b+c/ü🐈.jpg", "100%", '"'])
def test_a_record_is_found_as_it_was_put_until_it_is_deleted(catalog: Catalog, key: str) -> None:
    assert catalog.get(key) is None
    catalog.put(record(key))
    assert catalog.get(key) == record(key)
    catalog.delete(key)
    catalog.delete(key)
    assert catalog.get(key) is None


def test_a_put_replaces_the_whole_item(catalog: Catalog) -> None:
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


def test_any_other_error_of_the_table_is_raised(dynamodb: DynamoDBClient, catalog: Catalog) -> None:
    with Stubber(dynamodb) as stubber:
        stubber.add_client_error("put_item", "ValidationException")
        with pytest.raises(ClientError, match="ValidationException"):
            catalog.put_failed(record(status="failed"))


# Many


def test_many_records_are_requested_in_batches_of_a_hundred(dynamodb: DynamoDBClient, catalog: Catalog) -> None:
    there = put_all(catalog, [record(f"{number}.jpg") for number in range(0, 250, 2)])
    sizes: list[int] = []
    dynamodb.meta.events.register(
        "provide-client-params.dynamodb.BatchGetItem",
        lambda params, **_: sizes.append(len(params["RequestItems"][NAMES.table]["Keys"])),
    )
    found = catalog.get_many(f"{number}.jpg" for number in range(250))
    assert found == {each.image_id: each for each in there}
    assert sizes == [100, 100, 50]


def test_no_request_is_made_for_no_keys(dynamodb: DynamoDBClient, catalog: Catalog) -> None:
    with Stubber(dynamodb):  # any call would raise
        assert catalog.get_many([]) == {}


def test_unprocessed_keys_are_requested_again_after_increasing_waits(dynamodb: DynamoDBClient) -> None:
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
