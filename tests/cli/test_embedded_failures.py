"""A broken connection to the embedded AWS: whether it is gone or busy, and what to do."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from zenoimg.cli.framework import embedded
from zenoimg.config.load import GlobalOptions
from zenoimg.errors import RefusedByAwsError, ZenoError
from zenoimg.suggest import acting_with

UNREACHABLE = RefusedByAwsError("AWS could not be reached: refused", code="unreachable")


def explained(monkeypatch: pytest.MonkeyPatch, error: ZenoError, *, pid: int | None, local: bool = True) -> ZenoError:
    server = SimpleNamespace(status=lambda: SimpleNamespace(pid=pid, log_file=Path("server.log")))
    monkeypatch.setattr(embedded, "embedded_aws", lambda: server)
    call: Any = SimpleNamespace(options=GlobalOptions(local=local))
    return embedded.explain_lost(call, error)


def test_a_stopped_embedded_aws_is_reported_with_the_command_that_starts_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    error = explained(monkeypatch, UNREACHABLE, pid=None)
    assert "is gone" in error.message
    assert "server.log" in error.message
    assert "zenoimg local start" in error.next_step


def test_a_running_embedded_aws_is_reported_as_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    error = explained(monkeypatch, UNREACHABLE, pid=42)
    assert "(process 42) is alive but too busy" in error.message
    assert "Rerun" in error.next_step


def test_other_errors_and_other_endpoints_are_unaffected(monkeypatch: pytest.MonkeyPatch) -> None:
    denied = RefusedByAwsError("AWS denied it", code="access-denied")
    assert explained(monkeypatch, denied, pid=None) is denied
    assert explained(monkeypatch, UNREACHABLE, pid=None, local=False) is UNREACHABLE


def test_the_recovery_command_acts_on_the_same_stack() -> None:
    reprocess = "reprocess --missing --failed --stale"
    with acting_with(GlobalOptions(local=True, stack="acme").words()):
        assert embedded.recovery_command() == f"zenoimg --local --stack acme {reprocess}"
