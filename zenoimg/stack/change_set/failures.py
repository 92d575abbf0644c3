"""Why a change set or a stack failed: one sentence that names the cause, and the next step for that cause."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from zenoimg.errors import RefusedByAwsError
from zenoimg.stack.change_set.events import StackEvent
from zenoimg.stack.outputs import StackState
from zenoimg.stack.template import grants

#: A stack that so far only has change sets.
NEW = "REVIEW_IN_PROGRESS"
_NEVER_STOOD = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"})

_DEPLOYER = "deployer-policy.json"
_DENIED = (
    re.compile(r"not authorized to perform: (?P<action>[\w-]+:\w+)(?: on resource: (?P<resource>[^\s,]+))?"),
    re.compile(r"API: (?P<action>[\w-]+:\w+) (?P<resource>)(?:.*)Access ?Denied", re.IGNORECASE),
    re.compile(r"(?P<resource>)(?P<action>)HandlerErrorCode: AccessDenied"),
)
_QUOTA = re.compile(
    r"HandlerErrorCode: ServiceLimitExceeded|LimitExceeded|CodeStorageExceeded|TooManyBuckets|quota"
    r"|'?MemorySize'? value failed to satisfy constraint",
    re.IGNORECASE,
)
_TAKEN = re.compile(r"HandlerErrorCode: AlreadyExists|already exists|already own|AlreadyExist", re.IGNORECASE)
_CAPABILITY = re.compile(r"Requires capabilities ?: ?\[(?P<named>[^\]]*)\]")


@dataclass(frozen=True)
class Denial:
    """An action that a policy does not grant. ``resource`` is empty where the service does not name it."""

    action: str
    resource: str

    def __str__(self) -> str:
        return f"{self.action or 'a call'}{f' on {self.resource}' if self.resource else ''}"


def denial_in(message: str) -> Denial | None:
    """What a message of AWS says was denied, ``None`` when it says nothing of that kind."""
    for pattern in _DENIED:
        if found := pattern.search(message):
            return Denial(found["action"], (found["resource"] or "").strip("\"'").rstrip("."))
    return None


def next_step_of_denial(denial: Denial) -> str:
    """Which of our policies grants what was denied."""
    if not denial.action or grants(_DEPLOYER, denial.action):
        which = f"policies/{_DEPLOYER} grants it; `zenoimg template --policy deployer` prints that with your names."
    else:
        which = f"Grant it, too: policies/{_DEPLOYER} does not need it elsewhere."
    return f"{which} If it is granted, an SCP, a boundary or a resource's own policy denies it."


def next_step_of_reason(reason: str) -> str:
    """What to do about a reason that CloudFormation gives; empty when it is none of the usual ones."""
    if denial := denial_in(reason):
        return next_step_of_denial(denial)
    if _QUOTA.search(reason):
        return (
            "A quota of the account is reached: raise it (Service Quotas in the AWS console) or remove what is no "
            "longer needed; new accounts have functions of at most 3008 MB ([processor] memory)."
        )
    if found := _CAPABILITY.search(reason):
        return f"zenoimg gives CAPABILITY_NAMED_IAM and not {found['named']}: its own template needs no more than that."
    if _TAKEN.search(reason):
        return "Something of that name is there already: remove or rename it, or deploy another stack (--stack NAME)."
    return ""


def refuse_stuck(stack: str, state: StackState | None) -> None:
    """Raise ``RefusedByAwsError`` for a stack that no change set can bring further."""
    if state is None:
        return
    if state.status in _NEVER_STOOD:
        raise RefusedByAwsError(
            f"the stack {stack!r} is {state.status}: a deploy failed before it first stood",
            next_step="Run `zenoimg destroy` (data stays), then `zenoimg deploy` again.",
            code="stack-stuck",
        )
    if state.status == "DELETE_FAILED":
        raise RefusedByAwsError(
            f"the stack {stack!r} is DELETE_FAILED: {state.status_reason or 'something could not be removed'}",
            next_step="Run `zenoimg destroy` again (it names what resists), then `zenoimg deploy`.",
            code="stack-stuck",
        )
    if state.status == "UPDATE_ROLLBACK_FAILED":
        raise RefusedByAwsError(
            f"the stack {stack!r} is UPDATE_ROLLBACK_FAILED: {state.status_reason or 'CloudFormation gives no reason'}",
            next_step=f"Mend that, then run `{continue_rollback(stack, state)}`, then deploy again.",
            code="stack-stuck",
        )
    if state.is_changing:
        raise RefusedByAwsError(
            f"the stack {stack!r} is being changed right now ({state.status})",
            next_step="Wait until that is done, then run it again.",
            code="stack-busy",
        )


def continue_rollback(stack: str, state: StackState) -> str:
    """The command that takes a stuck rollback up again."""
    parts = state.stack_id.split(":")
    region = f" --region {parts[3]}" if len(parts) > 5 else ""
    return f"aws cloudformation continue-update-rollback --stack-name {stack}{region}"


def change_set_failure(stack: str, reason: str) -> RefusedByAwsError:
    """A change set that CloudFormation could not make."""
    return RefusedByAwsError(
        f"CloudFormation cannot plan this deploy of {stack!r}: {reason}",
        next_step=next_step_of_reason(reason)
        or "Mend what it names and run `zenoimg deploy` again; nothing was changed.",
        code="change-set-failed",
    )


def overtaken(stack: str) -> RefusedByAwsError:
    """A change set that can no longer be executed, since the stack has changed since it was made."""
    return RefusedByAwsError(
        f"the stack {stack!r} was changed by somebody else since this plan was made",
        next_step="Run it again for a plan of how things stand now; nothing was changed.",
        code="overtaken",
    )


def stack_failure(what: str, state: StackState, events: Iterable[StackEvent]) -> RefusedByAwsError:
    """A change of a stack that failed: the first resource that did, why, and the next step for that."""
    failed = [event for event in events if event.status.endswith("_FAILED") and not event.is_stack]
    first = failed[0] if failed else None
    reason = first.reason or first.status if first else state.status_reason or "CloudFormation gives no reason"
    cause = f"{first.logical_id} ({first.resource_type}): {reason}" if first else reason
    mend = next_step_of_reason(reason)
    denial = denial_in(reason)
    denied = f" AWS denied {denial}." if denial and denial.action else ""
    return RefusedByAwsError(
        f"{what} failed ({state.status}): {cause}{'' if cause.endswith('.') else '.'}{denied}".rstrip("."),
        next_step=" ".join(filter(None, (mend, _after(state)))),
        code="deploy-failed",
    )


def _after(state: StackState) -> str:
    if state.status in _NEVER_STOOD:
        return "Mend that, run `zenoimg destroy` (data stays), then `zenoimg deploy` again."
    if state.status == "UPDATE_ROLLBACK_COMPLETE":
        return "The stack is as it was before. Mend that and run `zenoimg deploy` again."
    if state.status == "UPDATE_ROLLBACK_FAILED":
        return f"Mend that, then run `{continue_rollback(state.name, state)}`."
    if state.status == "DELETE_FAILED":
        return "Mend that and run `zenoimg destroy` again; it goes on from there."
    return "Look at the stack's events in CloudFormation, mend what they name, and run it again."
