"""Deploy through a CloudFormation change set: make it, read it, execute it, watch it.

create ──► no changes ──► deleted again, success
       └─► ready ──► (shown, confirmed) ──► execute ──► events ──► done, or the first failure explained
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from zenoimg.errors import RefusedByAwsError
from zenoimg.stack.outputs import StackState, read_stack

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
_NEW = "REVIEW_IN_PROGRESS"  # a stack that so far only has change sets


@dataclass(frozen=True)
class Change:
    """One resource that a change set would touch. ``replacement`` is ``True``, ``Conditional`` or ``False``."""

    action: str
    logical_id: str
    physical_id: str
    resource_type: str
    replacement: str
    properties: tuple[str, ...]


@dataclass(frozen=True)
class ChangeSet:
    """A change set that is ready to be executed."""

    stack: str
    arn: str
    kind: Literal["CREATE", "UPDATE"]
    changes: tuple[Change, ...]
    made_stack: bool = False  # whether the empty stack around it is this run's own


@dataclass(frozen=True)
class StackEvent:
    """One line of the stack's history."""

    at: datetime
    logical_id: str
    resource_type: str
    status: str
    reason: str
    is_stack: bool


class ChangeSets:
    """Change sets of one account and region. ``local`` says that the embedded AWS answers."""

    def __init__(
        self,
        cloudformation: CloudFormationClient,
        *,
        local: bool,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = cloudformation
        self._local = local
        self._sleep = sleep
        self._pause = 0.2 if local else 2.0

    def create(
        self,
        stack: str,
        template: Mapping[str, str],
        parameters: Mapping[str, str],
        tags: Mapping[str, str],
        *,
        adopt: bool = True,
    ) -> ChangeSet | None:
        """Make a change set, ``None`` when nothing would change (it is removed again).

        ``template`` is ``{"TemplateBody": …}`` or ``{"TemplateURL": …}``. Raises ``RefusedByAwsError`` when
        CloudFormation cannot make it, or when the stack is in a state that forbids a deploy.
        """
        state = read_stack(self._client, stack)
        _refuse_stuck(stack, state)
        kind: Literal["CREATE", "UPDATE"] = "CREATE" if state is None or state.status == _NEW else "UPDATE"
        more: dict[str, Any] = {}
        if adopt:
            more["ImportExistingResources"] = True
            if self._local:
                # The embedded AWS checks names for conflicts before it looks for what it can import.
                more["DisableValidation"] = True
        made = self._client.create_change_set(
            StackName=stack,
            ChangeSetName=f"zenoimg-{uuid.uuid4().hex[:12]}",
            ChangeSetType=kind,
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            Capabilities=["CAPABILITY_NAMED_IAM"],
            **template,  # type: ignore[arg-type]
            **more,
        )
        return self._when_ready(stack, made["Id"], kind, made_stack=state is None)

    def execute(self, change_set: ChangeSet) -> Iterator[StackEvent]:
        """Execute a change set and yield the stack's events until it is done.

        Raises ``RefusedByAwsError`` naming the first resource that failed, and its reason.
        """
        seen = {event["EventId"] for event in self._newest_events(change_set.stack, set())}
        self._client.execute_change_set(ChangeSetName=change_set.arn, StackName=change_set.stack)
        yield from self._follow(change_set.stack, seen, f"the deploy of {change_set.stack!r}")

    def delete_stack(self, stack: str) -> Iterator[StackEvent]:
        """Delete a stack and yield its events until it is gone; retained resources stay.

        Raises ``RefusedByAwsError`` naming the first resource that could not be deleted.
        """
        # By its id: a deleted stack can no longer be asked for by its name.
        arn = self._client.describe_stacks(StackName=stack)["Stacks"][0]["StackId"]
        seen = {event["EventId"] for event in self._newest_events(arn, set())}
        self._client.delete_stack(StackName=arn)
        yield from self._follow(arn, seen, f"the removal of {stack!r}")

    def discard(self, change_set: ChangeSet) -> None:
        """Remove a change set that is not wanted, and the empty stack that it made, if it made one."""
        self._remove(change_set.stack, change_set.arn, made_stack=change_set.made_stack)

    def _when_ready(
        self, stack: str, arn: str, kind: Literal["CREATE", "UPDATE"], *, made_stack: bool
    ) -> ChangeSet | None:
        while True:
            answer = self._client.describe_change_set(ChangeSetName=arn, StackName=stack)
            status, reason = answer["Status"], answer.get("StatusReason", "")
            if status == "CREATE_COMPLETE":
                return ChangeSet(stack, arn, kind, tuple(self._changes(stack, arn)), made_stack)
            if status == "FAILED":
                self._remove(stack, arn, made_stack=made_stack)
                if any(text in reason for text in _NO_CHANGES):
                    return None
                raise RefusedByAwsError(
                    f"CloudFormation cannot plan this deploy of {stack!r}: {reason}",
                    next_step="Mend what it names and run `zenoimg deploy` again; nothing was changed.",
                    code="change-set-failed",
                )
            self._sleep(self._pause)

    def _remove(self, stack: str, arn: str, *, made_stack: bool) -> None:
        self._client.delete_change_set(ChangeSetName=arn, StackName=stack)
        if made_stack:  # somebody else's empty stack may hold a change set that waits for its review
            state = read_stack(self._client, stack)
            if state is not None and state.status == _NEW:
                self._client.delete_stack(StackName=stack)

    def _changes(self, stack: str, arn: str) -> Iterator[Change]:
        pages = self._client.get_paginator("describe_change_set").paginate(ChangeSetName=arn, StackName=stack)
        for page in pages:
            for item in page["Changes"]:
                yield _change(item["ResourceChange"])

    def _follow(self, stack: str, seen: set[str], what: str) -> Iterator[StackEvent]:
        first_failure: StackEvent | None = None
        ended = False
        while True:
            for raw in reversed(self._newest_events(stack, seen)):  # CloudFormation gives the newest first
                seen.add(raw["EventId"])
                event = _event(raw)
                # The stack's own word, and not its status, which right after the call may still be the old one.
                ended = ended or (event.is_stack and not event.status.endswith("_IN_PROGRESS"))
                if event.status.endswith("_FAILED") and not event.is_stack and first_failure is None:
                    first_failure = event
                yield event
            state = read_stack(self._client, stack)
            if state is None or (ended and not state.status.endswith("_IN_PROGRESS")):
                break
            self._sleep(self._pause)
        if state is None or state.status in {
            "CREATE_COMPLETE",
            "UPDATE_COMPLETE",
            "DELETE_COMPLETE",
            "IMPORT_COMPLETE",
        }:
            return
        raise _failure(what, state, first_failure)

    def _newest_events(self, stack: str, seen: set[str]) -> list[dict[str, Any]]:
        """The events that were not seen yet, the newest first; reads no further back than to the first that was.

        With nothing seen yet one page is enough: what is older can never come before it again.
        """
        fresh: list[dict[str, Any]] = []
        try:
            for page in self._client.get_paginator("describe_stack_events").paginate(StackName=stack):
                events = [dict(event) for event in page["StackEvents"]]
                fresh += [event for event in events if event["EventId"] not in seen]
                if not seen or any(event["EventId"] in seen for event in events):
                    break
            return fresh
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":  # a stack without a history yet
                return []
            raise


def _refuse_stuck(stack: str, state: StackState | None) -> None:
    if state is None:
        return
    if state.status in {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "CREATE_FAILED"}:
        raise RefusedByAwsError(
            f"the stack {stack!r} is {state.status}: a deploy failed before it first stood",
            next_step="Run `zenoimg destroy` (data stays), then `zenoimg deploy` again.",
            code="stack-stuck",
        )
    if state.status == "UPDATE_ROLLBACK_FAILED":
        raise RefusedByAwsError(
            f"the stack {stack!r} is UPDATE_ROLLBACK_FAILED: {state.status_reason}",
            next_step=f"Run `aws cloudformation continue-update-rollback --stack-name {stack}`, then deploy again.",
            code="stack-stuck",
        )
    if state.status.endswith("_IN_PROGRESS") and state.status != _NEW:
        raise RefusedByAwsError(
            f"the stack {stack!r} is being changed right now ({state.status})",
            next_step="Wait until that is done, then deploy again.",
            code="stack-busy",
        )


def _failure(what: str, state: StackState, first: StackEvent | None) -> RefusedByAwsError:
    cause = (
        f"{first.logical_id} ({first.resource_type}): {first.reason or first.status}"
        if first is not None
        else state.status_reason or "CloudFormation gives no reason"
    )
    if state.status == "ROLLBACK_COMPLETE":
        next_step = "Mend that, run `zenoimg destroy` (data stays), then `zenoimg deploy` again."
    elif state.status == "UPDATE_ROLLBACK_COMPLETE":
        next_step = "The stack is as it was before. Mend that and run `zenoimg deploy` again."
    else:
        next_step = "Look at the stack's events in CloudFormation, mend what they name, and run it again."
    return RefusedByAwsError(f"{what} failed ({state.status}): {cause}", next_step=next_step, code="deploy-failed")


def _change(raw: Mapping[str, Any]) -> Change:
    names = {detail["Target"].get("Name") or detail["Target"].get("Attribute") for detail in raw.get("Details", [])}
    return Change(
        action=raw["Action"],
        logical_id=raw["LogicalResourceId"],
        physical_id=raw.get("PhysicalResourceId", ""),
        resource_type=raw["ResourceType"],
        replacement=raw.get("Replacement", "False"),
        properties=tuple(sorted(name for name in names if name)),
    )


def _event(raw: Mapping[str, Any]) -> StackEvent:
    return StackEvent(
        at=raw["Timestamp"],
        logical_id=raw["LogicalResourceId"],
        resource_type=raw["ResourceType"],
        status=raw["ResourceStatus"],
        reason=raw.get("ResourceStatusReason", ""),
        is_stack=raw["ResourceType"] == "AWS::CloudFormation::Stack",
    )
