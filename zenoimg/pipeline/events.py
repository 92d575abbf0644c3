"""Parse the envelopes that AWS delivers into the keys to reconcile. Pure functions.

An event only names a key. Whether an object was created, removed or expired changes the order in which ``reconcile``
asks S3, not the result. Keys in S3 events are URL-encoded (a space arrives as ``+``) and are decoded here, once.

Four envelopes reach the function or the dead-letter queue:

- an S3 notification, as S3 sends it to a function;
- an SQS record whose body holds one (the backfill lane, written by ``backfill_body``);
- the envelope of a failed asynchronous invocation, which holds the event as ``requestPayload``
  (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html);
- ``s3:TestEvent``, which S3 sends when a notification is configured; it names no key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, unquote_plus


class UnreadableEventError(ValueError):
    """The envelope is not a known one; the message describes it."""


@dataclass(frozen=True)
class KeyToCheck:
    """An object key in an event. ``force``: repeat work that is already done; ``removed``: the object was removed."""

    bucket: str
    key: str
    force: bool = False
    removed: bool = False


def parse(envelope: Mapping[str, Any]) -> list[KeyToCheck]:
    """Return the keys in an S3 event, or in the envelope of a failed one, in order.

    Raises ``UnreadableEventError`` for anything else.
    """
    if "requestPayload" in envelope:
        return parse(_mapping(envelope["requestPayload"], "requestPayload"))
    if envelope.get("Event") == "s3:TestEvent":
        return []
    records = envelope.get("Records")
    if not isinstance(records, list):
        raise UnreadableEventError(f"no Records in an event with the keys {sorted(map(str, envelope))}")
    force = bool(_mapping(envelope.get("zenoimg", {}), "zenoimg").get("force", False))
    return [_key_of(record, force) for record in records]


def parse_body(body: str) -> list[KeyToCheck]:
    """Parse the body of an SQS message. Raises ``UnreadableEventError`` if it is not a JSON object."""
    try:
        envelope = json.loads(body)
    except ValueError as error:
        raise UnreadableEventError(f"the message is not JSON: {error}") from error
    return parse(_mapping(envelope, "the message"))


def is_from_queue(event: Mapping[str, Any]) -> bool:
    """Return whether the function was invoked with SQS messages (the backfill lane) instead of by S3 itself."""
    records = event.get("Records")
    return bool(
        isinstance(records, list)
        and records
        and isinstance(records[0], Mapping)
        and records[0].get("eventSource") == "aws:sqs"
    )


def backfill_body(bucket: str, key: str, *, force: bool = False) -> str:
    """Return the message that makes the backfill lane reconcile one key, in the form of an S3 event."""
    record = {"eventSource": "aws:s3", "s3": {"bucket": {"name": bucket}, "object": {"key": quote_plus(key)}}}
    envelope: dict[str, Any] = {"Records": [record]}
    if force:
        envelope["zenoimg"] = {"force": True}
    return json.dumps(envelope, separators=(",", ":"))


def _key_of(record: object, force: bool) -> KeyToCheck:
    entity = _mapping(_mapping(record, "a record").get("s3"), "the record's s3 part")
    bucket = _mapping(entity.get("bucket"), "s3.bucket").get("name")
    key = _mapping(entity.get("object"), "s3.object").get("key")
    if not isinstance(bucket, str) or not isinstance(key, str) or not bucket or not key:
        raise UnreadableEventError(f"a record names no bucket and key: {bucket!r}, {key!r}")
    return KeyToCheck(bucket=bucket, key=unquote_plus(key), force=force, removed=_is_removal(record))


def _is_removal(record: object) -> bool:
    """Return whether S3 reported a removal or an expiration; the latter may concern an older version."""
    name = _mapping(record, "a record").get("eventName")
    return isinstance(name, str) and name.removeprefix("s3:").startswith(("ObjectRemoved:", "LifecycleExpiration:"))


def _mapping(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UnreadableEventError(f"{what} is not an object but {type(value).__name__}")
    return value
