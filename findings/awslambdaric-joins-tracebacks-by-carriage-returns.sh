#!/usr/bin/env bash
# Lambda's runtime client logs a traceback as one line, joined by carriage returns and indented by no-break spaces.
#
# Versions: awslambdaric 4.2.2 (a Linux with a C++ compiler, where pip builds it). Seen on 2026-11-28.
# Expected: an exception is logged as Python prints it: lines that end in \n, indented by spaces.
# Seen: "[ERROR] ValueError: …\rTraceback …\r\u00a0\u00a0File …": one line for whoever splits at \n, several for Python's splitlines(),
#   overwritten in a terminal, and not found by a search for "  File".
# Concerns: who reads function logs by lines, searches them or shows them in a terminal.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check awslambdaric==4.2.2
cd "$work"
cat >app.py <<'PYTHON'
def handler(event, context):
    raise ValueError("no such key")
PYTHON
"$work/venv/bin/python" - <<'PYTHON'
import http.server
import os
import subprocess
import sys
import threading

done = threading.Event()
asked = []


class RuntimeApi(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments: object) -> None: ...

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:  # the next invocation: one, and then none
        asked.append(self.path)
        if len(asked) > 1:
            done.set()
            threading.Event().wait(30)
        arn = "arn:aws:lambda:eu-west-1:123456789012:function:f"
        names = {"Lambda_Runtime_Aws_Request_Id": "request-1", "Lambda_Runtime_Invoked_Function_Arn": arn}
        names["Content_Type"] = "application/json"  # the client crashes without it
        self.answer(200, b"{}", **names, Lambda_Runtime_Deadline_Ms="9999999999999")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.answer(202, b"{}")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), RuntimeApi)
threading.Thread(target=server.serve_forever, daemon=True).start()
variables = {
    "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_address[1]}",
    "AWS_LAMBDA_FUNCTION_NAME": "f",
    "AWS_LAMBDA_FUNCTION_VERSION": "1",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
    "AWS_LAMBDA_LOG_GROUP_NAME": "g",
    "AWS_LAMBDA_LOG_STREAM_NAME": "s",
    "PYTHONUNBUFFERED": "1",
    "PATH": os.environ["PATH"],
}
command = [sys.executable, "-m", "awslambdaric", "app.handler"]
client = subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
assert done.wait(30), "the client did not ask for a second invocation"
client.kill()
log = client.communicate()[0].decode()
print(ascii(log))
lines = log.rstrip("\n").split("\n")
(error,) = [line for line in lines if line.startswith("[ERROR]")]
assert error.count("\r") == 3, "lines are joined in another way now"
assert "\r\u00a0\u00a0File" in error
assert "  File" not in error, "they are indented by spaces now"
os._exit(0)  # a thread of the server still waits
PYTHON
