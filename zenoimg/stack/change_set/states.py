"""Stack states that prevent a deploy."""

from __future__ import annotations

from zenoimg.errors import RefusedByAwsError
from zenoimg.stack.outputs import StackState
from zenoimg.suggest import suggest, suggest_aws

#: The state of a stack with change sets only, and no resources yet.
NEW = "REVIEW_IN_PROGRESS"
#: The state of a stack whose creation failed and was rolled back; it can only be deleted.
CREATED_NOTHING = "ROLLBACK_COMPLETE"
#: States of a stack whose creation failed.
NEVER_CREATED = frozenset({CREATED_NOTHING, "ROLLBACK_FAILED", "CREATE_FAILED"})


def refuse_stuck(stack: str, state: StackState | None) -> None:
    """Raise ``RefusedByAwsError`` for a stack that cannot be updated by a change set."""
    if state is None:
        return
    if state.status in NEVER_CREATED:
        raise RefusedByAwsError(
            f"the stack {stack!r} is {state.status}: its first deploy failed",
            next_step=f"Run `{suggest('destroy')}` (data is kept), then rerun `{suggest('deploy')}`.",
            code="stack-stuck",
        )
    if state.status == "DELETE_FAILED":
        raise RefusedByAwsError(
            f"the stack {stack!r} is DELETE_FAILED: {state.status_reason or 'a resource could not be deleted'}",
            next_step=f"Rerun `{suggest('destroy')}` (it names what cannot be deleted), then `{suggest('deploy')}`.",
            code="stack-stuck",
        )
    if state.status == "UPDATE_ROLLBACK_FAILED":
        raise RefusedByAwsError(
            f"the stack {stack!r} is UPDATE_ROLLBACK_FAILED: {state.status_reason or 'CloudFormation gives no reason'}",
            next_step=f"Fix the cause, run `{continue_rollback(stack)}`, then rerun the deploy.",
            code="stack-stuck",
        )
    if state.is_changing:
        raise RefusedByAwsError(
            f"the stack {stack!r} is being changed ({state.status})",
            next_step="Wait until that change has finished, then rerun the command.",
            code="stack-busy",
        )


def continue_rollback(stack: str) -> str:
    """Return the AWS CLI command that continues a failed rollback."""
    return suggest_aws("cloudformation", "continue-update-rollback", "--stack-name", stack)
