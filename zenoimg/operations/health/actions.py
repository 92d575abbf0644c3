"""What an operator should do about the state of a pipeline. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from zenoimg.operations.health.parts import BrokenPart
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

    ``kept`` counts refused images that keep their copy by an earlier recipe.
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


class Unreadable(Enum):
    """The number of dead letters that cannot be redriven."""

    NONE = "none"
    SOME = "some"
    ALL = "all"

    @classmethod
    def of(cls, problems: Sequence[bool]) -> Unreadable:
        """Return the number of letters that have a problem."""
        return cls.ALL if problems and all(problems) else cls.SOME if any(problems) else cls.NONE


@dataclass(frozen=True)
class RequiredAction:
    """A problem for the operator, and the shell command line that fixes it."""

    what: str
    command: str


def required_actions(
    stack: StackStatus | None,
    images: ImageCounts,
    dead: QueueStatus | None,
    errors: dict[str, int] | None,
    audited: Audit | None,
    unreadable: Unreadable = Unreadable.NONE,
    *,
    lacks_originals: bool = False,
) -> tuple[RequiredAction, ...]:
    """Return the problems and their commands.

    Errors of the processor alone require no action: the retry succeeded, or there is a failed record or a dead letter.
    Failed API calls are not retried. ``lacks_originals``: the originals bucket is gone or empty. A reprocess would then
    remove the last copies and records, so the action is to upload the originals instead.
    """
    actions: list[RequiredAction] = []
    if stack is not None and stack.status not in _STABLE and not stack.status.endswith("_IN_PROGRESS"):
        actions.append(RequiredAction(f"the stack is {stack.status}", suggest("deploy")))
    if dead is not None and dead.waiting + dead.in_flight:
        waiting = dead.waiting + dead.in_flight
        if unreadable is not Unreadable.ALL:
            actions.append(RequiredAction(f"dead letters: {waiting:,}", suggest("reprocess", "--failed")))
        if unreadable is not Unreadable.NONE:
            count = f": {waiting:,}" if unreadable is Unreadable.ALL else ""
            needed = f"dead letters that cannot be sent again{count}"
            actions.append(RequiredAction(needed, suggest("dead-letters", "list")))
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
    return _after_an_upload(actions) if lacks_originals else tuple(actions)


def _after_an_upload(actions: Sequence[RequiredAction]) -> tuple[RequiredAction, ...]:
    """Return the actions with those that reprocess replaced by one upload."""
    reprocess = suggest("reprocess")
    others = [action for action in actions if not action.command.startswith(reprocess)]
    postponed = ", ".join(action.what for action in actions if action.command.startswith(reprocess))
    if postponed:
        what = f"no originals, but {postponed}; upload the originals again before you reprocess anything"
        others.append(RequiredAction(what, suggest("upload", "--help")))
    return tuple(others)


def actions_for(broken: Sequence[BrokenPart], *, has_stack: bool, recreates_queues: bool) -> Iterator[RequiredAction]:
    """Yield an action for each broken part.

    A deploy recreates what was deleted, except for queues on platforms where an update does not (``recreates_queues``).
    While the originals are gone, nothing may be reprocessed: an image without an original loses its copy and record.
    """
    lost_originals = any(part.part == "originals" for part in broken)
    for part in broken:
        what = str(part)
        again = [suggest("deploy")]
        if part.kind == "queue" and not recreates_queues:
            again.insert(0, suggest("destroy"))
        if not has_stack:
            what += "; [names] or the environment names it"
            again = [suggest("config")]
        elif not part.is_missing:
            # The operator policy covers all commands except deploy, destroy and rollout.
            again = [suggest("template", "--policy", "operator")]
        elif part.part == "originals":
            what += "; after the deploy, upload the originals again before you reprocess anything"
        elif part.part != "api" and not lost_originals:
            again.append(suggest("reprocess"))
        yield RequiredAction(what, " && ".join(again))


def _of_findings(audited: Audit) -> Iterator[RequiredAction]:
    """Yield an action for each finding; findings that one ``reprocess`` can fix share a command."""
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
    if len(ids) < count:  # the audit lists only the first of them
        return suggest("reprocess", "--all")
    return suggest("reprocess", ids=ids)
