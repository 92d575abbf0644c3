"""Items read without botocore's parser equal what botocore would have returned."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError

from tests.aws.conftest import NAMES
from tests.records import put_all, record
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.items.plain_items import leave_items_plain, value_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


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
def test_tagged_values_are_converted_as_by_boto3(tagged: Any, value: Any) -> None:
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
def test_all_other_responses_are_left_to_botocore(answer: dict[str, Any], dynamodb: DynamoDBClient) -> None:
    leave_items_plain(dynamodb)
    before, added = dict(answer), dict[str, Any]()
    arguments = {"operation_model": None, "response_dict": answer, "customized_response_dict": added}
    dynamodb.meta.events.emit("before-parse.dynamodb.Scan", **arguments)
    assert answer == before
    assert added == {}
