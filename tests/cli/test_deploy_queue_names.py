"""A deploy soon after a destroy: SQS blocks the names of deleted queues, and the deploy waits for them once.

The double answers like CloudFormation; the reason that AWS really passes on can only be seen in an account.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from tests.cli.conftest import Terminal
from tests.cli.doubled_aws import DoubledAws, double
from tests.unit.stack.test_change_set import event

pytestmark = pytest.mark.slow

#: As worded by the resource handler (https://github.com/pulumi/pulumi-aws-native/pull/1984), in CloudFormation's frame.
BLOCKED = (
    'Resource handler returned message: "You must wait 60 seconds after deleting a queue before you can create another '
    'with the same name. (Service: Sqs, Status Code: 400)" (RequestToken: 1, HandlerErrorCode: Throttling)'
)
CANCELLED = "Resource creation cancelled"
QUEUE, FUNCTION, STACK = "AWS::SQS::Queue", "AWS::Lambda::Function", "AWS::CloudFormation::Stack"


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the seconds that a deploy has waited."""
    waited: list[float] = []
    monkeypatch.setattr("zenoimg.operations.deploy.execution.time.sleep", waited.append)
    return waited


@pytest.fixture
def aws(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Iterator[DoubledAws]:
    with mock_aws():
        yield double(monkeypatch)


def fail(aws: DoubledAws, times: int, *failures: tuple[str, str, str], end: str = "ROLLBACK_COMPLETE") -> None:
    """Let the next executions fail with these failed resources: logical id, type, reason."""
    cloudformation, works, left = aws.cloudformation, aws.cloudformation.execute_change_set, [times]

    def execute(**given: Any) -> None:
        if not left[0]:
            works(**given)
            return
        left[0] -= 1
        cloudformation.done.append("execute")
        cloudformation.stack.status = end
        failed = [event(10 * left[0] + n, name, "CREATE_FAILED", reason, kind) for n, (name, kind, reason)
                  in enumerate(failures)]  # fmt: skip
        ended = event(10 * left[0] + 9, "zeno", end, kind=STACK)
        cloudformation.stack.events[:0] = [ended, *reversed(failed)]

    cloudformation.execute_change_set = execute  # type: ignore[method-assign]


def test_a_first_deploy_that_fails_only_because_of_queue_names_is_repeated(
    aws: DoubledAws, terminal: Terminal, waits: list[float]
) -> None:
    fail(aws, 1, ("DeadLetters", QUEUE, BLOCKED), ("Processor", FUNCTION, CANCELLED))
    done = terminal.run("deploy", "--yes")
    assert waits == [70]
    assert aws.done[:5] == ["create", "execute", "delete stack", "create", "execute"]
    shown = " ".join(done.stderr.split())
    assert "SQS blocks the name of a deleted queue for 60 seconds" in shown
    assert "the next try is in 70 s" in shown
    assert "Deployed zeno" in shown


@pytest.mark.parametrize(
    ("failures", "end"),
    [
        ([("DeadLetters", QUEUE, BLOCKED), ("Processor", FUNCTION, "no such role")], "ROLLBACK_COMPLETE"),
        ([("Processor", FUNCTION, CANCELLED)], "ROLLBACK_COMPLETE"),
        ([("DeadLetters", QUEUE, BLOCKED)], "ROLLBACK_FAILED"),
        ([("DeadLetters", QUEUE, BLOCKED)], "UPDATE_ROLLBACK_COMPLETE"),
    ],
    ids=["another cause as well", "no cause", "something is left", "an update"],
)
def test_any_other_failure_ends_the_deploy_and_deletes_nothing(
    aws: DoubledAws, terminal: Terminal, waits: list[float], failures: list[tuple[str, str, str]], end: str
) -> None:
    fail(aws, 1, *failures, end=end)
    terminal.run("deploy", "--yes", code=4)
    assert (waits, aws.done) == ([], ["create", "execute"])


def test_a_second_failure_is_an_error_with_a_next_step(aws: DoubledAws, terminal: Terminal, waits: list[float]) -> None:
    fail(aws, 2, ("DeadLetters", QUEUE, BLOCKED))
    shown = " ".join(terminal.run("deploy", "--yes", code=4).stderr.split())
    assert waits == [70]
    assert "SQS accepts the name of a deleted queue again after 60 seconds" in shown
    assert "`zenoimg destroy`" in shown


def test_ctrl_c_during_the_wait_reports_that_nothing_is_deployed(
    aws: DoubledAws, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("zenoimg.operations.deploy.execution.time.sleep", interrupted)
    fail(aws, 1, ("DeadLetters", QUEUE, BLOCKED))
    shown = terminal.run("deploy", "--yes", code=130).stderr
    assert "Nothing is deployed; rerun `zenoimg deploy` in a minute." in shown
    assert "CloudFormation continues" not in shown
