"""No test can reach a real AWS account: there are only dummy credentials, and no connection leaves the machine."""

from __future__ import annotations

import functools
import ipaddress
import os
import socket
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import botocore.session
import hypothesis
import pytest

# On a shared machine, the time of one example says nothing about the code.
hypothesis.settings.register_profile("zenoimg", deadline=None)
hypothesis.settings.load_profile("zenoimg")

# Each session reads AWS's descriptions of its services anew, half a second for a test of the terminal: they share them.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)

REGION = "eu-west-1"
_INVENTED = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    # Empty files, whatever is in the home folder of the user who runs the tests.
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
_FOREIGN_PREFIXES = ("AWS_", "ZENOIMG_", "POWERTOOLS_")


def pytest_report_header() -> str:
    """Print the versions that results depend on: the tests run with two versions of botocore."""
    return ", ".join(f"{name} {version(name)}" for name in ("boto3", "botocore", "moto", "pillow"))


@pytest.fixture(scope="session", autouse=True)
def _invented_credentials() -> Iterator[None]:
    """Set dummy credentials for the whole session, also for servers and clients that outlive a test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(_FOREIGN_PREFIXES):
                patch.delenv(name)
        for name, value in _INVENTED.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session", autouse=True)
def _loopback_only() -> Iterator[None]:
    """Fail a test that connects to another machine, even if the code under test catches every exception."""
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        _check(self.family, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        _check(self.family, address)
        return connect_ex(self, address)

    def guarded_getaddrinfo(host: Any, *more: Any, **named: Any) -> Any:
        _check(socket.AF_INET, (host,))
        return getaddrinfo(host, *more, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
        yield


def _check(family: int, address: Any) -> None:
    if family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
        # Not an Exception: botocore and the code under test would turn one into a failed call.
        pytest.fail(f"a test tried to reach {address[0]!r}; only the loopback is allowed")


def _is_loopback(host: Any) -> bool:
    text = host.decode() if isinstance(host, bytes) else host
    if text in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests of real photos and random animations as thorough: they take longest among the imaging tests."""
    for item in items:
        if item.name.startswith(("test_a_real_", "test_any_animation_")):
            item.add_marker(pytest.mark.thorough)
