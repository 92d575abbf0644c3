"""Parse the query of ``GET /images``: ``limit`` and ``cursor`` of a page, or the ``id`` of single images. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from zenoimg.pipeline.records import MAX_KEY_BYTES

MAX_LIMIT = 10_000
MAX_IDS = 100
PARAMETERS = ("cursor", "id", "limit")


class BadRequestError(Exception):
    """A query parameter is invalid; the message names it and the reason."""


@dataclass(frozen=True)
class Query:
    """A parsed query: the images ``ids``, or, without any, at most ``limit`` records after the id ``after``."""

    ids: tuple[str, ...] = ()
    limit: int | None = None
    after: str | None = None


def parse(raw: str) -> Query:
    """Parse a request's raw query string. Raises ``BadRequestError``.

    The raw one is needed, since API Gateway's parsed form joins repeated parameters with commas, which ids may contain
    (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html).
    """
    try:
        pairs = parse_qsl(raw, keep_blank_values=True, errors="strict")
    except ValueError:
        raise BadRequestError("the query is not UTF-8") from None
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    for name, values in given.items():
        if name not in PARAMETERS:
            raise BadRequestError(f"{name[:50]!r} is not a parameter; there are {', '.join(PARAMETERS)}")
        if name != "id" and len(values) > 1:
            raise BadRequestError(f"{name} is given {len(values)} times")
    if "id" in given:
        if len(given) > 1:
            raise BadRequestError("id excludes cursor and limit")
        return Query(ids=_ids(given["id"]))
    return Query(limit=_limit(given.get("limit")), after=_cursor(given.get("cursor")))


def link_to(*, after: str | None = None, limit: int | None = None, ids: Sequence[str] = ()) -> str:
    """Return the Link header for the next page: the records after an id, or the remaining images."""
    if ids:
        return f'<?{urlencode([("id", each) for each in ids])}>; rel="next"'
    cursor = base64.urlsafe_b64encode((after or "").encode()).decode().rstrip("=")
    more = "" if limit is None else f"&limit={limit}"
    return f'<?cursor={cursor}{more}>; rel="next"'


def _ids(values: list[str]) -> tuple[str, ...]:
    ids = tuple(dict.fromkeys(values))
    if len(ids) > MAX_IDS:
        raise BadRequestError(f"{len(ids)} ids; at most {MAX_IDS} are allowed per request")
    if not all(0 < len(each.encode()) <= MAX_KEY_BYTES for each in ids):
        raise BadRequestError(f"an id has 1 to {MAX_KEY_BYTES} bytes")
    return ids


def _limit(values: list[str] | None) -> int | None:
    if values is None:
        return None
    (text,) = values
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= MAX_LIMIT):
        raise BadRequestError(f"limit must be a whole number from 1 to {MAX_LIMIT}")
    return int(text)


def _cursor(values: list[str] | None) -> str | None:
    if values is None:
        return None
    (text,) = values
    try:
        image_id = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        image_id = ""
    # DynamoDB rejects the whole call for a key that no item could have.
    if not 0 < len(image_id.encode()) <= MAX_KEY_BYTES:
        raise BadRequestError("cursor must be taken from the Link header of an earlier response")
    return image_id
