#!/usr/bin/env bash
# Reading an S3 body in a with statement skips botocore's checksum; reading it without one verifies.
#
# Versions: boto3 and botocore 1.44.8 (1.43.106 does the same). Seen on 2026-11-28.
# Expected: 'with answer["Body"] as body: body.read()' is the same read, closed afterwards.
# Seen: the context manager returns urllib3's raw response: a body with one flipped byte is returned without an error, where
#   answer['Body'].read() and contextlib.closing raise FlexibleChecksumError.
# Concerns: every program that closes its bodies the obvious way.
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
import zlib
from contextlib import closing

import boto3
from botocore.exceptions import FlexibleChecksumError

WHOLE, FLIPPED = b"a" * 1000, b"a" * 999 + b"b"


class FlippingServer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments: object) -> None: ...

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.send_header("ETag", '"x"')
        self.send_header("x-amz-checksum-crc32", base64.b64encode(zlib.crc32(WHOLE).to_bytes(4, "big")).decode())
        self.end_headers()
        self.wfile.write(FLIPPED)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), FlippingServer)
threading.Thread(target=server.serve_forever, daemon=True).start()
s3 = boto3.client(
    "s3",
    region_name="us-east-1",
    endpoint_url=f"http://127.0.0.1:{server.server_address[1]}",
    aws_access_key_id="x",
    aws_secret_access_key="x",
)


def body():
    return s3.get_object(Bucket="bucket", Key="key")["Body"]


def outcome(read) -> str:
    try:
        return f"{len(read())} bytes"
    except FlexibleChecksumError:
        return "FlexibleChecksumError"


def in_with() -> bytes:
    with body() as raw:
        return raw.read()


def in_closing() -> bytes:
    with closing(body()) as verified:
        return verified.read()


seen = {"read()": outcome(lambda: body().read()), "closing": outcome(in_closing), "with": outcome(in_with)}
print(seen)
server.shutdown()

assert seen["read()"] == seen["closing"] == "FlexibleChecksumError"
assert seen["with"] == "1000 bytes", "a with statement verifies now"
PYTHON
