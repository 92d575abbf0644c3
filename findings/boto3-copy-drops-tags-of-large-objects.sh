#!/usr/bin/env bash
# boto3's copy keeps the tags of objects up to 8 MB and drops those of larger ones, unless it is told to do what is the default anyway.
#
# Versions: boto3 1.44.8, s3transfer 0.19.3, moto 5.2.5 for S3. Seen on 2026-11-29.
# Expected: the copy of a 7 MB and of a 9 MB object have the same properties: the documentation only says that copy "will perform a
#   multipart copy in multiple threads if necessary", and TaggingDirective "defaults to COPY" in S3's API.
# Seen: content type and metadata are carried over at any size, tags at 7 MB only, without a warning. TaggingDirective="COPY", the very
#   default, makes s3transfer copy them, by calls of its own after the new object is complete: events of its creation come first.
# Concerns: rules by tag (lifecycle, access, processing) on copied photos; a test with a small file shows nothing.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check boto3==1.44.8 s3transfer==0.19.3 'moto[s3]==5.2.5'
cd "$work"
export AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x AWS_DEFAULT_REGION=us-east-1
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import boto3
import s3transfer
from moto import mock_aws

MB = 1024 * 1024


@mock_aws
def copied(size: int, **extra: str) -> tuple[str, dict[str, str], list[str], list[str]]:
    """Return content type, metadata and tags of the copy, and the calls that made it."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="photos")
    s3.put_object(
        Bucket="photos", Key="source", Body=bytes(size), ContentType="image/jpeg", Metadata={"camera": "x"}, Tagging="licence=rm"
    )
    calls: list[str] = []
    s3.meta.events.register("before-send.s3", lambda request, event_name, **_: calls.append(event_name.rpartition(".")[2]))
    s3.copy({"Bucket": "photos", "Key": "source"}, "photos", "copy", ExtraArgs=extra)
    made = [each for each in calls if each not in ("HeadObject", "UploadPartCopy")]
    head = s3.head_object(Bucket="photos", Key="copy")
    tags = [each["Key"] for each in s3.get_object_tagging(Bucket="photos", Key="copy")["TagSet"]]
    return head["ContentType"], head["Metadata"], tags, made


small, large, told = copied(7 * MB), copied(9 * MB), copied(9 * MB, TaggingDirective="COPY")
print("s3transfer", s3transfer.__version__)
print("7 MB:", *small)
print("9 MB:", *large)
print("9 MB, TaggingDirective=COPY:", *told)

assert small[:2] == large[:2] == told[:2] == ("image/jpeg", {"camera": "x"})
assert small[2] == told[2] == ["licence"]
assert told[3].index("CompleteMultipartUpload") < told[3].index("PutObjectTagging")
assert large[2] == [], "large objects keep their tags now"
PYTHON
