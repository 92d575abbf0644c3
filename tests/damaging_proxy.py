"""A loopback proxy that damages the bodies of objects on their way from S3."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Literal
from urllib.parse import urlsplit

Damage = Literal["flip", "cut"]


@dataclass
class DamagingProxy:
    """A proxy for clients, at ``url``. It damages the bodies of objects whose key contains ``key``, ``times`` times.

    ``flip`` changes one byte, ``cut`` closes the connection before the second half. ``checksums`` are S3's headers of
    that name; without them the proxy is an S3 that holds none.
    """

    url: str = ""
    key: str = ""
    damage: Damage = "flip"
    times: int = 0
    checksums: bool = True
    damaged: list[str] = field(default_factory=list)

    def takes(self, path: str, status: int, body: bytes) -> bool:
        is_object = status == 200 and len(urlsplit(path).path.strip("/").split("/")) > 1 and "?list-type" not in path
        if not (is_object and self.key in path and len(body) > 1 and len(self.damaged) < self.times):
            return False
        self.damaged.append(path)
        return True


@contextmanager
def damaging_proxy(upstream: str) -> Iterator[DamagingProxy]:
    """Yield a running proxy in front of an endpoint."""
    proxy = DamagingProxy()
    address = urlsplit(upstream).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None: ...

        def forward(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            connection = HTTPConnection(address)
            connection.request(self.command, self.path, self.rfile.read(length), dict(self.headers))
            response = connection.getresponse()
            self.answer(response, response.read())
            connection.close()

        def answer(self, response: HTTPResponse, body: bytes) -> None:
            self.send_response(response.status)
            for name, value in response.getheaders():
                hidden = name.lower().startswith("x-amz-checksum") and not proxy.checksums
                if name.lower() not in ("transfer-encoding", "connection", "date", "server") and not hidden:
                    self.send_header(name, value)
            if "Content-Length" not in response.headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET" and proxy.takes(self.path, response.status, body):
                middle = len(body) // 2
                if proxy.damage == "cut":
                    body, self.close_connection = body[:middle], True
                else:
                    body = body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = forward  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
