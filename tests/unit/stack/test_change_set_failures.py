"""Every way in which a deploy can fail has a message and a next step."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.stack.test_change_set import FakeCloudFormation, create, event, sets
from zenoimg.errors import RefusedByAwsError
from zenoimg.stack.change_set.change import ChangeSet
from zenoimg.stack.change_set.denials import Denial, denial_in
from zenoimg.stack.change_set.failures import next_step_of_reason
from zenoimg.stack.change_set.lifecycle import ChangeSets
from zenoimg.stack.outputs import StackState

STACK = "AWS::CloudFormation::Stack"
#: As in CloudFormation's events; the ARNs are made up.
DENIED = (
    'Resource handler returned message: "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: '
    "lambda:CreateFunction on resource: arn:aws:lambda:eu-west-1:123456789012:function:imageProcessorLambda because "
    'no identity-based policy allows the lambda:CreateFunction action (Service: Lambda, Status Code: 403)" '
    "(RequestToken: 1, HandlerErrorCode: AccessDenied)"
)


def failed(reason: str, end: str = "UPDATE_ROLLBACK_COMPLETE") -> RefusedByAwsError:
    """Return the error of a deploy in which one resource failed for a reason."""
    fake = FakeCloudFormation([end])
    run = sets(fake).execute(ChangeSet("zeno", "arn", "UPDATE", ()))
    fake.events_of_the_run = [event(1, "Processor", "UPDATE_FAILED", reason), event(2, "zeno", end, kind=STACK)]
    with pytest.raises(RefusedByAwsError) as caught:
        list(run)
    assert caught.value.exit_code == 4
    return caught.value


def test_a_denial_names_action_and_resource_and_the_policy_that_grants_it() -> None:
    error = failed(DENIED)
    where = "arn:aws:lambda:eu-west-1:123456789012:function:imageProcessorLambda"
    assert f"AWS denied lambda:CreateFunction on {where}" in error.message
    assert "policies/deployer-functions-policy.json grants it" in error.next_step
    assert "zenoimg template --policy deployer-functions" in error.next_step
    assert "The stack is as it was before" in error.next_step


def test_a_denied_action_outside_our_policy_is_not_attributed_to_it() -> None:
    error = failed(DENIED.replace("lambda:CreateFunction", "lambda:PublishVersion"))
    assert "lambda:PublishVersion" in error.message
    assert "grants it" not in error.next_step


@pytest.mark.parametrize(
    ("message", "denial"),
    [
        ("User: x is not authorized to perform: iam:PassRole on resource: arn:aws:iam::1:role/r because no",
         Denial("iam:PassRole", "arn:aws:iam::1:role/r")),
        ('not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::b" because',
         Denial("s3:ListBucket", "arn:aws:s3:::b")),
        ("User: x is not authorized to perform: sts:AssumeRole", Denial("sts:AssumeRole", "")),
        ("API: s3:PutBucketNotification Access Denied", Denial("s3:PutBucketNotification", "")),
        ("something (HandlerErrorCode: AccessDenied)", Denial("", "")),
        ("The role cannot be assumed", None),
    ],
)  # fmt: skip
def test_the_denied_action_is_read_from_each_form_of_the_message(message: str, denial: Denial | None) -> None:
    assert denial_in(message) == denial


@pytest.mark.parametrize(
    ("reason", "step"),
    [
        ("You have attempted to create more buckets than allowed (TooManyBuckets)", "Service Quotas"),
        ("(RequestToken: 1, HandlerErrorCode: ServiceLimitExceeded)", "Service Quotas"),
        ("'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 3008", "3008"),
        ("Requires capabilities : [CAPABILITY_AUTO_EXPAND]", "CAPABILITY_AUTO_EXPAND"),
        ("imageProcessorLambda already exists (HandlerErrorCode: AlreadyExists)", "--stack NAME"),
    ],
)
def test_common_reasons_have_their_own_next_step(reason: str, step: str) -> None:
    assert step in next_step_of_reason(reason)
    assert step in failed(reason).next_step


def test_an_unknown_reason_is_shown_unchanged() -> None:
    assert next_step_of_reason("The role cannot be assumed") == ""
    assert "The role cannot be assumed" in failed("The role cannot be assumed").message


@pytest.mark.parametrize(
    ("end", "step"),
    [
        ("ROLLBACK_COMPLETE", "zenoimg destroy"),
        ("ROLLBACK_FAILED", "zenoimg destroy"),
        ("UPDATE_ROLLBACK_COMPLETE", "as it was before"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name zeno"),
        ("DELETE_FAILED", "continues where it stopped"),
    ],
)
def test_the_next_step_depends_on_the_final_stack_status(end: str, step: str) -> None:
    error = failed("no", end)
    assert end in error.message
    assert step in error.next_step


@pytest.mark.parametrize("state", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"])
def test_for_a_stuck_stack_destroy_is_suggested(state: str) -> None:
    fake = FakeCloudFormation([state])
    with pytest.raises(RefusedByAwsError, match=state) as refused:
        create(fake)
    assert "zenoimg destroy" in refused.value.next_step
    assert not fake.called("create_change_set")


def test_a_stack_left_by_an_interruption_is_reused() -> None:
    fake = FakeCloudFormation(["REVIEW_IN_PROGRESS"])
    made = create(fake)
    assert made is not None
    assert (made.kind, made.made_stack) == ("CREATE", False)


def test_a_change_set_overtaken_by_another_change_is_reported() -> None:
    for code in ("InvalidChangeSetStatus", "ChangeSetNotFound"):
        fake = FakeCloudFormation(["UPDATE_COMPLETE"])

        def refuse(code: str = code, **_: Any) -> None:
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "ExecuteChangeSet")

        fake.execute_change_set = refuse  # type: ignore[method-assign]
        with pytest.raises(RefusedByAwsError, match="changed by someone else") as refused:
            list(sets(fake).execute(ChangeSet("zeno", "arn", "UPDATE", ())))
        assert "Rerun the command" in refused.value.next_step


def test_a_change_set_that_cannot_be_created_is_reported_with_a_next_step_for_its_reason() -> None:
    fake = FakeCloudFormation([None, "REVIEW_IN_PROGRESS"], {"Status": "FAILED", "StatusReason": DENIED})
    with pytest.raises(RefusedByAwsError) as refused:
        create(fake)
    assert "deployer-functions-policy.json grants it" in refused.value.next_step


def test_an_interruption_during_planning_leaves_nothing_behind() -> None:
    fake = FakeCloudFormation([None, "REVIEW_IN_PROGRESS"])
    fake.change_set = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        create(fake)
    assert fake.called("delete_change_set")
    assert fake.called("delete_stack")


def test_nothing_is_deployed_to_an_endpoint_without_resource_import() -> None:
    fake = FakeCloudFormation([None, "REVIEW_IN_PROGRESS"])
    fake.meta = SimpleNamespace(endpoint_url="http://127.0.0.1:5000")
    unproven = ChangeSets(fake, local=False, proven=False)  # type: ignore[arg-type]
    with pytest.raises(
        RefusedByAwsError, match=r"http://127\.0\.0\.1:5000 does not support what deploy needs"
    ) as refused:
        unproven.create("zeno", {"TemplateBody": "{}"}, {}, {})
    assert "--local" in refused.value.next_step
    assert fake.called("delete_change_set")
    assert fake.called("delete_stack")
    fake.change_set["ImportExistingResources"] = True
    assert unproven.create("zeno", {"TemplateBody": "{}"}, {}, {}) is not None


def test_the_role_is_passed_to_cloudformation() -> None:
    fake = FakeCloudFormation([None])
    role = "arn:aws:iam::123456789012:role/deployer"
    ChangeSets(fake, local=False, role_arn=role).create("zeno", {"TemplateBody": "{}"}, {}, {})  # type: ignore[arg-type]
    assert fake.called("create_change_set")[0]["RoleARN"] == role
    create(fake)
    assert "RoleARN" not in fake.called("create_change_set")[1]


@pytest.mark.parametrize(
    "states",
    [
        ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"],
        ["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"],
        ["DELETE_IN_PROGRESS", None],
    ],
    ids=["update", "rollback", "removal"],
)
def test_a_concurrent_change_is_awaited_whatever_its_result(states: list[str | None]) -> None:
    fake = FakeCloudFormation(states[1:])
    busy = StackState("zeno", str(states[0]), "", {}, {})
    assert busy.is_changing
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        fake.events = [event(len(waits), "Api", "UPDATE_COMPLETE"), *fake.events]

    run = ChangeSets(fake, local=False, sleep=sleep).settle(busy)  # type: ignore[arg-type]
    seen = [item.logical_id for item in run]
    assert seen == ["Api"] * (len(states) - 1), "its events are shown as they occur"
    assert len(waits) == len(states) - 1, "and it ends when the change does"
