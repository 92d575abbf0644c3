#!/usr/bin/env bash
# Lambda's runtime client dies of a segmentation fault when the Runtime API's answer has no Content-Type.
#
# Versions: awslambdaric 4.2.2 (a Linux with a C++ compiler, where pip builds it). Seen on 2026-11-28.
# Expected: an invocation with the headers that the Runtime API documents (request id, deadline, function ARN) is handled.
# Seen: exit by SIGSEGV, without a word. With "Content-Type: application/json" the same answer is handled.
# Concerns: who writes an emulator of the Runtime API, or a test around the client.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check awslambdaric==4.2.2
cd "$work"
cat >app.py <<'PYTHON'
def handler(event, context):
    return "handled"
PYTHON
"$work/venv/bin/python" - <<'PYTHON'
import http.server
import os
import signal
import subprocess
import sys
import threading

HEADERS = {
    "Lambda-Runtime-Aws-Request-Id": "request-1",
    "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:123456789012:function:f",
    "Lambda-Runtime-Deadline-Ms": "9999999999999",
}


def outcome(more: dict[str, str]) -> str:
    """What becomes of the client: "handled" or its signal."""
    answers, replied = [HEADERS | more], threading.Event()

    class RuntimeApi(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments: object) -> None: ...

        def do_GET(self) -> None:
            if not answers:
                threading.Event().wait(30)
            self.send(200, b"{}", answers.pop())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send(202, b"{}", {})
            if self.path.endswith("/response") and body == b'"handled"':
                replied.set()

        def send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), RuntimeApi)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    variables = {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_address[1]}", "PATH": os.environ["PATH"]}
    client = subprocess.Popen([sys.executable, "-m", "awslambdaric", "app.handler"], env=variables)
    while client.poll() is None:
        if replied.wait(0.1):
            client.kill()
            client.wait()
            return "handled"
    return signal.Signals(-client.returncode).name


seen = {"without": outcome({}), "with": outcome({"Content-Type": "application/json"})}
print(seen, flush=True)
assert seen == {"without": "SIGSEGV", "with": "handled"}, "the client reads the answer in another way now"
os._exit(0)  # a thread of a server still waits
PYTHON
