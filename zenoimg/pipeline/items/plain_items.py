"""Read DynamoDB items without botocore's parser, which visits every value of every item by its model.

Items are returned as in the response's JSON, which has the same shape as what botocore returns. In a scan of
100,000 records the parser takes most of the time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def leave_items_plain(client: DynamoDBClient) -> None:
    """Make a client's Scan and Query return items without parsing them; may be called more than once."""
    for operation in ("Scan", "Query"):
        event = f"before-parse.dynamodb.{operation}"
        client.meta.events.register(event, _take_items, unique_id=f"zenoimg-{event}")


def value_of(tagged: Mapping[str, Any]) -> Any:
    """Return the value of ``{"S": "text"}`` and the like: numbers as ``int``, or ``Decimal`` if they are not whole."""
    ((kind, value),) = tagged.items()
    if kind == "S":
        return value
    if kind == "N":
        return int(value) if value.lstrip("-").isdigit() else Decimal(value)
    if kind == "L":
        return [value_of(item) for item in value]
    # Records have no other types; importing boto3, which functions do not otherwise need, is 8% of their cold start.
    from boto3.dynamodb.types import TypeDeserializer

    return TypeDeserializer().deserialize(dict(tagged))  # type: ignore[arg-type]


def tagged(value: str | int | Sequence[str]) -> dict[str, Any]:
    """Return a value in DynamoDB's form; the inverse of ``value_of`` for the types of records."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, int):
        return {"N": str(value)}
    return {"L": [tagged(item) for item in value]}


def _take_items(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """Handle botocore's event ``before-parse``: it adds ``customized_response_dict`` to the parsed response."""
    is_json = "json" in response_dict["headers"].get("content-type", "")
    if response_dict["status_code"] >= 300 or not is_json:
        return
    try:
        body = json.loads(response_dict["body"])
    except ValueError:  # botocore reports a broken response and retries
        return
    if "Items" in body:
        customized_response_dict["Items"] = body.pop("Items")
        response_dict["body"] = json.dumps(body).encode()
