"""What an operator should do about the state of a pipeline; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from zenoimg.operations.inventory.audit import FIXED_BY_DEFAULT, Audit, Finding
from zenoimg.suggest import suggest

_STABLE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})


@dataclass(frozen=True)
class StackStatus:
    """The stack as CloudFormation describes it; ``changed_at`` is the time of its last change."""

    name: str
    status: str
    reason: str
    changed_at: datetime | None


@dataclass(frozen=True)
class ImageCounts:
    """``total`` is DynamoDB's item count, up to six hours old on AWS; the others are exact. ``None``: unknown.

    ``kept`` are the refused ones whose copy of an earlier recipe stays published.
    """

    total: int | None
    refused: int | None
    failed: int | None
    kept: int | None = None


@dataclass(frozen=True)
class QueueStatus:
    """A queue: messages waiting, messages being processed, and the age of the oldest."""

    waiting: int
    in_flight: int
    oldest_seconds: int | None


@dataclass(frozen=True)
class RequiredAction:
    """A problem for the operator, and the command that fixes it."""

    what: str
    command: str


def required_actions(
    stack: StackStatus | None,
    images: ImageCounts,
    dead: QueueStatus | None,
    errors: dict[str, int] | None,
    audited: Audit | None,
) -> tuple[RequiredAction, ...]:
    """Return the problems and their commands.

    Errors of the processor alone require nothing: the retry succeeded, or there is a failed record or a dead letter.
    Failed API calls are not retried.
    """
    actions: list[RequiredAction] = []
    if stack is not None and stack.status not in _STABLE and not stack.status.endswith("_IN_PROGRESS"):
        actions.append(RequiredAction(f"the stack is {stack.status}", suggest("deploy")))
    if dead is not None and dead.waiting + dead.in_flight:
        waiting = dead.waiting + dead.in_flight
        actions.append(RequiredAction(f"dead letters: {waiting:,}", suggest("reprocess", "--failed")))
    if images.failed:
        actions.append(RequiredAction(f"failed images: {images.failed:,}", suggest("reprocess")))
    if errors and errors.get("api"):
        actions.append(
            RequiredAction(
                f"failed GET /images calls in the last hour: {errors['api']:,}",
                suggest("tail-logs", "--since", "1h", "--level", "error"),
            )
        )
    if audited is not None:
        actions += _of_findings(audited)
    return tuple(actions)


def _of_findings(audited: Audit) -> Iterator[RequiredAction]:
    """Yield an action for each finding; those that one ``reprocess`` can fix together have the same command."""
    selection: list[str] = []
    if "stale" in audited.findings:
        selection = ["--missing", "--failed"] if FIXED_BY_DEFAULT & audited.findings.keys() else []
        selection.append("--stale")
    by_selection = suggest("reprocess", *selection)
    for finding, count in audited.findings.items():
        fixed_by_selection = finding in FIXED_BY_DEFAULT or finding == "stale"
        command = by_selection if fixed_by_selection else _by_name(audited, finding, count)
        yield RequiredAction(f"{finding}: {count:,}", command)


def _by_name(audited: Audit, finding: Finding, count: int) -> str:
    ids = [example.image_id for example in audited.examples if example.finding == finding]
    if len(ids) < count:  # the audit names only the first of them
        return suggest("reprocess", "--all")
    return suggest("reprocess", ids=ids)
