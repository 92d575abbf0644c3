"""Deploys through a change set, against a CloudFormation whose responses the test chooses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from zenoimg.errors import RefusedByAwsError
from zenoimg.stack.change_set.change import ChangeSet
from zenoimg.stack.change_set.lifecycle import ChangeSets

MISSING = ClientError(
    {"Error": {"Code": "ValidationError", "Message": "Stack with id zeno does not exist"}}, "DescribeStacks"
)


class FakeCloudFormation:
    """The successive states of a stack, its change set, and the requests about both."""

    def __init__(self, states: list[str | None], change_set: dict[str, Any] | None = None) -> None:
        self.states = states
        self.change_set: Any = change_set or {"Status": "CREATE_COMPLETE", "Changes": []}
        self.meta: Any = None
        self.events: list[dict[str, Any]] = []
        self.failed_events: list[dict[str, Any]] = []
        self.events_of_the_run: list[dict[str, Any]] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - AWS's own name
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        if state is None:
            raise MISSING
        return {"Stacks": [{"StackName": StackName, "StackId": "arn:zeno", "StackStatus": state}]}

    def execute_change_set(self, **_: Any) -> None:
        self.events = [*reversed(self.events_of_the_run), *self.events]  # CloudFormation's order: newest first

    def describe_change_set(self, **_: Any) -> dict[str, Any]:
        if isinstance(self.change_set, BaseException):
            raise self.change_set
        answer: dict[str, Any] = self.change_set
        return answer

    def get_paginator(self, operation: str) -> Any:
        answers = {
            "describe_change_set": [self.change_set],
            "describe_stack_events": [{"StackEvents": self.events}],
            "describe_events": [{"OperationEvents": self.failed_events}],
        }
        self.calls.append((operation, {}))

        class Paginator:
            def paginate(self, **_: Any) -> list[dict[str, Any]]:
                return answers[operation]

        return Paginator()

    def __getattr__(self, name: str) -> Any:
        def record(**arguments: Any) -> dict[str, Any]:
            self.calls.append((name, arguments))
            return {"Id": "arn:change-set"}

        return record

    def called(self, name: str) -> list[dict[str, Any]]:
        return [arguments for call, arguments in self.calls if call == name]


def sets(fake: FakeCloudFormation, *, local: bool = False) -> ChangeSets:
    return ChangeSets(fake, local=local, sleep=lambda _: None)  # type: ignore[arg-type]


def create(fake: FakeCloudFormation, **more: Any) -> ChangeSet | None:
    return sets(fake, **more).create("zeno", {"TemplateBody": "{}"}, {"A": "1"}, {"T": "2"})


def event(
    number: int, logical_id: str, status: str, reason: str = "", kind: str = "AWS::Lambda::Function"
) -> dict[str, Any]:
    return {
        "EventId": str(number),
        "Timestamp": datetime(2025, 6, 12, tzinfo=UTC),
        "LogicalResourceId": logical_id,
        "ResourceType": kind,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


@pytest.mark.parametrize(
    ("state", "kind"), [(None, "CREATE"), ("REVIEW_IN_PROGRESS", "CREATE"), ("UPDATE_ROLLBACK_COMPLETE", "UPDATE")]
)
def test_a_new_stack_is_created_and_an_existing_one_updated(state: str | None, kind: str) -> None:
    fake = FakeCloudFormation([state])
    made = create(fake)
    assert made is not None
    assert made.kind == kind
    (asked,) = fake.called("create_change_set")
    assert asked["ChangeSetType"] == kind
    assert asked["ImportExistingResources"] is True
    assert "DisableValidation" not in asked, "only the embedded AWS needs it"


def test_the_embedded_aws_is_called_without_early_validation_of_names() -> None:
    fake = FakeCloudFormation([None])
    create(fake, local=True)
    assert fake.called("create_change_set")[0]["DisableValidation"] is True


@pytest.mark.parametrize(
    "reason", ["The submitted information didn't contain changes. Submit different information to create a change set.",
               "No updates are to be performed."],
)  # fmt: skip
def test_a_deploy_without_changes_succeeds_and_leaves_no_change_set(reason: str) -> None:
    fake = FakeCloudFormation(["CREATE_COMPLETE"], {"Status": "FAILED", "StatusReason": reason})
    assert create(fake) is None
    assert fake.called("delete_change_set")
    assert not fake.called("delete_stack")


def test_a_change_set_that_cannot_be_created_is_reported_and_leaves_nothing_behind() -> None:
    fake = FakeCloudFormation([None, "REVIEW_IN_PROGRESS"], {"Status": "FAILED", "StatusReason": "zeno-images exists"})
    with pytest.raises(RefusedByAwsError, match="zeno-images exists"):
        create(fake)
    assert fake.called("delete_change_set")
    assert fake.called("delete_stack"), "the empty stack was created by this run"


@pytest.mark.parametrize(
    ("state", "next_step"),
    [
        ("ROLLBACK_COMPLETE", "zenoimg destroy"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
        ("UPDATE_IN_PROGRESS", "Wait"),
    ],
)
def test_a_stack_that_cannot_be_updated_is_reported_with_the_next_step(state: str, next_step: str) -> None:
    fake = FakeCloudFormation([state])
    with pytest.raises(RefusedByAwsError, match=state) as refused:
        create(fake)
    assert next_step in refused.value.next_step
    assert not fake.called("create_change_set")


def test_a_failed_deploy_names_the_first_resource_that_failed_and_why() -> None:
    fake = FakeCloudFormation(["ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"])
    run = sets(fake).execute(ChangeSet("zeno", "arn", "CREATE", ()))
    fake.events_of_the_run = [
        event(1, "zeno", "CREATE_IN_PROGRESS", kind="AWS::CloudFormation::Stack"),
        event(2, "Processor", "CREATE_FAILED", "The role cannot be assumed"),
        event(3, "GetImages", "CREATE_FAILED", "Resource creation cancelled"),
        event(4, "zeno", "ROLLBACK_COMPLETE", kind="AWS::CloudFormation::Stack"),
    ]
    seen: list[str] = []
    with pytest.raises(RefusedByAwsError) as failed:
        seen.extend(item.logical_id for item in run)
    assert seen == ["zeno", "Processor", "GetImages", "zeno"], "each event once, the oldest first"
    assert "Processor (AWS::Lambda::Function): The role cannot be assumed" in failed.value.message
    assert "zenoimg destroy" in failed.value.next_step


def test_events_of_an_earlier_deploy_are_not_shown_again() -> None:
    fake = FakeCloudFormation(["UPDATE_COMPLETE"])
    fake.events = [event(1, "Processor", "CREATE_FAILED", "an old story")]
    end = event(3, "zeno", "UPDATE_COMPLETE", kind="AWS::CloudFormation::Stack")
    fake.events_of_the_run = [event(2, "Api", "UPDATE_COMPLETE"), end]
    assert [item.logical_id for item in sets(fake).execute(ChangeSet("zeno", "arn", "UPDATE", ()))] == ["Api", "zeno"]


def test_discarding_the_plan_of_an_existing_stack_never_deletes_the_stack() -> None:
    fake = FakeCloudFormation(["CREATE_COMPLETE"])
    sets(fake).discard(ChangeSet("zeno", "arn", "UPDATE", ()))
    assert fake.called("delete_change_set")
    assert not fake.called("delete_stack")


def test_an_empty_stack_of_another_owner_is_never_deleted() -> None:
    fake = FakeCloudFormation(["REVIEW_IN_PROGRESS"])
    plan = create(fake)
    assert plan is not None
    sets(fake).discard(plan)
    assert fake.called("delete_change_set")
    assert not fake.called("delete_stack")


def test_a_status_from_before_the_update_is_not_mistaken_for_its_end() -> None:
    fake = FakeCloudFormation(["CREATE_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"])
    run = sets(fake).execute(ChangeSet("zeno", "arn", "UPDATE", ()))
    fake.events_of_the_run = [event(1, "zeno", "UPDATE_IN_PROGRESS", kind="AWS::CloudFormation::Stack")]
    assert next(run).status == "UPDATE_IN_PROGRESS"
    fake.events = [
        event(3, "zeno", "UPDATE_ROLLBACK_COMPLETE", kind="AWS::CloudFormation::Stack"),
        event(2, "Api", "UPDATE_FAILED", "no"),
        *fake.events,
    ]
    with pytest.raises(RefusedByAwsError, match="Api"):
        list(run)


def test_a_failed_early_validation_is_explained_by_events_that_are_read_before_anything_is_deleted() -> None:
    """The shapes are those of botocore's model: the embedded AWS records no events of change sets."""
    text = "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]."
    fake = FakeCloudFormation([None], {"Status": "FAILED", "StatusReason": text})
    exists = "Resource of type 'AWS::Lambda::Function' with identifier 'getImagesLambda' already exists."
    fake.failed_events = [
        {
            "EventType": "VALIDATION_ERROR",
            "LogicalResourceId": "GetImages",
            "ResourceType": "AWS::Lambda::Function",
            "ValidationStatusReason": exists,
        },
        {
            "EventType": "HOOK_INVOCATION_ERROR",
            "LogicalResourceId": "Processor",
            "ResourceType": "AWS::Lambda::Function",
            "HookType": "Ours::Check::Hook",
            "HookStatusReason": "no tags",
        },
    ]
    with pytest.raises(RefusedByAwsError) as refused:
        create(fake)
    assert f"GetImages (AWS::Lambda::Function): {exists}" in refused.value.message
    assert "Processor (AWS::Lambda::Function) by the hook Ours::Check::Hook: no tags" in refused.value.message
    assert "remove or rename it" in refused.value.next_step
    order = [name for name, _ in fake.calls]
    assert order.index("describe_events") < order.index("delete_change_set")


def test_a_resource_that_cannot_be_imported_has_its_next_step() -> None:
    text = "CloudFormation is attempting to import some resources because they already exist in your account."
    fake = FakeCloudFormation([None], {"Status": "FAILED", "StatusReason": text})
    with pytest.raises(RefusedByAwsError) as refused:
        create(fake)
    assert "Only buckets and the table are adopted" in refused.value.next_step
