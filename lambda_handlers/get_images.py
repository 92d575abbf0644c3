"""getImagesLambda: answer ``GET /images`` with a JSON array of all records, or of one page when they do not fit.

A page has the header ``Link: <?cursor=…>; rel="next"`` (RFC 8288; relative, so that it works under any host name or
stage).
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import time
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from zenoimg.pipeline.calls.retries import FunctionClients
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.records import MAX_KEY_BYTES, to_json

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

#: Lambda's limit for a serialized response is 6 MB; the rest is left for headers and envelope.
MAX_ANSWER_BYTES = 5_000_000
MAX_LIMIT = 10_000

logger = Logger(service="api")


class BadRequestError(Exception):
    """A query parameter is invalid; the message names it and the reason."""


_clients = FunctionClients(read_timeout=20)


@cache
def _catalog() -> Catalog:
    """Return the catalog, created once in an execution environment."""
    return Catalog(_clients.create("dynamodb"), os.environ["TABLE_NAME"])


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle a request of the HTTP API (payload format 2.0)."""
    started = time.perf_counter()
    _clients.begin(context.get_remaining_time_in_millis())
    query: dict[str, str] = event.get("queryStringParameters") or {}
    try:
        limit, after = _limit(query.get("limit")), _cursor(query.get("cursor"))
    except BadRequestError as error:
        logger.warning("refused", status=400, error=str(error))
        return _answer(400, json.dumps({"message": str(error)}))
    answer = page(_catalog(), after, limit)
    duration = round((time.perf_counter() - started) * 1000)
    logger.info(
        "answered", status=200, bytes=len(answer["body"]), more="link" in answer["headers"], duration_ms=duration
    )
    return answer


def page(catalog: Catalog, after: str | None, limit: int | None) -> dict[str, Any]:
    """Return the response with the records after an image id, at most ``limit`` and ``MAX_ANSWER_BYTES`` of them."""
    shown: list[str] = []
    size = len('"[]"') - 1  # as serialized; there is one comma less than there are records
    last = after
    while True:
        wanted = None if limit is None else limit - len(shown)
        found = catalog.page(after=last, limit=wanted)
        for record in found.records:
            text = json.dumps(to_json(record), separators=(",", ":"))
            # The body is a string in Lambda's own JSON, where quotes and backslashes take two bytes.
            size += len(text) + text.count('"') + text.count("\\") + 1
            if size > MAX_ANSWER_BYTES and shown:
                return _answer(200, _array(shown), next_after=last, limit=limit)
            shown.append(text)
            last = record.image_id
        if found.next_after is None:
            return _answer(200, _array(shown))
        last = found.next_after
        if limit is not None and len(shown) >= limit:
            return _answer(200, _array(shown), next_after=last, limit=limit)


def _array(texts: list[str]) -> str:
    return f"[{','.join(texts)}]"


def _answer(status: int, body: str, next_after: str | None = None, limit: int | None = None) -> dict[str, Any]:
    headers = {"content-type": "application/json"}
    if next_after is not None:
        cursor = base64.urlsafe_b64encode(next_after.encode()).decode().rstrip("=")
        more = "" if limit is None else f"&limit={limit}"
        headers["link"] = f'<?cursor={cursor}{more}>; rel="next"'
    return {"statusCode": status, "headers": headers, "body": body}


def _limit(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= MAX_LIMIT):
        raise BadRequestError(f"limit must be a whole number from 1 to {MAX_LIMIT}")
    return int(text)


def _cursor(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        image_id = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        image_id = ""
    # DynamoDB rejects the whole call for a key that no item could have.
    if not 0 < len(image_id.encode()) <= MAX_KEY_BYTES:
        raise BadRequestError("cursor must be taken from the Link header of an earlier response")
    return image_id
