"""docs/openapi.yaml is valid and describes the schema of records, and the function responds as described."""

from __future__ import annotations

import json
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints
from urllib.parse import urlencode

import pytest
import yaml
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from lambda_handlers import get_images
from lambda_handlers.images_query import MAX_IDS, MAX_LIMIT, PARAMETERS, Query
from tests.aws.invocation import context
from tests.records import PROCESSED, REFUSED
from zenoimg.pipeline.catalog import Page
from zenoimg.pipeline.records import ATTRIBUTES, JSON_KEYS, Attribute, ImageRecord

DESCRIPTION: dict[str, Any] = yaml.safe_load((Path(__file__).parents[2] / "docs" / "openapi.yaml").read_text())
GET = DESCRIPTION["paths"]["/images"]["get"]


class OnePage:
    def page(self, *, after: str | None = None, limit: int | None = None) -> Page:
        return Page([PROCESSED, REFUSED], None)


def schema_of(status: str) -> dict[str, Any]:
    schema: dict[str, Any] = GET["responses"][status]["content"]["application/json"]["schema"]
    return {**schema, "components": DESCRIPTION["components"]}


def test_the_description_is_valid() -> None:
    validate(DESCRIPTION)


IMAGE = DESCRIPTION["components"]["schemas"]["Image"]


def test_the_keys_and_their_order_are_those_of_a_record() -> None:
    assert tuple(IMAGE["required"]) == tuple(IMAGE["properties"]) == JSON_KEYS


@pytest.mark.parametrize("attribute", ATTRIBUTES, ids=lambda attribute: attribute.name)
def test_the_type_of_a_property_is_the_type_of_its_field(attribute: Attribute) -> None:
    described = IMAGE["properties"][attribute.name]
    hint = get_type_hints(ImageRecord)[attribute.field]
    if attribute.field in ("created_at", "updated_at"):
        hint = str | None  # "" in a record is null in JSON
    expected = json_schema_of(hint)
    assert {name: described.get(name) for name in expected} == expected
    assert described.get("description"), "every property is described"


def json_schema_of(hint: Any) -> dict[str, Any]:
    """Return the JSON schema of a field's type, as far as the type determines it."""
    if get_origin(hint) is Literal:
        return {"type": "string", "enum": list(get_args(hint))}
    if get_origin(hint) is tuple:
        return {"type": "array", "items": {"type": "string"}}
    if NoneType in get_args(hint):
        (kind,) = (each for each in get_args(hint) if each is not NoneType)
        return {"type": [json_schema_of(kind)["type"], "null"]}
    return {"type": {str: "string", int: "integer"}[hint]}


def test_responses_are_as_described() -> None:
    answer = get_images.page(OnePage(), Query())  # type: ignore[arg-type]
    Draft202012Validator(schema_of("200")).validate(json.loads(answer["body"]))


@pytest.mark.parametrize(
    ("name", "value"), [("limit", "0"), ("limit", "10001"), ("limit", "x"), ("cursor", "%"), ("id", "")]
)
def test_bad_parameters_are_rejected_as_described(name: str, value: str) -> None:
    described = {parameter["name"]: parameter["schema"] for parameter in GET["parameters"]}
    assert name in described
    answer = get_images.handler({"rawQueryString": urlencode({name: value})}, context())
    assert answer["statusCode"] == 400
    Draft202012Validator(schema_of("400")).validate(json.loads(answer["body"]))


def test_the_bounds_of_limit_are_those_of_the_function() -> None:
    described = {parameter["name"]: parameter["schema"] for parameter in GET["parameters"]}
    assert tuple(sorted(described)) == PARAMETERS
    assert described["limit"]["maximum"] == MAX_LIMIT
    assert described["id"]["maxItems"] == MAX_IDS
