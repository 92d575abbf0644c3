"""The description of the API holds: it is valid, and what the function answers is what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from lambda_handlers import get_images
from tests.records import PROCESSED, REFUSED
from zenoimg.pipeline.catalog import Page
from zenoimg.pipeline.records import JSON_KEYS

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


def test_the_keys_and_their_order_are_the_records() -> None:
    image = DESCRIPTION["components"]["schemas"]["Image"]
    assert tuple(image["required"]) == tuple(image["properties"]) == JSON_KEYS


def test_an_answer_is_as_described() -> None:
    answer = get_images.page(OnePage(), None, None)  # type: ignore[arg-type]
    Draft202012Validator(schema_of("200")).validate(json.loads(answer["body"]))


@pytest.mark.parametrize(("name", "value"), [("limit", "0"), ("limit", "10001"), ("limit", "x"), ("cursor", "%")])
def test_a_bad_parameter_is_refused_as_described(name: str, value: str) -> None:
    described = {parameter["name"]: parameter["schema"] for parameter in GET["parameters"]}
    assert name in described

    class Context:
        function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "x"

    answer = get_images.handler({"queryStringParameters": {name: value}}, Context())  # type: ignore[arg-type]
    assert answer["statusCode"] == 400
    Draft202012Validator(schema_of("400")).validate(json.loads(answer["body"]))


def test_the_bounds_of_limit_are_the_functions() -> None:
    (limit,) = [parameter["schema"] for parameter in GET["parameters"] if parameter["name"] == "limit"]
    assert limit["maximum"] == get_images.MAX_LIMIT
