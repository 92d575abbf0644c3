"""Errors of AWS or another endpoint during a deploy: one sentence, the next step, the exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from moto import mock_aws

from tests.cli.conftest import Terminal
from tests.cli.doubled_aws import DoubledAws, double
from zenoimg.stack.bundle import packages_wheels
from zenoimg.stack.bundle.artifact import Artifact

pytestmark = pytest.mark.slow


@pytest.fixture
def aws(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Iterator[DoubledAws]:
    with mock_aws():
        yield double(monkeypatch)


def refusal(code: str, message: str, operation: str = "CreateChangeSet") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


DENIED = "User: u is not authorized to perform: s3:CreateBucket on resource: arn:aws:s3:::b because no policy allows it"


@pytest.mark.parametrize(
    ("error", "code", "said", "step"),
    [
        (refusal("AccessDenied", DENIED), 4, "AWS denied s3:CreateBucket on arn:aws:s3:::b",
         "deployer-policy.json grants it"),
        (refusal("403", "Forbidden", "HeadBucket"), 4, "AWS denied s3:ListBucket", "deployer-policy.json grants it"),
        (NoCredentialsError(), 3, "no AWS credentials", "--local"),
        (refusal("InvalidClientTokenId", "invalid"), 3, "does not know these credentials", "is not enabled"),
        (refusal("ExpiredToken", "expired"), 3, "credentials have expired", "aws sso login"),
        (refusal("LimitExceededException", "too many stacks"), 4, "too many stacks", "Service Quotas"),
        (refusal("TooManyBuckets", "no more"), 4, "no more", "Service Quotas"),
        (refusal("InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_AUTO_EXPAND]"), 4,
         "Requires capabilities", "CAPABILITY_NAMED_IAM, not CAPABILITY_AUTO_EXPAND"),
        (refusal("IllegalLocationConstraintException", "wrong", "CreateBucket"), 3, "eu-west-1", "--region"),
        (EndpointConnectionError(endpoint_url="https://sts.eu-west-1.amazonaws.com/"), 4, "could not be reached",
         "network"),
    ],
    ids=["denied", "denied without words", "none", "unknown", "expired", "quota", "buckets", "capability", "location",
         "network"],
)  # fmt: skip
def test_an_error_of_aws_is_one_sentence_and_the_next_step(
    aws: DoubledAws, terminal: Terminal, error: Exception, code: int, said: str, step: str
) -> None:
    aws.cloudformation.instead["create"] = error
    shown = terminal.run("deploy", "--yes", code=code).stderr
    assert said in shown
    assert step in shown
    assert "Traceback" not in shown


def test_an_unknown_region_is_reported_with_a_suggestion(aws: DoubledAws, terminal: Terminal) -> None:
    aws.cloudformation.instead["describe"] = EndpointConnectionError(
        endpoint_url="https://cloudformation.eu-wst-1.amazonaws.com/"
    )
    shown = terminal.run("--region", "eu-wst-1", "deploy", "--yes", code=3).stderr
    assert "'eu-wst-1' is not a known region" in shown
    assert "--region eu-west-1" in shown


@pytest.mark.thorough
@pytest.mark.parametrize("arguments", [["--yes"], ["--dry-run"]])
def test_an_endpoint_without_required_features_is_one_sentence_and_nothing_is_created(
    terminal: Terminal, moto_server: str, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    packed: Callable[..., Artifact] = lambda architecture, **_: Artifact("packages", b"zip")  # noqa: E731
    monkeypatch.setattr(packages_wheels, "packages_layer", packed)
    shown = terminal.run("--endpoint-url", moto_server, "deploy", *arguments, code=4).stderr
    (sentence,) = [line for line in shown.splitlines() if line.startswith("Error: ")]
    assert f"{moto_server} does not support what deploy needs" in sentence
    assert "--local" in shown
    s3 = boto3.client("s3", endpoint_url=moto_server)
    stacks = boto3.client("cloudformation", endpoint_url=moto_server).describe_stacks()["Stacks"]
    assert (s3.list_buckets()["Buckets"], stacks) == ([], [])


def test_an_endpoint_that_is_not_aws_at_all_is_one_sentence(terminal: Terminal) -> None:
    class Page(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>hello")

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        shown = terminal.run("--endpoint-url", f"http://127.0.0.1:{server.server_port}", "deploy", "--yes", code=4)
        server.shutdown()
        thread.join()
    assert "does not support what deploy needs" in shown.stderr
