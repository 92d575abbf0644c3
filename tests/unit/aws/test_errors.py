"""Every exception of the libraries underneath becomes a sentence with an exit code."""

from __future__ import annotations

import http.client
import inspect
import socket
import ssl
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import boto3.exceptions
import botocore.eventstream
import botocore.exceptions
import botocore.parsers
import pytest
import s3transfer.exceptions
import urllib3
import urllib3.exceptions

from zenoimg.aws.errors import explain
from zenoimg.aws.platform import AWS, EMBEDDED
from zenoimg.aws.session import Aws

MODULES = (
    boto3.exceptions,
    botocore.eventstream,
    botocore.exceptions,
    botocore.parsers,
    http.client,
    s3transfer.exceptions,
    socket,
    ssl,
    urllib3.exceptions,
)
#: Mistakes in a client's own code or in botocore's models: they are bugs.
PROGRAMMING_ERRORS = {"UndefinedModelAttributeError", "MissingServiceIdError"}
#: Classes whose text depends on their arguments.
ARGUMENTS: dict[type[Exception], tuple[Any, ...]] = {
    http.client.IncompleteRead: (b"",),
    urllib3.exceptions.IncompleteRead: (1, 2),
    urllib3.exceptions.InvalidChunkLength: (urllib3.HTTPResponse(), b"x"),
    urllib3.exceptions.ProxySchemeUnsupported: ("socks",),
}


def exceptions(module: ModuleType) -> Iterator[type[Exception]]:
    for name, kind in inspect.getmembers(module, inspect.isclass):
        is_public = kind.__module__ == module.__name__ and name[0] != "_" and name not in PROGRAMMING_ERRORS
        if is_public and issubclass(kind, Exception) and not issubclass(kind, Warning):
            yield kind


EXCEPTIONS = sorted({kind for module in MODULES for kind in exceptions(module)}, key=lambda kind: str(kind))


def bare(kind: type[Exception]) -> Exception:
    """Return an instance without the arguments of its constructor, which differ between classes."""
    if issubclass(kind, botocore.exceptions.ClientError):
        answer: Any = {"Error": {"Code": "Any", "Message": "no"}}
        return kind(answer, "AnyOperation")
    if kind is botocore.exceptions.ProfileNotFound:
        return botocore.exceptions.ProfileNotFound(profile="client-a")
    if kind in ARGUMENTS:
        return kind(*ARGUMENTS[kind])
    return kind.__new__(kind)


def test_the_modules_contain_the_exceptions_of_this_test() -> None:
    assert len(EXCEPTIONS) > 150
    assert {"ReadTimeoutError", "SSLError", "IncompleteRead", "BadStatusLine"} <= {kind.__name__ for kind in EXCEPTIONS}


@pytest.mark.parametrize("kind", EXCEPTIONS, ids=lambda kind: f"{kind.__module__}.{kind.__qualname__}")
def test_every_exception_is_explained(kind: type[Exception]) -> None:
    explained = explain(bare(kind))
    assert explained.code != "unexpected"
    assert explained.exit_code in {1, 3, 4}
    assert explained.message


@pytest.mark.parametrize("kind", [socket.gaierror, socket.herror, TimeoutError, ConnectionResetError, BrokenPipeError])
def test_every_error_of_a_socket_is_a_network_error(kind: type[Exception]) -> None:
    assert explain(kind(1, "no")).code == "unreachable"


@pytest.mark.parametrize(
    ("error", "exit_code", "words"),
    [
        (botocore.exceptions.NoCredentialsError(), 3, "no AWS credentials"),
        (botocore.exceptions.SSOTokenLoadError(error_msg="expired"), 3, "could not be read"),
        (ConnectionResetError(104, "Connection reset by peer"), 4, "could not be reached"),
        (ssl.SSLCertVerificationError("self-signed certificate"), 4, "self-signed certificate"),
        (socket.gaierror(-2, "Name or service not known"), 4, "Name or service not known"),
        (OSError(28, "No space left on device", "copies/a.jpg"), 1, "copies/a.jpg: No space left on device"),
    ],
)
def test_the_exit_code_shows_who_has_to_act(error: Exception, exit_code: int, words: str) -> None:
    explained = explain(error)
    assert (explained.exit_code, words in explained.message) == (exit_code, True)


def test_an_unknown_exception_asks_for_a_report() -> None:
    explained = explain(ValueError("three"))
    assert explained.code == "unexpected"
    assert "--debug" in str(explained.next_step)


def test_the_embedded_aws_is_a_platform_of_its_own() -> None:
    assert Aws(region="eu-west-1", credentials=("a", "b"), local=True).platform is EMBEDDED
    assert Aws(region="eu-west-1", credentials=("a", "b")).platform is AWS
