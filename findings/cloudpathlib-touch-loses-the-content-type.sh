#!/usr/bin/env bash
# touch() of an image in S3 by cloudpathlib makes it binary/octet-stream: browsers download it instead of showing it.
#
# Versions: cloudpathlib 0.26.0, boto3 1.44.8, moto 5.2.5 for S3. Seen on 2026-11-29.
# Expected: touch() changes the time of an existing object and nothing else, like pathlib's and like cloudpathlib's own rename() and
#   copy(), which keep all of its properties.
# Seen: Content-Type, Cache-Control and Content-Disposition are gone; x-amz-meta- entries stay. It copies the object onto itself with
#   MetadataDirective REPLACE, passing on the latter only.
# Concerns: touch() is the obvious way to have a pipeline process an object again, since it creates an event.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'cloudpathlib[s3]==0.26.0' boto3==1.44.8 'moto[s3]==5.2.5'
cd "$work"
export AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x AWS_DEFAULT_REGION=us-east-1
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import boto3
from cloudpathlib import S3Client
from moto import mock_aws

HEADERS = {"ContentType": "image/jpeg", "CacheControl": "max-age=60", "ContentDisposition": "inline"}


@mock_aws
def after(action: str) -> dict[str, object]:
    """Return the object's properties after the action."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="a.jpg", Body=b"x", Metadata={"camera": "x"}, **HEADERS)
    client = S3Client()
    path, other = client.CloudPath("s3://bucket/a.jpg"), client.CloudPath("s3://bucket/b.jpg")
    {"touch": path.touch, "copy": lambda: path.copy(other), "rename": lambda: path.rename(other)}[action]()
    head = s3.head_object(Bucket="bucket", Key="a.jpg" if action == "touch" else "b.jpg")
    return {name: head.get(name) for name in (*HEADERS, "Metadata")}


properties = {action: after(action) for action in ("copy", "rename", "touch")}
for action, found in properties.items():
    print(action, found)

assert properties["copy"] == properties["rename"] == HEADERS | {"Metadata": {"camera": "x"}}
assert properties["touch"]["Metadata"] == {"camera": "x"}
assert properties["touch"]["ContentType"] == "binary/octet-stream", "touch keeps the content type now"
assert properties["touch"]["CacheControl"] is None
PYTHON
