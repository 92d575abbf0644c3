#!/usr/bin/env bash
# PynamoDB's get() and save() delete every attribute that the model does not declare, and round those numbers that it does.
#
# Versions: pynamodb 6.1.0, boto3 1.44.8, moto 5.2.5 for DynamoDB. Seen on 2026-11-29.
# Expected: reading a record, setting one attribute and saving it changes that attribute; what the model does not know stays, or get()
#   refuses it. The documentation of save says "Save this object to dynamodb".
# Seen: save is a PutItem of the declared attributes: the attribute of a newer release is gone. A number that nobody touched comes back
#   as 0.12345678901234568 for 0.1234567890123456789, though DynamoDB keeps 38 digits and boto3 reads a Decimal. update(actions=…) keeps
#   both. Nothing is raised.
# Concerns: two releases at once, as in every deployment and rollback, and tables that another program writes to as well.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pynamodb==6.1.0 boto3==1.44.8 'moto[dynamodb]==5.2.5'
cd "$work"
export AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x AWS_DEFAULT_REGION=us-east-1
"$work/venv/bin/python" -W ignore - <<'PYTHON'
from collections.abc import Callable

import boto3
from moto import mock_aws
from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.models import Model


class Photo(Model):
    class Meta:
        table_name = "photos"
        region = "us-east-1"

    key = UnicodeAttribute(hash_key=True)
    latitude = NumberAttribute(null=True)
    published = BooleanAttribute(null=True)


def save(photo: Photo) -> None:
    photo.published = True
    photo.save()


STORED = {"key": {"S": "a.jpg"}, "latitude": {"N": "0.1234567890123456789"}, "licence": {"S": "rights managed"}}


@mock_aws
def after(publish: Callable[[Photo], object]) -> dict[str, dict[str, str]]:
    """Return the item after a photo that another program has written was published."""
    Photo.create_table(billing_mode="PAY_PER_REQUEST")
    dynamodb = boto3.client("dynamodb")
    dynamodb.put_item(TableName="photos", Item=STORED)
    publish(Photo.get("a.jpg"))
    return dynamodb.get_item(TableName="photos", Key={"key": {"S": "a.jpg"}})["Item"]


updated, saved = after(lambda photo: photo.update(actions=[Photo.published.set(True)])), after(save)
print("update:", updated)
print("save:", saved)

assert updated == {**STORED, "published": {"BOOL": True}}
assert saved["latitude"] == {"N": "0.12345678901234568"}, "numbers keep their digits now"
assert "licence" not in saved, "save keeps undeclared attributes now"
PYTHON
