#!/usr/bin/env bash
# Powertools' event classes decode the object key where S3 does not encode it, and leave it encoded where S3 does.
#
# Versions: aws-lambda-powertools 3.37.0. Seen on 2026-11-29.
# Expected: the attribute key, "Object key" in both classes, is the key that get_object takes.
# Seen: events through EventBridge have the key as it is (S3's user guide does not say; AWS's own sample project MediaLake found it by
#   uploads, guidance-for-medialake-on-aws, pull request 21), and S3EventBridgeNotificationEvent applies unquote_plus: "a+b.jpg" becomes
#   "a b.jpg", "100%25.jpg" becomes "100%.jpg": another object, or none. S3's own notifications are encoded, and the same attribute of
#   S3Event's records returns "a%2Bb.jpg"; only S3Event.object_key, of the first record, decodes.
# Concerns: who moves a function from S3's notifications to EventBridge. Keys of letters, digits, dots and slashes show nothing.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check aws-lambda-powertools==3.37.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
from urllib.parse import quote_plus

from aws_lambda_powertools.utilities.data_classes import S3Event, S3EventBridgeNotificationEvent

KEYS = ("photos/a.jpg", "a+b.jpg", "a b.jpg", "100%25.jpg")


def by_notification(key: str) -> tuple[str, str]:
    """Return what Powertools gives as the record's key and as the event's object_key."""
    event = S3Event({"Records": [{"s3": {"bucket": {"name": "photos"}, "object": {"key": quote_plus(key, safe="/")}}}]})
    return next(event.records).s3.get_object.key, event.object_key


def by_event_bridge(key: str) -> str:
    event = {"detail-type": "Object Created", "detail": {"bucket": {"name": "photos"}, "object": {"key": key}}}
    return S3EventBridgeNotificationEvent(event).detail.object.key


for key in KEYS:
    print(f"{key!r}: notification {by_notification(key)}, EventBridge {by_event_bridge(key)!r}")

assert [by_notification(key)[1] for key in KEYS] == list(KEYS)
assert [by_notification(key)[0] for key in KEYS] == ["photos/a.jpg", "a%2Bb.jpg", "a+b.jpg", "100%2525.jpg"]
assert [by_event_bridge(key) for key in KEYS] == ["photos/a.jpg", "a b.jpg", "a b.jpg", "100%.jpg"], "keys are left as they are now"
PYTHON
