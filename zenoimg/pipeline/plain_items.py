"""DynamoDB items without the cost of botocore's parser, which walks every value of every item by its model.

Items come as they stand in the answer's JSON, which is the very shape that botocore would give. For a table
of 100,000 records that is most of the time of a scan.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def leave_items_plain(client: DynamoDBClient) -> None:
    """Have a client's Scan and Query hand out items by the short way; more than once does no harm."""
    for operation in ("Scan", "Query"):
        event = f"before-parse.dynamodb.{operation}"
        client.meta.events.register(event, _take_items, unique_id=f"zenoimg-{event}")


def value_of(tagged: Mapping[str, Any]) -> Any:
    """The value of ``{"S": "text"}`` and its like: numbers are ``int``, or ``Decimal`` where they are no whole ones."""
    ((kind, value),) = tagged.items()
    if kind == "S":
        return value
    if kind == "N":
        return int(value) if value.lstrip("-").isdigit() else Decimal(value)
    if kind == "L":
        return [value_of(item) for item in value]
    # Nothing that we write; and boto3, which the functions do not need otherwise, is 8% of their cold start.
    from boto3.dynamodb.types import TypeDeserializer

    return TypeDeserializer().deserialize(dict(tagged))  # type: ignore[arg-type]


def tagged(value: str | int | Sequence[str]) -> dict[str, Any]:
    """A value as DynamoDB takes it; the inverse of ``value_of`` for what records hold."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, int):
        return {"N": str(value)}
    return {"L": [tagged(item) for item in value]}


def _take_items(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """botocore's event ``before-parse``: what lies in ``customized_response_dict`` is added to the parsed answer."""
    is_json = "json" in response_dict["headers"].get("content-type", "")
    if response_dict["status_code"] >= 300 or not is_json:
        return
    try:
        body = json.loads(response_dict["body"])
    except ValueError:  # a broken answer is botocore's to name and to ask for again
        return
    if "Items" in body:
        customized_response_dict["Items"] = body.pop("Items")
        response_dict["body"] = json.dumps(body).encode()
