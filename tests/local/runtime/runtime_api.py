"""A Lambda Runtime API on loopback: hands out events, receives answers
(https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html).
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

_PREFIX = "/2018-06-01/runtime/"
_WAIT_SECONDS = 90


@dataclass(frozen=True)
class Answer:
    """What the runtime posted: ``kind`` is ``response``, ``error`` or ``init-error``; ``body`` is parsed JSON."""

    kind: str
    request_id: str
    body: Any


@dataclass(frozen=True)
class _Invocation:
    request_id: str
    body: bytes
    deadline_ms: int


class RuntimeApi:
    """One execution environment's side of Lambda, as a context manager."""

    def __init__(self) -> None:
        self._invocations: Queue[_Invocation | None] = Queue()
        self._answers: Queue[Answer] = Queue()
        self._polled = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> RuntimeApi:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._invocations.put(None)
        self._server.shutdown()
        self._server.server_close()

    def invoke(self, event: Any, *, seconds: float = 60.0) -> Answer:
        """Hand out an event with a deadline; return the answer. A string is sent unchanged, anything else as JSON."""
        request_id = str(uuid.uuid4())
        body = event if isinstance(event, str) else json.dumps(event)
        self._invocations.put(_Invocation(request_id, body.encode(), round((time.time() + seconds) * 1000)))
        answer = self.answer()
        assert answer.request_id in ("", request_id)
        return answer

    def answer(self) -> Answer:
        """Wait for the next answer, or an initialization error."""
        return self._answers.get(timeout=_WAIT_SECONDS)

    def wait_for_poll(self) -> None:
        """Return when the runtime has asked for its first event."""
        assert self._polled.wait(_WAIT_SECONDS), "the runtime never asked for an event"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                assert self.path == _PREFIX + "invocation/next"
                api._polled.set()
                invocation = api._invocations.get()
                if invocation is None:
                    return
                self._send(200, invocation.body, invocation)

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                match self.path.removeprefix(_PREFIX).split("/"):
                    case ["invocation", request_id, kind]:
                        api._answers.put(Answer(kind, request_id, body))
                    case ["init", "error"]:
                        api._answers.put(Answer("init-error", "", body))
                self._send(202, b"{}")

            def _send(self, status: int, body: bytes, invocation: _Invocation | None = None) -> None:
                self.send_response(status)
                if invocation is not None:
                    self.send_header("Lambda-Runtime-Aws-Request-Id", invocation.request_id)
                    self.send_header("Lambda-Runtime-Deadline-Ms", str(invocation.deadline_ms))
                    self.send_header(
                        "Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:f"
                    )
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def handle(self) -> None:
                with suppress(ConnectionError):  # a runtime that was killed
                    super().handle()

            def log_message(self, format: str, *args: Any) -> None:
                return

        return Handler
