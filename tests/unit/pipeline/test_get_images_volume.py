"""``GET /images`` on a table of 100,000 records: none lost, none repeated, no response too large."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from lambda_handlers import get_images
from lambda_handlers.images_query import parse
from tests.ready_table import Table
from tests.records import many
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.records import JSON_KEYS

pytestmark = pytest.mark.thorough

RECORDS = 100_000
MOST = 5_000_000


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """Return a catalog on botocore's real client, whose requests are answered from the table, page by page."""
    table = Table(RECORDS)

    def answer(request: Any, **_: Any) -> Any:
        body = table.answer("Scan", json.loads(request.body))
        headers = HTTPHeaders()
        headers["content-type"], headers["x-amz-crc32"] = "application/x-amz-json-1.0", str(zlib.crc32(body))
        raw: Any = SimpleNamespace(stream=lambda *_, **__: iter([body]))
        return AWSResponse(request.url, 200, headers, raw)

    client = boto3.client("dynamodb")
    client.meta.events.register("before-send.dynamodb.Scan", answer)
    return Catalog(client, "images")


def pages(catalog: Catalog, limit: int | None) -> Iterator[list[dict[str, Any]]]:
    following: str | None = "" if limit is None else f"limit={limit}"
    while following is not None:
        answer = get_images.page(catalog, parse(following))
        assert answer["statusCode"] == 200
        # As the runtime serializes it; there is little besides the body.
        assert len(json.dumps(answer["body"])) <= MOST
        assert len(json.dumps(answer)) <= MOST + 5_000
        yield json.loads(answer["body"])
        link = answer["headers"].get("link")
        found = None if link is None else re.fullmatch(r'<\?([^>]*)>; rel="next"', link)
        assert (link is None) == (found is None)
        following = None if found is None else found[1]


@pytest.mark.parametrize("limit", [None, 9_999])
def test_cursors_return_all_of_a_hundred_thousand_records(catalog: Catalog, limit: int | None) -> None:
    seen: list[str] = []
    lengths = []
    for page in pages(catalog, limit):
        assert all(tuple(found) == JSON_KEYS for found in page)
        seen += [found["ImageId"] for found in page]
        lengths.append(len(page))
    assert len(seen) == RECORDS
    assert set(seen) == {each.image_id for each in many(RECORDS)}
    assert max(lengths) <= (limit or RECORDS)
    assert min(lengths[:-1]) > 5_000, "only the last page may be smaller than possible"
