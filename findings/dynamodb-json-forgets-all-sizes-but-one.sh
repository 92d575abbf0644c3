#!/usr/bin/env bash
# dynamodb-json makes one value of a map that has a key S, M or L: {"S": 5, "M": 7, "L": 9} comes back as "5".
#
# Versions: dynamodb-json 1.4.2, boto3 1.44.8. Seen on 2026-11-29.
# Expected: loads(dumps(record)) is the record. Names of attributes are free (DynamoDB Developer Guide, "Naming rules"), and an item in
#   DynamoDB's JSON is unambiguous: each value is wrapped in its type exactly once, as boto3's TypeSerializer and TypeDeserializer have it.
# Seen: dumps writes the right item. loads goes through json's object_hook, from the innermost object outwards, so it unwraps twice: a map
#   that has been unwrapped is taken for a wrapper again. The other sizes are gone and the number is text. Nothing is raised.
# Concerns: thumbnails and prices by size, S, M and L, and any map with such a key, in exports and streams that are read this way.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check dynamodb-json==1.4.2 boto3==1.44.8
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import json

from boto3.dynamodb.types import TypeDeserializer
from dynamodb_json import json_util


def boto3_loads(text: str) -> dict[str, object]:
    return {name: TypeDeserializer().deserialize(value) for name, value in json.loads(text).items()}


def round_trip(record: dict[str, object]) -> object:
    """Return what dynamodb-json reads of its own output, which boto3 reads as the record."""
    text = json_util.dumps(record)
    read = json_util.loads(text)
    print(text, "->", read)
    assert boto3_loads(text) == record
    return read


plain = {"prices": {"small": 5, "medium": 7, "large": 9}}
assert round_trip(plain) == plain
assert round_trip({"prices": {"S": 5, "M": 7, "L": 9}}) == {"prices": "5"}, "maps keep their keys now"
assert round_trip({"files": {"M": "medium.webp", "L": "large.webp"}}) == {"files": "medium.webp"}, "maps keep their keys now"
PYTHON
