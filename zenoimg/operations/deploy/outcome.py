"""The reports of a deploy: events while it runs, an outcome at the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from zenoimg.errors import ZenoError
from zenoimg.operations.deploy.plan import Plan
from zenoimg.operations.deploy.smoke.run import Verdict
from zenoimg.stack.change_set.history import StackEvent
from zenoimg.stack.outputs import Deployment
from zenoimg.suggest import suggest

Stage = Literal[
    "settle", "build", "try", "execute", "wait-for-queues", "save", "test", "protect", "roll-back", "test-previous"
]
Result = Literal["unchanged", "deployed", "smoke-test-failed", "rolled-back"]


@dataclass(frozen=True)
class StageBegan:
    """A stage has begun. ``detail``: the stack's status for ``settle``, a number of seconds for ``wait-for-queues``."""

    stage: Stage
    detail: str = ""


@dataclass(frozen=True)
class TestPhotosRemoved:
    """Photos of interrupted smoke tests were removed."""

    count: int


@dataclass(frozen=True)
class SmokeTested:
    """A smoke test has ended."""

    verdict: Verdict


Event = StageBegan | StackEvent | TestPhotosRemoved | SmokeTested
OnEvent = Callable[[Event], None]


@dataclass(frozen=True)
class Outcome:
    """How a deploy ended.

    ``smoke_test`` is the verdict on the new version, ``None`` when an unchanged stack was not tested;
    ``previous_test`` the verdict on the restored version, ``None`` unless ``rolled-back``.
    """

    result: Result
    plan: Plan
    deployment: Deployment
    smoke_test: Verdict | None = None
    previous_test: Verdict | None = None


def failure_of(outcome: Outcome) -> ZenoError | None:
    """Return the error to raise for an outcome; ``None`` for a success."""
    test, previous = outcome.smoke_test, outcome.previous_test
    if test is None or test.passed:
        return None
    if previous is None:
        return ZenoError(
            f"the stack is deployed but fails its smoke test: {test.reason}",
            next_step="There is no previous version to put back. "
            f"Check `{suggest('tail-logs', '--since', '10m')}`, fix the cause and rerun the deploy.",
            code="smoke-test-failed",
        )
    state = "passes the test" if previous.passed else f"also fails the test: {previous.reason}"
    return ZenoError(
        f"the new version fails its smoke test ({test.reason}); the previous version is back and {state}",
        next_step=f"Check `{suggest('tail-logs', '--since', '10m')}`, fix the cause and rerun the deploy.",
        code="smoke-test-failed",
    )
