"""Explain why a change set or a stack failed: one sentence that names the cause, and a next step."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from zenoimg.errors import RefusedByAwsError
from zenoimg.stack.change_set.denials import denial_in, next_step_of_denial
from zenoimg.stack.change_set.history import StackEvent
from zenoimg.stack.change_set.states import CREATED_NOTHING, NEVER_CREATED, continue_rollback
from zenoimg.stack.outputs import StackState
from zenoimg.suggest import suggest

_QUOTA = re.compile(
    r"HandlerErrorCode: ServiceLimitExceeded|LimitExceeded|CodeStorageExceeded|TooManyBuckets|quota"
    r"|'?MemorySize'? value failed to satisfy constraint",
    re.IGNORECASE,
)
_TAKEN = re.compile(r"HandlerErrorCode: AlreadyExists|already exists|already own|AlreadyExist", re.IGNORECASE)
_NOT_IMPORTED = re.compile(r"attempting to import\b.*already exist", re.IGNORECASE | re.DOTALL)
#: SQS's QueueDeletedRecently, by code or by message. CloudFormation's resource handler reports the
#: message with the code Throttling (https://github.com/pulumi/pulumi-aws-native/pull/1984).
_QUEUE_NAME_BLOCKED = re.compile(r"wait 60 seconds after deleting a queue|QueueDeletedRecently", re.IGNORECASE)
#: The status reason of resources whose creation or update was stopped because another one failed.
_CANCELLED = re.compile(r"^Resource (creation|update) cancelled")
#: Error code of a first deploy that failed only because queues of the same names had just been deleted.
QUEUE_NAMES_BLOCKED = "queue-names-blocked"
_CAPABILITY = re.compile(r"Requires capabilities ?: ?\[(?P<named>[^\]]*)\]")


def next_step_of_reason(reason: str) -> str:
    """Return what to do about a status reason of CloudFormation; empty for an unknown one."""
    if denial := denial_in(reason):
        return next_step_of_denial(denial)
    if _QUOTA.search(reason):
        return (
            "A quota of the account is reached: raise it (Service Quotas in the AWS console) or remove what is no "
            "longer needed; functions of new accounts have at most 3008 MB ([processor] large_memory)."
        )
    if _QUEUE_NAME_BLOCKED.search(reason):
        return "SQS accepts the name of a deleted queue again after 60 seconds: wait a minute."
    if found := _CAPABILITY.search(reason):
        return f"zenoimg acknowledges CAPABILITY_NAMED_IAM, not {found['named']}: its own template needs no more."
    if _NOT_IMPORTED.search(reason):
        # A resource exists under a name in the template, and has no DeletionPolicy that retains it
        # (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html).
        return (
            "Only buckets and the table are adopted: remove or rename the others that it names, or deploy another "
            "stack (--stack NAME)."
        )
    if _TAKEN.search(reason):
        return "A resource of that name exists: remove or rename it, or deploy another stack (--stack NAME)."
    return ""


def change_set_failure(stack: str, reason: str, events: Sequence[str] = ()) -> RefusedByAwsError:
    """Return the error for a change set that CloudFormation could not create; ``events`` describe why."""
    return RefusedByAwsError(
        "\n".join(
            (f"CloudFormation cannot plan this deploy of {stack!r}: {reason}", *(f"  {each}" for each in events))
        ),
        next_step=next_step_of_reason(" ".join((reason, *events)))
        or f"Fix what it names and rerun `{suggest('deploy')}`; nothing was changed.",
        code="change-set-failed",
    )


def overtaken(stack: str) -> RefusedByAwsError:
    """Return the error for a change set that is obsolete because the stack has changed in the meantime."""
    return RefusedByAwsError(
        f"the stack {stack!r} has been changed by someone else since this plan was made",
        next_step="Rerun the command for a current plan; nothing was changed.",
        code="overtaken",
    )


def stack_failure(what: str, state: StackState, events: Iterable[StackEvent]) -> RefusedByAwsError:
    """Return the error for a failed stack change: the first failed resource, the reason and the next step."""
    failed = [event for event in events if event.status.endswith("_FAILED") and not event.is_stack]
    causes = [event for event in failed if not _CANCELLED.match(event.reason)]
    first = next(iter((*causes, *failed)), None)
    reason = first.reason or first.status if first else state.status_reason or "CloudFormation gives no reason"
    cause = f"{first.logical_id} ({first.resource_type}): {reason}" if first else reason
    fix = next_step_of_reason(reason)
    denial = denial_in(reason)
    denied = f" AWS denied {denial}." if denial and denial.action else ""
    return RefusedByAwsError(
        f"{what} failed ({state.status}): {cause}{'' if cause.endswith('.') else '.'}{denied}".rstrip("."),
        next_step=" ".join(filter(None, (fix, _after(state)))),
        code=QUEUE_NAMES_BLOCKED if _is_new_soon(state, causes) else "deploy-failed",
    )


def _is_new_soon(state: StackState, causes: Sequence[StackEvent]) -> bool:
    """Return whether a first deploy failed, left nothing behind, and would succeed once SQS accepts its names."""
    blocked = [_QUEUE_NAME_BLOCKED.search(event.reason) is not None for event in causes]
    return state.status == CREATED_NOTHING and bool(blocked) and all(blocked)


def _after(state: StackState) -> str:
    if state.status in NEVER_CREATED:
        return f"Fix the cause, run `{suggest('destroy')}` (data is kept), then rerun `{suggest('deploy')}`."
    if state.status == "UPDATE_ROLLBACK_COMPLETE":
        return f"The stack is as it was before. Fix the cause and rerun `{suggest('deploy')}`."
    if state.status == "UPDATE_ROLLBACK_FAILED":
        return f"Fix the cause, then run `{continue_rollback(state.name)}`."
    if state.status == "DELETE_FAILED":
        return f"Fix the cause and rerun `{suggest('destroy')}`; it continues where it stopped."
    return "Check the stack's events in CloudFormation, fix what they name, and rerun the command."
