"""Which failures are retried, for how long, and how they are reported."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace
from typing import Any

import botocore.exceptions as boto
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from zenoimg.aws.session import Aws
from zenoimg.pipeline.calls.retries import Failure, FunctionClients, Retries, failure_of

BROKEN = Failure("InternalError", is_transient=True)
SILENT = Failure("EndpointConnectionError", is_transient=True, is_unreachable=True)


def response(status: int, code: str = "") -> tuple[Any, dict[str, Any]]:
    return SimpleNamespace(status_code=status), {"Error": {"Code": code}} if code else {}


@given(elapsed=st.floats(0, 29.9), attempts=st.integers(1, 10_000))
def test_transient_failures_are_retried_for_half_a_minute(elapsed: float, attempts: int) -> None:
    wait = Retries().wait_before(BROKEN, elapsed, attempts)
    assert wait is not None
    assert 0 < wait <= 5.0
    assert elapsed + wait <= 30.0 + 1e-9, "the last attempt is made within the time limit"


def test_after_that_the_failure_is_returned() -> None:
    assert Retries().wait_before(BROKEN, 30.0, 3) is None


def test_refused_connections_are_retried_for_five_seconds() -> None:
    assert Retries().wait_before(SILENT, 4.9, 3) is not None
    assert Retries().wait_before(SILENT, 5.0, 3) is None


def test_permanent_failures_are_not_retried() -> None:
    assert Retries().wait_before(Failure("AccessDenied", is_transient=False), 0.0, 1) is None


def test_a_function_stops_before_its_timeout() -> None:
    now = 100.0
    retries = Retries(patience=float("inf"), deadline=110.0, clock=lambda: now)
    assert retries.wait_before(BROKEN, 50.0, 20) is not None
    now = 110.0
    assert retries.wait_before(BROKEN, 60.0, 21) is None


def test_waits_double_with_jitter() -> None:
    longest = Retries(jitter=lambda low, high: high)
    assert [longest.wait_before(BROKEN, 0.0, n) for n in range(1, 8)] == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0]
    shortest = Retries(jitter=lambda low, high: low)
    assert shortest.wait_before(BROKEN, 0.0, 1) == 0.05


@pytest.mark.parametrize(
    ("answer", "error", "expected"),
    [
        (response(200), None, None),
        (response(404, "NoSuchKey"), None, Failure("NoSuchKey", is_transient=False)),
        (response(503, "SlowDown"), None, Failure("SlowDown", is_transient=True)),
        (response(400, "ThrottlingException"), None, Failure("ThrottlingException", is_transient=True)),
        (response(400, "KMS.ThrottlingException"), None, Failure("KMS.ThrottlingException", is_transient=True)),
        (response(502), None, Failure("502", is_transient=True)),
        (None, boto.ReadTimeoutError(endpoint_url="x"), Failure("ReadTimeoutError", is_transient=True)),
        (None, boto.EndpointConnectionError(endpoint_url="x"), SILENT),
        (None, ValueError(), Failure("ValueError", is_transient=False)),
    ],
)
def test_attempts_are_judged_by_their_responses(answer: Any, error: Exception | None, expected: Failure | None) -> None:
    assert failure_of(answer, error) == expected


@contextmanager
def failing_server(failures: int) -> Iterator[tuple[str, list[int]]]:
    """Yield the address of an S3 that answers 500 to its first requests, and the statuses that it has sent."""
    sent: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None: ...

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            status = 500 if len(sent) < failures else 200
            sent.append(status)
            self.send_response(status)
            self.send_header("ETag", '"x"')
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", sent
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Replace botocore's sleep, whose length the policy decides."""
    waits: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", waits.append)
    return waits


def put(aws: Aws) -> None:
    aws.s3.put_object(Bucket="bucket", Key="key", Body=b"x")


def test_a_temporary_outage_is_survived_with_this_botocore(no_waiting: list[float]) -> None:
    with failing_server(12) as (url, sent):
        put(Aws(region="eu-west-1", endpoint_url=url, credentials=("a", "b")))
    assert sent == [500] * 12 + [200]
    assert len(no_waiting) == 12


def test_an_outage_is_reported_once_after_three_seconds(no_waiting: list[float]) -> None:
    lines: list[str] = []
    moments = iter(range(1000))
    aws = Aws(region="eu-west-1", credentials=("a", "b"), report=lines.append)
    with failing_server(8) as (url, _):
        aws.endpoint_url = url
        client = aws.s3
        retries = aws._retries
        assert retries is not None
        retries.clock = lambda: float(next(moments))
        client.put_object(Bucket="bucket", Key="key", Body=b"x")
    assert len(lines) == 1
    assert lines[0].startswith("PutObject failed (")
    assert lines[0].endswith("retrying for up to 30 s.")


def test_the_environment_variables_of_aws_take_precedence(
    no_waiting: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    with failing_server(5) as (url, sent), pytest.raises(ClientError):
        put(Aws(region="eu-west-1", endpoint_url=url, credentials=("a", "b")))
    assert sent == [500, 500]


def test_an_impatient_client_retries_nothing(no_waiting: list[float]) -> None:
    with failing_server(5) as (url, sent), pytest.raises(ClientError):
        put(Aws(region="eu-west-1", endpoint_url=url, credentials=("a", "b"), impatient=True))
    assert sent == [500]


def test_a_functions_client_retries_until_its_timeout(no_waiting: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    clients = FunctionClients(read_timeout=5)
    with failing_server(3) as (url, sent):
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
        s3 = clients.create("s3")
        clients.begin(60_000)
        s3.put_object(Bucket="bucket", Key="key", Body=b"x")
        assert sent == [500, 500, 500, 200]
        sent.clear()
        clients.begin(4_000)  # less than the time for recording a failure
        with pytest.raises(ClientError):
            s3.put_object(Bucket="bucket", Key="key", Body=b"x")
        assert sent == [500]
