"""A read-only DynamoDB with prepared pages: ``python -m benchmarks.table_endpoint RECORDS``.

The embedded AWS sorts the whole table for every page of a scan, and moto measures every item: with 100,000
records a scan takes minutes with either of them, whatever the client. Here a page costs a slice and a join, so that
only the client is measured. Prints its port, and ends when its standard input is closed.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.ready_table import Table


def main() -> None:
    """Serve until standard input ends."""
    table = Table(int(sys.argv[1]))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = table.answer(self.headers["X-Amz-Target"].rpartition(".")[2], request)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("x-amz-crc32", str(zlib.crc32(body)))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
