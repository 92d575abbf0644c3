#!/usr/bin/env bash
# Five retries of boto3 1.44 are over within about a second; those of 1.43 took up to half a minute.
#
# Versions: boto3 and botocore 1.44.8 against 1.43.106, mode 'standard', max_attempts 5. Seen on 2026-11-28.
# Expected: a minor release leaves the promise of 'retries with exponential backoff' as it was: a service that fails for three
#   seconds is outlived.
# Seen: six requests (max_attempts counts retries), all sent within 1.6 s under 1.44.8; in 1.43 the call waits and succeeds.
# Concerns: everybody whose outage is longer than a second, a failover or a rolling deploy for example.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check boto3==1.44.8
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import http.server
import threading
import time

import boto3
import botocore
from botocore.config import Config
from botocore.exceptions import ClientError

requests: list[float] = []


class AlwaysFailing(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments: object) -> None: ...

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        requests.append(time.monotonic())
        self.send_response(500)
        self.send_header("Content-Length", "0")
        self.end_headers()


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), AlwaysFailing)
threading.Thread(target=server.serve_forever, daemon=True).start()
s3 = boto3.client(
    "s3",
    region_name="us-east-1",
    endpoint_url=f"http://127.0.0.1:{server.server_address[1]}",
    aws_access_key_id="x",
    aws_secret_access_key="x",
    config=Config(retries={"mode": "standard", "max_attempts": 5}),
)
spans = []
for _ in range(3):
    requests.clear()
    try:
        s3.put_object(Bucket="bucket", Key="key", Body=b"x")
    except ClientError:
        spans.append(requests[-1] - requests[0])
    print(f"botocore {botocore.__version__}: {len(requests)} requests in {spans[-1]:.2f} s")
    assert len(requests) == 6, "max_attempts counts something else now"
server.shutdown()

assert max(spans) < 3, "it waits longer now"
PYTHON
