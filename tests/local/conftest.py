"""One embedded AWS for the end-to-end tests of a session, and free ports for tests that start their own."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.local.bench import Bench
from tests.local.embedded_bench import Make
from zenoimg.local import EmbeddedAws, LocalSettings


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Return a function that returns an unused loopback port, a new one at each call."""
    return unused_port


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """A running embedded AWS, shared by the tests of this session (with xdist: of this worker)."""
    pytest.importorskip("ministack")
    home = tmp_path_factory.mktemp("embedded-aws")
    # With IAM enforced, so that the roles' policies are proved to be enough.
    aws = EmbeddedAws(LocalSettings(home, unused_port(), enforce_iam=True))
    aws.start()
    yield aws
    aws.stop()


@pytest.fixture(scope="module")
def bench(embedded: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The shared embedded AWS with the stack deployed."""
    made = Bench(embedded, tmp_path_factory.mktemp("photos"))
    made.zenoimg("deploy")
    return made


@pytest.fixture
def make(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Make]:
    """Return a function that creates embedded AWSs with their own home folders; they are stopped at the end."""
    made: list[EmbeddedAws] = []

    def make(name: str = "home", port: int | None = None) -> EmbeddedAws:
        made.append(EmbeddedAws(LocalSettings(tmp_path / name, port or free_port())))
        return made[-1]

    yield make
    for aws in made:
        aws.stop()
