"""The command line in process, on moto: S3, DynamoDB and SQS without emulated functions."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from moto import mock_aws
from moto.server import ThreadedMotoServer
from typer.testing import CliRunner, Result

from tests.api_calls import recorded
from tests.conftest import REGION
from tests.granted import Place, check, possible_places
from tests.hints import check_hints
from zenoimg.cli.app import app
from zenoimg.stack.names import StackNames
from zenoimg.stack.template import render

ORIGINALS, PROCESSED, TABLE = "in-bucket", "out-bucket", "records"
ACCOUNT = "123456789012"  # needed by moto
_IMAGES: dict[str, Any] = render(StackNames("zeno"))["Resources"]["Images"]["Properties"]


@dataclass(frozen=True)
class Terminal:
    """Runs the command without a terminal. It may request only what its policy grants."""

    def run(self, *arguments: str, code: int = 0) -> Result:
        done = self.any_code(*arguments)
        assert done.exit_code == code, f"exit {done.exit_code}\n{done.stdout}\n{done.stderr}"
        return done

    def any_code(self, *arguments: str) -> Result:
        with recorded() as calls:
            done = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
        check_hints(arguments, done.stdout, done.stderr)
        check(arguments, calls.rights, [*possible_places(arguments, Path.cwd(), ACCOUNT, REGION), without_stack()])
        return done

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code).stdout)


def without_stack() -> Place:
    """Environment variables that name a pipeline without a stack."""
    given = {"OriginalsBucket": "ORIGINALS_BUCKET", "ProcessedBucket": "PROCESSED_BUCKET", "Table": "TABLE"}
    told = {name: os.environ.get(f"ZENOIMG_{variable}", "") for name, variable in given.items()}
    return Place(ACCOUNT, REGION, {**StackNames("zeno").placeholders(), **told})


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    monkeypatch.chdir(tmp_path)
    return Terminal()


@pytest.fixture
def nothing_deployed(terminal: Terminal) -> Iterator[Terminal]:
    with mock_aws():
        yield terminal


@pytest.fixture
def no_stack(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """Return a terminal for buckets and a table created by other means and named by settings."""
    with mock_aws():
        make_resources()
        for name, value in (("ORIGINALS_BUCKET", ORIGINALS), ("PROCESSED_BUCKET", PROCESSED), ("TABLE", TABLE)):
            monkeypatch.setenv(f"ZENOIMG_{name}", value)
        yield terminal


@pytest.fixture
def moto_server() -> Iterator[str]:
    """Yield the URL of moto over HTTP, for commands that run in a separate process."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    urlopen(Request(f"http://{host}:{port}/moto-api/reset", method="POST")).close()
    server.stop()


def make_resources(
    originals: str = ORIGINALS, processed: str = PROCESSED, table: str = TABLE, *, endpoint_url: str | None = None
) -> None:
    s3 = boto3.client("s3", endpoint_url=endpoint_url)
    for bucket in (originals, processed):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket=originals, VersioningConfiguration={"Status": "Enabled"})
    wanted = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    boto3.client("dynamodb", endpoint_url=endpoint_url).create_table(
        TableName=table, **{key: _IMAGES[key] for key in wanted}
    )


@pytest.fixture
def copies() -> Callable[[], set[str]]:
    def listed() -> set[str]:
        found = boto3.client("s3").list_objects_v2(Bucket=PROCESSED).get("Contents", [])
        return {item["Key"] for item in found}

    return listed
