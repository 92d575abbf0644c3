"""Create, execute and discard change sets; delete stacks.

create ──► no changes ──► change set deleted, success
       └─► ready ──► (shown, confirmed) ──► execute ──► events ──► done, or the first failure explained
                                       └──► discard
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from zenoimg.errors import RefusedByAwsError
from zenoimg.stack.change_set.change import Change, ChangeSet, parse_change
from zenoimg.stack.change_set.conditions import excluded_resources
from zenoimg.stack.change_set.failures import change_set_failure, overtaken, stack_failure
from zenoimg.stack.change_set.history import History, StackEvent
from zenoimg.stack.change_set.refused import failed_events
from zenoimg.stack.change_set.states import NEW, refuse_stuck
from zenoimg.stack.outputs import StackState, read_stack

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

_MAX_TOKEN = 128  # characters of a ClientToken or ClientRequestToken
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
_DONE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE", "IMPORT_COMPLETE"})


class ChangeSets:
    """The change sets of one account and region.

    ``local``: the endpoint is the embedded AWS. ``proven``: the endpoint is known to support everything needed, being
    CloudFormation itself or the embedded AWS. ``role_arn``: the role that CloudFormation assumes; empty for the
    caller's permissions.
    """

    def __init__(
        self,
        cloudformation: CloudFormationClient,
        *,
        local: bool,
        proven: bool = True,
        role_arn: str = "",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = cloudformation
        self._local = local
        self._proven = proven
        self._role: dict[str, Any] = {"RoleARN": role_arn} if role_arn else {}
        self._sleep = sleep
        self._pause = 0.2 if local else 2.0

    def create(
        self,
        stack: str,
        template: Mapping[str, str],
        parameters: Mapping[str, str],
        tags: Mapping[str, str],
        *,
        reverts_drift: bool = False,
    ) -> ChangeSet | None:
        """Create a change set; return ``None`` if nothing would change (the change set is then deleted).

        ``template`` is ``{"TemplateBody": …}`` or ``{"TemplateURL": …}``. An empty stack left by an interrupted run
        is reused. ``reverts_drift`` restores settings that were changed elsewhere to the template's, where
        CloudFormation supports that; such a change set imports nothing.

        Raises ``RefusedByAwsError`` if CloudFormation cannot create the change set, or if the stack's state
        prevents a deploy.
        """
        state = read_stack(self._client, stack)
        refuse_stuck(stack, state)
        kind: Literal["CREATE", "UPDATE"] = "CREATE" if state is None or state.status == NEW else "UPDATE"
        name = f"zenoimg-{uuid.uuid4().hex[:12]}"
        asked: dict[str, Any] = {
            "StackName": stack,
            "ChangeSetName": name,
            "ChangeSetType": kind,
            # Identifies a repeated request as the same one.
            "ClientToken": name,
            "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
            **template,
            **self._role,
        }
        created: Any = self._create_reverting_drift(asked) if reverts_drift else None
        if created is None:
            asked["ImportExistingResources"] = True
            if self._local:
                # The embedded AWS validates names before it looks for resources to import.
                asked["DisableValidation"] = True
            created = self._client.create_change_set(**asked)
        try:
            change_set = self._when_ready(stack, created["Id"], kind, made_stack=state is None)
            return self._without_excluded(change_set, template, parameters)
        except KeyboardInterrupt:
            self._remove(stack, created["Id"], made_stack=state is None)
            raise

    def _create_reverting_drift(self, asked: Mapping[str, Any]) -> Any:
        """Create a drift-aware change set; return ``None`` if CloudFormation does not support them here.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html; partitions and
        private regions get new parameters later than others.
        """
        try:
            return self._client.create_change_set(**asked, DeploymentMode="REVERT_DRIFT")
        except ClientError as error:
            if "DeploymentMode" in str(error):
                return None
            raise

    def execute(self, change_set: ChangeSet) -> Iterator[StackEvent]:
        """Execute a change set and yield the stack's events until it is done.

        Raises ``RefusedByAwsError`` naming the first resource that failed, and its reason.
        """
        history = History(self._client, change_set.stack)
        try:
            token = f"execute-{change_set.arn.rpartition('/')[2]}"[:_MAX_TOKEN]
            self._client.execute_change_set(
                ChangeSetName=change_set.arn, StackName=change_set.stack, ClientRequestToken=token
            )
        except ClientError as error:
            # Executing another change set makes this one obsolete or deletes it.
            if error.response["Error"]["Code"] in {"InvalidChangeSetStatus", "ChangeSetNotFound"}:
                raise overtaken(change_set.stack) from error
            raise
        yield from self._follow(change_set.stack, history, f"the deploy of {change_set.stack!r}")

    def delete_stack(self, stack: str) -> Iterator[StackEvent]:
        """Delete a stack and yield its events until it is gone; retained resources are kept.

        Raises ``RefusedByAwsError`` naming the first resource that could not be deleted.
        """
        # By ARN: a deleted stack can no longer be described by name.
        arn = self._client.describe_stacks(StackName=stack)["Stacks"][0]["StackId"]
        history = History(self._client, arn)
        self._client.delete_stack(StackName=arn)
        yield from self._follow(arn, history, f"the deletion of {stack!r}")

    def discard(self, change_set: ChangeSet) -> None:
        """Delete a change set, and the empty stack if this run created it."""
        self._remove(change_set.stack, change_set.arn, made_stack=change_set.made_stack)

    def settle(self, state: StackState) -> Iterator[StackEvent]:
        """Wait for a change that is in progress, whether it succeeds or not, and yield its events."""
        history = History(self._client, state.stack_id or state.name)
        now: StackState | None = state
        while now is not None and now.is_changing:
            self._sleep(self._pause)
            yield from history.new()
            now = read_stack(self._client, state.stack_id or state.name)

    def _when_ready(
        self, stack: str, arn: str, kind: Literal["CREATE", "UPDATE"], *, made_stack: bool
    ) -> ChangeSet | None:
        while True:
            answer = self._client.describe_change_set(ChangeSetName=arn, StackName=stack)
            status, reason = answer["Status"], answer.get("StatusReason", "")
            if status == "CREATE_COMPLETE":
                if not self._proven and not answer.get("ImportExistingResources") and not answer.get("DeploymentMode"):
                    self._remove(stack, arn, made_stack=made_stack)
                    raise _unsupported(self._client.meta.endpoint_url)
                return ChangeSet(stack, arn, kind, tuple(self._changes(stack, arn)), made_stack)
            if status == "FAILED":
                is_unchanged = any(text in reason for text in _NO_CHANGES)
                # Read before the change set is deleted, since its events are deleted with it.
                reasons = () if is_unchanged else failed_events(self._client, arn)
                self._remove(stack, arn, made_stack=made_stack)
                if is_unchanged:
                    return None
                raise change_set_failure(stack, reason, reasons)
            self._sleep(self._pause)

    def _without_excluded(
        self, change_set: ChangeSet | None, template: Mapping[str, str], parameters: Mapping[str, str]
    ) -> ChangeSet | None:
        """Return a change set without the resources whose condition is false: the embedded AWS lists them as added."""
        if change_set is None or not self._local:
            return change_set
        excluded = excluded_resources(json.loads(template["TemplateBody"]), parameters)
        return replace(
            change_set,
            changes=tuple(
                each for each in change_set.changes if each.action != "Add" or each.logical_id not in excluded
            ),
        )

    def _remove(self, stack: str, arn: str, *, made_stack: bool) -> None:
        self._client.delete_change_set(ChangeSetName=arn, StackName=stack)
        if made_stack:  # another run's empty stack may hold a change set under review
            state = read_stack(self._client, stack)
            if state is not None and state.status == NEW:
                self._client.delete_stack(StackName=stack)

    def _changes(self, stack: str, arn: str) -> Iterator[Change]:
        pages = self._client.get_paginator("describe_change_set").paginate(ChangeSetName=arn, StackName=stack)
        for page in pages:
            for item in page["Changes"]:
                yield parse_change(item["ResourceChange"])

    def _follow(self, stack: str, history: History, what: str) -> Iterator[StackEvent]:
        events: list[StackEvent] = []
        ended = False
        while True:
            for event in history.new():
                # Wait for the stack's own event: right after the call, its status may still be the old one.
                ended = ended or (event.is_stack and not event.status.endswith("_IN_PROGRESS"))
                events.append(event)
                yield event
            state = read_stack(self._client, stack)
            if state is None or (ended and not state.status.endswith("_IN_PROGRESS")):
                break
            self._sleep(self._pause)
        if state is not None and state.status not in _DONE:
            raise stack_failure(what, state, events)


def _unsupported(endpoint: str) -> RefusedByAwsError:
    return RefusedByAwsError(
        f"{endpoint} does not support what deploy needs from CloudFormation: change sets that import existing "
        "resources (ImportExistingResources); nothing was created",
        next_step="Deploy to AWS, or to the embedded AWS with --local. Where only S3 and DynamoDB exist, [names] in "
        "zenoimg.toml lets upload, `reprocess --here` and list work without a stack.",
        code="endpoint-lacks",
    )
