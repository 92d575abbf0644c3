"""The processor with faults, for tests: it is shipped in the function's zip as its handler.

The key of an image selects its fault; files in ``FAULTS_FOLDER`` turn faults on. Each time the processor reads an
image is counted there as well.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse

from lambda_handlers import processor
from zenoimg.pipeline.storage import ImageStorage, Original

FOLDER = Path(os.environ["FAULTS_FOLDER"])
ORIGINALS = os.environ["ORIGINALS_BUCKET"]
_calls = count(1)


class FaultyStorage(ImageStorage):
    """Storage with faults at the steps of ``reconcile``."""

    def get_original(self, key: str, max_bytes: int) -> Original | None:
        with (FOLDER / f"looks-{key.replace('/', '_')}").open("a") as looks:
            looks.write(".")
        if key.startswith("raises/poison") and _is_on("poison"):
            raise RuntimeError("this one raises")
        if key.startswith("kills/poison") and _is_on("poison"):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().get_original(key, max_bytes)

    def put_copy(self, key: str, *more: Any, **named: Any) -> bool:
        if key.startswith("overwritten/") and _first_time(key):
            newer = (FOLDER / "newer.jpg").read_bytes()
            _as_operator().put_object(Bucket=ORIGINALS, Key=key, Body=newer)
        if key.startswith("deleted/") and _first_time(key):
            _as_operator().delete_object(Bucket=ORIGINALS, Key=key)
        stored = super().put_copy(key, *more, **named)
        if key.startswith("dies/") and _first_time(key):
            os.kill(os.getpid(), signal.SIGKILL)
        return stored


def handler(event: dict[str, Any], context: Any) -> Any:
    """Handle events in place of the processor's handler."""
    return processor.handler(event, context)


def _is_on(fault: str) -> bool:
    return (FOLDER / fault).exists()


def _first_time(key: str) -> bool:
    try:
        (FOLDER / f"met-{key.replace('/', '_')}").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _as_operator() -> Any:
    return boto3.client("s3", aws_access_key_id="test", aws_secret_access_key="test")


_Answer: Any = AWSResponse


class _Body:
    """A body from which botocore reads a response."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def stream(self) -> Iterator[bytes]:
        yield self._data


def _refuse_every_third(request: Any, **_: Any) -> Any:
    """Handle botocore's event ``before-send``, whose result replaces the response and is retried like one."""
    if not _is_on("flaky"):
        return None
    number = next(_calls)
    if number % 3:
        return None
    with (FOLDER / "refused").open("a") as refused:
        refused.write(".")
    if "X-Amz-Target" in request.headers:
        name = "ProvisionedThroughputExceededException" if number % 2 else "InternalServerError"
        body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{name}", "message": "too fast"}).encode()
        return _Answer(request.url, 400 if number % 2 else 500, {}, _Body(body))
    code = "SlowDown" if number % 2 else "InternalError"
    body = f"<Error><Code>{code}</Code><Message>later</Message></Error>".encode()
    return _Answer(request.url, 503 if number % 2 else 500, {}, _Body(body))


_clients: Any = vars(processor)["_clients"]
_create: Any = _clients.create


def _create_flaky(service: str) -> Any:
    """Return the client that the processor creates, whose calls can be refused."""
    client = _create(service)
    if service in ("s3", "dynamodb"):
        client.meta.events.register("before-send", _refuse_every_third)
    return client


vars(processor)["ImageStorage"] = FaultyStorage
_clients.create = _create_flaky
