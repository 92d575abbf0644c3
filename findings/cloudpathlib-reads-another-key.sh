#!/usr/bin/env bash
# cloudpathlib returns the contents of photos/a.jpg for photos//a.jpg: two objects, one file in its cache.
#
# Versions: cloudpathlib 0.26.0, boto3 1.44.8, moto 5.2.5 for S3. Seen on 2026-11-29.
# Expected: S3's keys are plain strings, these are two objects, and the path says so: str() and .key keep both slashes.
# Seen: uploaded within one second, as a bulk upload does, whichever is read first is returned for both. With other times, reading the
#   newer one first makes the older one unreadable: OverwriteNewerLocalError says that the local file is newer, although nobody wrote
#   one. Read alone, each is right. photos/./a.jpg is a third name of the same cache file.
# Concerns: keys that were joined with one slash too many next to right ones, in anything that compares or migrates them.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'cloudpathlib[s3]==0.26.0' boto3==1.44.8 'moto[s3]==5.2.5'
cd "$work"
export AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x AWS_DEFAULT_REGION=us-east-1
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import time

import boto3
from cloudpathlib import S3Client
from cloudpathlib.exceptions import OverwriteNewerLocalError
from moto import mock_aws

KEYS = ("photos/a.jpg", "photos//a.jpg")


@mock_aws
def read(*keys: str, apart: float) -> dict[str, str]:
    """Return what is read of each key, where every object contains its own key, and the second one is newer by so many seconds."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="bucket")
    times: list[float] = []
    while not times or round(times[1] - times[0]) != apart:  # S3's times are whole seconds: again if one began in between
        for each in KEYS:
            s3.put_object(Bucket="bucket", Key=each, Body=each.encode())
            time.sleep(apart)
        times = [s3.head_object(Bucket="bucket", Key=each)["LastModified"].timestamp() for each in KEYS]
    client, found = S3Client(), {}
    for each in keys:
        path = client.CloudPath("s3://bucket/" + each)
        assert path.key == each
        try:
            found[each] = path.read_text()
        except OverwriteNewerLocalError as error:
            found[each] = type(error).__name__
    return found


one, other = KEYS
alone = read(one, apart=0) | read(other, apart=0)
same_second = read(one, other, apart=0)
reversed_order = read(other, one, apart=0)
newer_first = read(other, one, apart=2)
print("each alone:", alone)
print("uploaded in one second:", same_second, reversed_order)
print("the newer one first:", newer_first)

assert alone == {each: each for each in KEYS}
assert same_second == {one: one, other: one} and reversed_order == {other: other, one: other}, "each has a cache of its own now"
assert newer_first[one] == "OverwriteNewerLocalError"
PYTHON
