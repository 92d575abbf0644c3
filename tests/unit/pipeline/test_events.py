from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zenoimg.pipeline.events import (
    KeyToCheck,
    UnreadableEventError,
    backfill_body,
    is_from_queue,
    parse,
    parse_body,
)

KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)


def s3_record(
    encoded_key: str, name: str = "ObjectCreated:Put", bucket: str = "zeno-original-images"
) -> dict[str, Any]:
    """Return a record as S3 writes it, shortened to the parts that differ between events."""
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": name,
        "s3": {
            "s3SchemaVersion": "1.0",
            "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
            "object": {"key": encoded_key, "size": 1024, "eTag": "0123", "sequencer": "00A1"},
        },
    }


def s3_event(*encoded_keys: str, name: str = "ObjectCreated:Put") -> dict[str, Any]:
    return {"Records": [s3_record(key, name) for key in encoded_keys]}


def failed_invocation(event: object) -> dict[str, Any]:
    """Return what Lambda sends to the on-failure destination of an asynchronous invocation."""
    return {
        "version": "1.0",
        "timestamp": "2025-06-12T15:25:14.000Z",
        "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 3},
        "requestPayload": event,
        "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
        "responsePayload": {"errorMessage": "AccessDenied"},
    }


@pytest.mark.parametrize(
    "name",
    [
        "ObjectCreated:Put",
        "ObjectCreated:CompleteMultipartUpload",
        "ObjectRemoved:Delete",
        "ObjectRemoved:DeleteMarkerCreated",
        "LifecycleExpiration:Delete",
        "LifecycleExpiration:DeleteMarkerCreated",
    ],
)
def test_creation_removal_and_expiry_name_the_key_and_whether_it_was_removed(name: str) -> None:
    removed = not name.startswith("ObjectCreated")
    assert parse(s3_event("cat.jpg", name=name)) == [KeyToCheck("zeno-original-images", "cat.jpg", removed=removed)]


@pytest.mark.parametrize(
    ("encoded", "key"),
    [
        ("cat.jpg", "cat.jpg"),
        ("a+cat+on+a+mat.jpg", "a cat on a mat.jpg"),
        ("1%2B1.jpg", "1+1.jpg"),
        ("2025/06/cat.jpg", "2025/06/cat.jpg"),
        ("2025%2F06%2Fcat.jpg", "2025/06/cat.jpg"),
        ("m%C3%BCnchen.jpg", "münchen.jpg"),
        ("%F0%9F%90%88.jpg", "🐈.jpg"),
        ("100%25.jpg", "100%.jpg"),
        ("%252F.jpg", "%2F.jpg"),  # decoded once: the key itself looks encoded
        ("folder%2F", "folder/"),
    ],
)
def test_keys_are_url_decoded_exactly_once(encoded: str, key: str) -> None:
    assert [found.key for found in parse(s3_event(encoded))] == [key]


def test_all_records_of_an_event_are_read_in_order() -> None:
    event = {"Records": [s3_record("b"), s3_record("a", bucket="other"), s3_record("b")]}
    assert parse(event) == [
        KeyToCheck("zeno-original-images", "b"),
        KeyToCheck("other", "a"),
        KeyToCheck("zeno-original-images", "b"),
    ]


def test_the_test_event_of_a_new_notification_names_no_key() -> None:
    event = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "zeno-original-images"}
    assert parse(event) == []
    assert parse_body(json.dumps(event)) == []


def test_a_failed_invocation_yields_the_keys_of_its_event() -> None:
    assert parse(failed_invocation(s3_event("a+b.jpg"))) == [KeyToCheck("zeno-original-images", "a b.jpg")]


def test_a_dead_letter_can_be_read_from_its_message_body() -> None:
    body = json.dumps(failed_invocation(s3_event("cat.jpg")))
    assert parse_body(body) == [KeyToCheck("zeno-original-images", "cat.jpg")]


def test_a_redriven_event_that_failed_again_is_nested_and_still_read() -> None:
    twice = failed_invocation(failed_invocation(s3_event("cat.jpg")))
    assert parse(twice) == [KeyToCheck("zeno-original-images", "cat.jpg")]


def test_a_failed_invocation_keeps_its_force_flag() -> None:
    event = json.loads(backfill_body("originals", "cat.jpg", force=True))
    assert parse(failed_invocation(event)) == [KeyToCheck("originals", "cat.jpg", force=True)]


@given(bucket=st.from_regex(r"[a-z0-9.-]{3,63}", fullmatch=True), key=KEYS, force=st.booleans())
def test_a_backfill_message_is_read_back_as_written(bucket: str, key: str, force: bool) -> None:
    assert parse_body(backfill_body(bucket, key, force=force)) == [KeyToCheck(bucket, key, force)]


@given(key=KEYS)
def test_a_backfill_message_fits_the_queue_whatever_the_key(key: str) -> None:
    longest = key * (1024 // len(key.encode()))  # S3 accepts 1,024 bytes
    assert len(backfill_body("b" * 63, longest, force=True).encode()) < 262_144


@pytest.mark.parametrize(
    "envelope",
    [
        {},
        {"Records": None},
        {"Records": "cat.jpg"},
        {"Records": {"0": s3_record("cat.jpg")}},
        {"Records": [None]},
        {"Records": [{}]},
        {"Records": [{"s3": None}]},
        {"Records": [{"s3": {"bucket": {"name": "b"}}}]},
        {"Records": [{"s3": {"bucket": {}, "object": {"key": "k"}}}]},
        {"Records": [{"s3": {"bucket": {"name": ""}, "object": {"key": "k"}}}]},
        {"Records": [{"s3": {"bucket": {"name": "b"}, "object": {"key": ""}}}]},
        {"Records": [{"s3": {"bucket": {"name": "b"}, "object": {"key": 7}}}]},
        {"Records": [s3_record("cat.jpg")], "zenoimg": "force"},
        {"requestPayload": None},
        {"requestPayload": "Records"},
        {"Event": "s3:SomethingElse"},
        {"detail-type": "Object Created", "detail": {"bucket": {"name": "b"}, "object": {"key": "k"}}},
    ],
)
def test_an_unknown_envelope_is_an_error_rather_than_nothing_to_do(envelope: dict[str, Any]) -> None:
    with pytest.raises(UnreadableEventError):
        parse(envelope)


@pytest.mark.parametrize("body", ["", "cat.jpg", "{", "[]", "null", '"Records"', "17"])
def test_a_message_that_is_not_a_json_object_is_an_error(body: str) -> None:
    with pytest.raises(UnreadableEventError):
        parse_body(body)


def test_one_unreadable_record_makes_the_whole_event_unreadable() -> None:
    # Otherwise the message would count as done, and the change in the broken record would be lost.
    with pytest.raises(UnreadableEventError):
        parse({"Records": [s3_record("cat.jpg"), {"s3": {}}]})


def test_only_queue_messages_take_the_backfill_lane() -> None:
    message = {"messageId": "1", "eventSource": "aws:sqs", "body": backfill_body("b", "k")}
    assert is_from_queue({"Records": [message]})
    assert not is_from_queue(s3_event("cat.jpg"))
    assert not is_from_queue(failed_invocation({"Records": [message]}))
    assert not is_from_queue({})
    for records in ([], None, ["aws:sqs"], {"0": message}):
        assert not is_from_queue({"Records": records})
