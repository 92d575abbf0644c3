"""getImagesLambda: answer ``GET /images`` with a JSON array of all records, or of one page if they do not fit.

A page has the header ``Link: <?cursor=…>; rel="next"`` (RFC 8288; relative, so that it works under any host name or
stage). ``?id=KEY``, which can be repeated, requests single images. An API open to everyone returns smaller pages.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import time
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from lambda_handlers.images_query import BadRequestError, Query, link_to, parse
from zenoimg.pipeline.calls.retries import FunctionClients
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.records import RESERVED_PREFIX, ImageRecord, to_json

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

#: Lambda's limit for a serialized response is 6 MB; the rest is left for headers and envelope.
MAX_ANSWER_BYTES = 5_000_000
#: For an API that answers unsigned requests, since the owner pays for whatever anyone requests.
OPEN_ANSWER_BYTES, OPEN_LIMIT = 1_000_000, 100
#: A shorter response is not worth compressing: it fits in one packet either way.
_LEAST_COMPRESSED = 1_400

logger = Logger(service="api")
_clients = FunctionClients(read_timeout=20)


@cache
def _catalog() -> Catalog:
    """Return the catalog, created once per execution environment."""
    return Catalog(_clients.create("dynamodb"), os.environ["TABLE_NAME"])


def _is_open() -> bool:
    return os.environ.get("API_AUTHORIZATION") == "NONE"


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle a request of the HTTP API (payload format 2.0)."""
    started = time.perf_counter()
    _clients.begin(context.get_remaining_time_in_millis())
    try:
        query = parse(event.get("rawQueryString") or "")
    except BadRequestError as error:
        logger.warning("refused", status=400, error=str(error))
        return _answer(400, json.dumps({"message": str(error)}))
    answer = images(_catalog(), query.ids) if query.ids else page(_catalog(), query)
    duration = round((time.perf_counter() - started) * 1000)
    logger.info(
        "answered", status=200, bytes=len(answer["body"]), more="link" in answer["headers"], duration_ms=duration
    )
    return _compressed(answer) if _takes_gzip(event.get("headers") or {}) else answer


def page(catalog: Catalog, query: Query) -> dict[str, Any]:
    """Return the response with the records after an image id, as many as were requested and fit."""
    limit = query.limit if query.limit is not None or not _is_open() else OPEN_LIMIT
    shown, last = _Array(), query.after
    while True:
        wanted = None if limit is None else limit - len(shown.texts)
        found = catalog.page(after=last, limit=wanted)
        for record in found.records:
            if not shown.add(record):
                return _answer(200, shown.body, link_to(after=last, limit=limit))
            last = record.image_id
        if found.next_after is None:
            return _answer(200, shown.body)
        last = found.next_after
        if limit is not None and len(shown.texts) >= limit:
            return _answer(200, shown.body, link_to(after=last, limit=limit))


def images(catalog: Catalog, ids: tuple[str, ...]) -> dict[str, Any]:
    """Return the response with the records of single images, in the order of their ids; those without one are left out.

    The next page has the ids that did not fit.
    """
    shown, found = _Array(), catalog.get_many(each for each in ids if not each.startswith(RESERVED_PREFIX))
    for number, record in _in_order(ids, found):
        if not shown.add(record):
            return _answer(200, shown.body, link_to(ids=ids[number:]))
    return _answer(200, shown.body)


def _in_order(ids: Iterable[str], found: dict[str, ImageRecord]) -> Iterator[tuple[int, ImageRecord]]:
    return ((number, found[each]) for number, each in enumerate(ids) if each in found)


class _Array:
    """A JSON array of records that fits into a response."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._left = (OPEN_ANSWER_BYTES if _is_open() else MAX_ANSWER_BYTES) - len('"[]"')
        self._left += 1  # there is one comma fewer than there are records

    def add(self, record: ImageRecord) -> bool:
        """Append a record if it fits or is the first; return whether it was appended."""
        text = json.dumps(to_json(record), separators=(",", ":"))
        # The body is a string in Lambda's own JSON, where quotes and backslashes take two bytes.
        self._left -= len(text) + text.count('"') + text.count("\\") + 1
        if self._left < 0 and self.texts:
            return False
        self.texts.append(text)
        return True

    @property
    def body(self) -> str:
        """Return the array."""
        return f"[{','.join(self.texts)}]"


def _answer(status: int, body: str, link: str = "") -> dict[str, Any]:
    headers = {"content-type": "application/json"}
    if status == 200:
        headers["vary"] = "accept-encoding"
    return {"statusCode": status, "headers": {**headers, **({"link": link} if link else {})}, "body": body}


def _takes_gzip(headers: dict[str, str]) -> bool:
    """Return whether a request accepts gzip (RFC 9110, 12.5.3). HTTP APIs pass header names in lower case."""
    for part in headers.get("accept-encoding", "").lower().split(","):
        coding, _, weight = (text.strip() for text in part.partition(";"))
        if coding in ("gzip", "x-gzip", "*"):
            return re.fullmatch(r"q\s*=\s*0(\.0*)?", weight) is None
    return False


def _compressed(answer: dict[str, Any]) -> dict[str, Any]:
    body: bytes = answer["body"].encode()
    if len(body) < _LEAST_COMPRESSED:
        return answer
    packed = base64.b64encode(gzip.compress(body, 6, mtime=0)).decode()
    headers = {**answer["headers"], "content-encoding": "gzip"}
    return {**answer, "headers": headers, "body": packed, "isBase64Encoded": True}
