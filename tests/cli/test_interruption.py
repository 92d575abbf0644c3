"""Ctrl-C while a connection hangs: the command reports its progress and does not wait for the connection."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.drawn.pictures import jpeg, photo

EMPTY = b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
NO_RECORDS = b'{"Responses": {}, "UnprocessedKeys": {}}'


@dataclass
class Stalled:
    """An AWS that answers simple requests, but never uploads, downloads or listings."""

    port: int = 0
    reached: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    def interrupt(self, *arguments: str) -> str:
        """Start a command, press Ctrl-C when it hangs, and return its stderr."""
        names = {"ORIGINALS_BUCKET": "in-bucket", "PROCESSED_BUCKET": "out-bucket", "TABLE": "records"}
        with subprocess.Popen(
            [sys.executable, "-m", "zenoimg", "--endpoint-url", f"http://127.0.0.1:{self.port}", *arguments],
            env={**os.environ, **{f"ZENOIMG_{name}": value for name, value in names.items()}},
            stderr=subprocess.PIPE,
            text=True,
            # The tests may have been started with this signal ignored, which children inherit.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        ) as process:
            assert self.reached.wait(60)
            process.send_signal(signal.SIGINT)
            # Far less than the timeout of a minute for the connection itself.
            _, said = process.communicate(timeout=30)
        assert process.returncode == 130
        assert "Traceback" not in said
        return said


@pytest.fixture
def stalled() -> Iterator[Stalled]:
    state = Stalled()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(b"")

        def do_GET(self) -> None:
            if "list-type" in self.path:
                self._answer(EMPTY)
            else:
                self.do_PUT()

        def do_POST(self) -> None:
            if self.headers["X-Amz-Target"].endswith("BatchGetItem"):
                self._answer(NO_RECORDS)
            else:
                self.do_PUT()

        def do_PUT(self) -> None:
            state.reached.set()
            state.over.wait(120)

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", '"0"')
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield state
    state.over.set()
    server.shutdown()
    server.server_close()


def test_a_hanging_upload_is_interrupted_immediately(stalled: Stalled, tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.jpg").write_bytes(jpeg(photo((64, 48))))
    said = stalled.interrupt("upload", str(tmp_path))
    assert "0 photos: nothing yet." in said
    assert "Rerun the command" in said


@pytest.mark.thorough
def test_a_hanging_download_is_interrupted_immediately_and_leaves_no_partial_file(
    stalled: Stalled, tmp_path: Path
) -> None:
    said = stalled.interrupt("download", "--original", "a.jpg", "-o", str(tmp_path / "out"))
    assert "0 images: nothing yet." in said
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.thorough
@pytest.mark.parametrize("arguments", [["--jsonl"], ["--json"], []], ids=" ".join)
def test_a_hanging_list_is_interrupted_immediately(stalled: Stalled, arguments: list[str]) -> None:
    stalled.interrupt("list", *arguments)
