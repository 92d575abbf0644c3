"""Carry out a plan: execute → save → test → (roll back → test the previous version).

``run`` is the only part of a deploy that changes the stack. When it is interrupted, CloudFormation continues; the
same command then waits for that change and tests it.
"""

from __future__ import annotations

from collections.abc import Sequence

from zenoimg.errors import ZenoError
from zenoimg.operations.deploy import protection, rollback
from zenoimg.operations.deploy.execution import execute, forward
from zenoimg.operations.deploy.outcome import OnEvent, Outcome, SmokeTested, Stage, StageBegan, TestPhotosRemoved
from zenoimg.operations.deploy.plan import DeployedVersion, Plan
from zenoimg.operations.deploy.smoke import cleanup as smoke_cleanup
from zenoimg.operations.deploy.smoke import run as smoke
from zenoimg.operations.deploy.smoke.photos import Expected, expected, expected_of_version
from zenoimg.operations.deploy.smoke.run import Verdict
from zenoimg.operations.deploy.target import Target, change_sets_of
from zenoimg.operations.pipeline import LivePipeline, of_deployment
from zenoimg.pipeline.recipes import base_of
from zenoimg.stack.outputs import Deployment, deployment_of, read_stack


def run(target: Target, plan: Plan, on_event: OnEvent) -> Outcome:
    """Carry out a plan and return the outcome; a version that fails its smoke test is replaced by the previous one.

    Raises ``ZenoError`` and botocore's errors when the change itself fails, when the test cannot be run, or (code
    ``rollback-failed``) when the previous version cannot be put back.
    """
    if plan.change_set is None:
        return _unchanged(target, plan, on_event)
    on_event(StageBegan("execute"))
    execute(target, plan, on_event)
    _save(target, on_event)  # before the test, so that the environments it starts stay warm for the first upload
    _remove_test_photos(target, on_event)
    verdict = _test(target, expected(base_of(plan.recipe), plan.limits, plan.test_fingerprint), on_event, "test")
    if verdict.passed:
        protection.protect(target, on_event)
        return Outcome("deployed", plan, deployment(target), verdict)
    if plan.deployed is None:
        return Outcome("smoke-test-failed", plan, deployment(target), verdict)
    _roll_back(target, plan.deployed, verdict, on_event)
    again = _test(target, expected_of_version(plan.deployed.test_fingerprint), on_event, "test-previous")
    _save(target, on_event)
    return Outcome("rolled-back", plan, deployment(target), verdict, again)


def deployment(target: Target) -> Deployment:
    """Return the names and URLs of the deployed stack."""
    state = read_stack(target.aws.cloudformation, target.stack)
    assert state is not None, "called for a deployed stack only"
    return deployment_of(state)


def _unchanged(target: Target, plan: Plan, on_event: OnEvent) -> Outcome:
    """Test an unchanged stack only if an earlier deploy may have been interrupted before its test.

    That is so if a change of the stack has just ended, or if the first deploy has not protected the table yet.
    """
    _remove_test_photos(target, on_event)
    wanted = expected(base_of(plan.recipe), plan.limits, plan.test_fingerprint)
    is_untested = plan.follows_change or protection.is_missing(plan.parameters)
    verdict = _test(target, wanted, on_event, "test") if is_untested else None
    failed = verdict is not None and not verdict.passed
    if verdict is not None and verdict.passed:
        protection.protect(target, on_event)
    return Outcome("smoke-test-failed" if failed else "unchanged", plan, deployment(target), verdict)


def _roll_back(target: Target, version: DeployedVersion, verdict: Verdict, on_event: OnEvent) -> None:
    on_event(StageBegan("roll-back"))
    change_sets = change_sets_of(target.aws, target.role_arn)
    try:
        change_set = rollback.prepare(change_sets, target.stack, version)
        if change_set is not None:
            forward(change_sets.execute(change_set), on_event)
    except ZenoError as error:
        raise ZenoError(
            f"the new version fails its smoke test ({verdict.reason}), and the previous version could not be put "
            f"back: {error.message}",
            next_step=error.next_step,
            code="rollback-failed",
        ) from error


def _save(target: Target, on_event: OnEvent) -> None:
    if target.aws.local:
        on_event(StageBegan("save"))
        target.checkpoint()


def _remove_test_photos(target: Target, on_event: OnEvent) -> None:
    if count := smoke_cleanup.remove_leftovers(_pipeline(target)):
        on_event(TestPhotosRemoved(count))


def _test(target: Target, wanted: Sequence[Expected], on_event: OnEvent, stage: Stage) -> Verdict:
    on_event(StageBegan(stage))
    verdict = smoke.run(_pipeline(target), wanted)
    on_event(SmokeTested(verdict))
    return verdict


def _pipeline(target: Target) -> LivePipeline:
    return of_deployment(target.aws, deployment(target), target.aws.identity.account)
