#!/usr/bin/env bash
# Without awscrt, botocore returns a body whose CRC64NVME or CRC32C is wrong; with any other checksum it raises.
#
# Versions: boto3 and botocore 1.44.8, awscrt not installed (it is an extra, boto3[crt]). Seen on 2026-11-28.
# Expected: a response with a checksum that cannot be verified raises or warns, as put_object(ChecksumAlgorithm="CRC64NVME") does
#   (MissingDependencyException).
# Seen: get_object(...)["Body"].read() returns the damaged bytes. CRC64NVME is what S3 adds to every object that is uploaded without
#   a checksum (S3's user guide, "Checking object integrity"), so that is the usual case for objects of other clients.
# Concerns: who relies on boto3 for the integrity of downloads.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check boto3==1.44.8
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import base64
import http.server
import threading

import boto3
from botocore.exceptions import FlexibleChecksumError, MissingDependencyException

SIZES = {"crc32": 4, "crc32c": 4, "crc64nvme": 8, "sha1": 20, "sha256": 32}
checksum = {}


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments: object) -> None: ...

    def do_GET(self) -> None:
        self.send_response(200)
        for name, value in {"Content-Length": "4", "ETag": '"x"', **checksum}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"body")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
s3 = boto3.client(
    "s3",
    region_name="us-east-1",
    endpoint_url=f"http://127.0.0.1:{server.server_address[1]}",
    aws_access_key_id="x",
    aws_secret_access_key="x",
)
seen = {}
for name, size in SIZES.items():
    checksum.clear()
    checksum[f"x-amz-checksum-{name}"] = base64.b64encode(bytes(size)).decode()  # of no body that is not empty
    try:
        seen[name] = s3.get_object(Bucket="bucket", Key="key")["Body"].read().decode()
    except FlexibleChecksumError:
        seen[name] = "raises"
print(seen)
try:
    s3.put_object(Bucket="bucket", Key="key", Body=b"body", ChecksumAlgorithm="CRC64NVME")
    raise AssertionError("an upload computes it now")
except MissingDependencyException as missing:
    print(missing)
verified = dict.fromkeys(("crc32", "sha1", "sha256"), "raises")
assert seen == verified | dict.fromkeys(("crc32c", "crc64nvme"), "body"), "other checksums are verified now"
PYTHON
