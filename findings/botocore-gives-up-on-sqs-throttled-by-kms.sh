#!/usr/bin/env bash
# botocore never retries what an encrypted SQS queue answers when KMS throttles, although it retries throttling of SQS and of KMS.
#
# Versions: boto3 and botocore 1.44.8, all three retry modes. Seen on 2026-11-29.
# Expected: throttling is retried, as boto3's guide to retries says of each mode; KmsThrottled, one of SendMessage's documented errors,
#   is documented as "Amazon Web Services KMS throttles requests".
# Seen: one request, then the exception, with the code KmsThrottled and with KMS.ThrottlingException, which is its name in the query
#   protocol and the one that botocore reports when the service sends both. Neither is in the list of throttling codes. SQS's own
#   RequestThrottled and KMS's own ThrottlingException take all three tries.
# Concerns: who encrypts queues with a key of their own and sends in bursts: the rarer throttling is the one that is not outlived.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check boto3==1.44.8
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import http.server
import json
import threading

import boto3
import botocore
from botocore.config import Config
from botocore.exceptions import ClientError

requests: list[str] = []
answer: dict[str, str] = {}


class Throttling(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments: object) -> None: ...

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        requests.append(self.headers["X-Amz-Target"])
        body = json.dumps({"__type": "com.amazonaws.sqs#" + answer["code"], "message": "slow down"}).encode()
        self.send_response(400)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        if answer.get("query"):
            self.send_header("x-amzn-query-error", answer["query"] + ";Sender")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Throttling)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_address[1]}"


def tries(mode: str, **answered: str) -> int:
    """Return how many requests botocore makes of the three that it may when the queue answers so, with status 400."""
    requests.clear()
    answer.clear()
    answer.update(answered)
    config = Config(retries={"mode": mode, "total_max_attempts": 3})
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    sqs = boto3.client("sqs", region_name="us-east-1", endpoint_url=address, config=config, **keys)
    try:
        sqs.send_message(QueueUrl=address + "/123456789012/queue", MessageBody="x")
    except ClientError:
        return len(requests)
    raise AssertionError("the call succeeded")


counts = {
    mode: {
        "KmsThrottled": tries(mode, code="KmsThrottled"),
        "KMS.ThrottlingException": tries(mode, code="KmsThrottled", query="KMS.ThrottlingException"),
        "ThrottlingException": tries(mode, code="ThrottlingException"),
    }
    for mode in ("standard", "adaptive", "legacy")
}
own = tries("standard", code="RequestThrottled", query="RequestThrottled")
server.shutdown()
assert own == 3, "RequestThrottled is not retried"
for mode, seen in counts.items():
    print(f"botocore {botocore.__version__}, {mode}: requests {seen}")
    assert seen["ThrottlingException"] == 3
    assert seen["KmsThrottled"] == seen["KMS.ThrottlingException"] == 1, "it is retried now"
PYTHON
