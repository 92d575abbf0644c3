"""The guards in ``tests/conftest.py``, on which every other test relies."""

from __future__ import annotations

import os
import socket

import boto3
import pytest


def test_a_call_to_aws_fails_the_test() -> None:
    with pytest.raises(pytest.fail.Exception, match="only the loopback is allowed"):
        boto3.client("sts").get_caller_identity()


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_connections_to_other_machines_are_refused(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as outward:
        with pytest.raises(pytest.fail.Exception):
            outward.connect((host, 443))
        with pytest.raises(pytest.fail.Exception):
            outward.connect_ex((host, 443))


def test_a_loopback_server_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


def test_credentials_are_dummies_and_no_profile_or_endpoint_is_inherited() -> None:
    found = boto3.Session().get_credentials()
    assert found is not None
    assert found.access_key == "testing"
    assert boto3.Session().available_profiles == []
    assert not [name for name in os.environ if name.startswith(("AWS_PROFILE", "AWS_ENDPOINT_URL", "ZENOIMG_"))]
