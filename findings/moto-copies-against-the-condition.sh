#!/usr/bin/env bash
# moto copies an object whatever CopySourceIfMatch says, and over an existing one in spite of IfNoneMatch="*".
#
# Versions: boto3 1.44.8, moto 5.2.5 for S3. Seen on 2026-11-29.
# Expected: 412 PreconditionFailed, as S3 documents for CopyObject's conditions, and as moto itself answers to CopySourceIfNoneMatch, to
#   get_object's IfMatch and to put_object's IfMatch and IfNoneMatch.
# Seen: of CopyObject's six conditions it honours CopySourceIfNoneMatch alone. The others are ignored: the copy is made, status 200, and
#   the object at the target is overwritten. upload_part_copy ignores CopySourceIfMatch as well.
# Concerns: tests of "copy only what I have read" and of "never overwrite" pass without the guard, and with a guard in the wrong place.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check boto3==1.44.8 'moto[s3]==5.2.5'
cd "$work"
export AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x AWS_DEFAULT_REGION=us-east-1
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import datetime
import hashlib

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

NOW = datetime.datetime.now(datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
SAME, OTHER = (f'"{hashlib.md5(text).hexdigest()}"' for text in (b"source", b"other"))


@mock_aws
def target_after(call: str, **condition: object) -> bytes:
    """Return what is at the target after a call whose condition does not hold."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="photos")
    for key in ("source", "target"):
        s3.put_object(Bucket="photos", Key=key, Body=key.encode())
    arguments = {"CopySource": "photos/source"} if call == "copy_object" else {"Body": b"source"}
    try:
        getattr(s3, call)(Bucket="photos", Key="target", **arguments, **condition)
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    return s3.get_object(Bucket="photos", Key="target")["Body"].read()


honoured = [("put_object", {"IfMatch": OTHER}), ("put_object", {"IfNoneMatch": "*"}), ("copy_object", {"CopySourceIfNoneMatch": SAME})]
ignored = [{"CopySourceIfMatch": OTHER}, {"CopySourceIfUnmodifiedSince": NOW - DAY}, {"CopySourceIfModifiedSince": NOW + DAY}]
ignored += [{"IfMatch": OTHER}, {"IfNoneMatch": "*"}]
for call, condition in [*honoured, *(("copy_object", each) for each in ignored)]:
    found = target_after(call, **condition)
    print(call, *condition, "does not hold, target:", found.decode())
    if (call, condition) in honoured:
        assert found == b"target"
    else:
        assert found == b"source", f"copy_object honours {next(iter(condition))} now"
PYTHON
