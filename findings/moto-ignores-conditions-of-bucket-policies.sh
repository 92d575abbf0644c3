#!/usr/bin/env bash
# moto denies every call to a bucket whose policy only denies plain HTTP: it ignores the condition.
#
# Versions: moto 5.2.5. Seen on 2026-11-28.
# Expected: 'Deny if aws:SecureTransport is false' lets a call over HTTPS through; or the policy is not enforced at all, like
#   IAM policies unless set_initial_no_auth_action_count asks for it.
# Seen: head_object answers 403 right after put_bucket_policy; without the Condition it does the same.
# Concerns: tests of buckets that follow the usual advice to deny plain HTTP.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'moto[s3]==5.2.5' boto3==1.43.106
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import json
import os

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

os.environ |= {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ],
}
with mock_aws():
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="key", Body=b"x")
    before = s3.head_object(Bucket="bucket", Key="key")["ResponseMetadata"]["HTTPStatusCode"]
    s3.put_bucket_policy(Bucket="bucket", Policy=json.dumps(POLICY))
    try:
        after = s3.head_object(Bucket="bucket", Key="key")["ResponseMetadata"]["HTTPStatusCode"]
    except ClientError as error:
        after = error.response["ResponseMetadata"]["HTTPStatusCode"]
    print(f"{s3.meta.endpoint_url}: {before} before the policy, {after} after it")

assert before == 200
assert after == 403, "the condition counts now"
PYTHON
