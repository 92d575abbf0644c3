"""Execute the change set of a plan, then correct the settings of adopted data and tag the buckets.

A first deploy too soon after a ``destroy`` is executed a second time: SQS blocks the name of a deleted queue for
60 seconds, which fails the entire stack.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

from zenoimg.errors import RefusedByAwsError, ZenoError
from zenoimg.operations.deploy import planning
from zenoimg.operations.deploy.outcome import OnEvent, StageBegan
from zenoimg.operations.deploy.plan import Plan
from zenoimg.operations.deploy.target import Target, artifact_store_of, change_sets_of
from zenoimg.stack import ownership
from zenoimg.stack.change_set.change import ChangeSet
from zenoimg.stack.change_set.failures import QUEUE_NAMES_BLOCKED
from zenoimg.stack.change_set.history import StackEvent
from zenoimg.stack.outputs import deployment_of, read_stack
from zenoimg.stack.presence import missing_parts
from zenoimg.suggest import suggest

#: Seconds until SQS accepts the name of a deleted queue again: 60
#: (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html), plus a margin, since
#: others were still refused shortly after that (https://github.com/hashicorp/terraform-provider-aws/pull/3148).
QUEUE_NAME_SECONDS = 70


def execute(target: Target, plan: Plan, on_event: OnEvent) -> None:
    """Execute the change set.

    An import does not apply any settings to the imported resource, so an adoption is followed by an update.
    Raises ``ZenoError`` naming the settings that still differ, and ``RefusedByAwsError`` when the change fails.
    """
    assert plan.change_set is not None
    change_sets = change_sets_of(target.aws, target.role_arn)
    artifact_store_of(target.aws, target.settings.tags).upload(target.stack, plan.artifacts)
    try:
        try:
            forward(change_sets.execute(plan.change_set), on_event)
        except RefusedByAwsError as error:
            if error.code != QUEUE_NAMES_BLOCKED:
                raise
            forward(change_sets.execute(_try_again(target, plan, on_event)), on_event)
        if plan.adopted:
            generation = str(int(plan.parameters[planning.GENERATION]) + 1)
            parameters = {**plan.parameters, planning.GENERATION: generation}
            second = planning.create_change_set(target, replace(plan, parameters=parameters), reverts_drift=True)
            if second is not None:
                forward(change_sets.execute(second), on_event)
    finally:
        _tag_buckets(target, plan)
    if (plan.adopted or plan.differing) and (left := planning.differing_settings(target, plan.names, plan.parameters)):
        raise ZenoError(
            f"the stack is deployed, but these settings still differ from the template: {'; '.join(left)}",
            next_step=f"Correct them by hand (or remove what sets them), then rerun `{suggest('deploy')}`.",
            code="settings-differ",
        )
    state = read_stack(target.aws.cloudformation, target.stack) if plan.differing else None
    if state and (gone := tuple(missing_parts(target.aws.sqs, target.aws.functions, deployment_of(state)))):
        raise ZenoError(
            f"the stack is deployed, but CloudFormation did not create these again: {'; '.join(gone)}",
            next_step=f"Run `{suggest('destroy')} && {suggest('deploy')} && {suggest('reprocess')}`; photos, copies "
            "and records stay.",
            code="parts-missing",
        )


def forward(events: Iterable[StackEvent], on_event: OnEvent) -> None:
    """Report stack events as they arrive."""
    for event in events:
        on_event(event)


def _try_again(target: Target, plan: Plan, on_event: OnEvent) -> ChangeSet:
    """Delete the stack that could not be created, wait for its queue names, and return a new change set.

    The failed creation has deleted queues as well, so the wait starts when it ends.
    """
    on_event(StageBegan("wait-for-queues", str(QUEUE_NAME_SECONDS)))
    forward(change_sets_of(target.aws, target.role_arn).delete_stack(target.stack), on_event)
    time.sleep(QUEUE_NAME_SECONDS)
    on_event(StageBegan("execute"))
    change_set = planning.create_change_set(target, plan)
    assert change_set is not None, "a new stack is always a change"
    return change_set


def _tag_buckets(target: Target, plan: Plan) -> None:
    """Tag the buckets where CloudFormation drops their tags, even after a failed change.

    The next deploy would take a bucket that the embedded AWS keeps for someone else's if it had no tag.
    """
    aws = target.aws
    if not aws.platform.keeps_bucket_tags:
        account, tags = aws.identity.account, target.settings.tags
        ownership.tag_buckets(aws.s3, plan.names, account, plan.parameters, tags)
