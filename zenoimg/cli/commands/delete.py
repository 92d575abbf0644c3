"""``zenoimg delete``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import command
from zenoimg.cli.framework.selecting import Given
from zenoimg.cli.framework.session import confirm, pipeline_of
from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.screen import JsonArray, safe
from zenoimg.cli.terminal.selected import show_dry_run
from zenoimg.suggest import suggest

if TYPE_CHECKING:
    from zenoimg.operations.pipeline import LivePipeline
    from zenoimg.operations.removal.delete import DeleteResult, DeletionCandidate
    from zenoimg.operations.selectors import Selectors

_NAMED = 10  # ids shown before the question


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "delete")(delete)


@dataclass(frozen=True)
class Options:
    """The validated options."""

    selectors: Selectors
    purge: bool
    dry_run: bool
    yes: bool
    as_json: bool


def delete(
    call: Call,
    given: Given,
    purge: Annotated[bool, typer.Option("--purge", help="Delete all versions; nothing can be restored.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be deleted; delete nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Delete originals with their copies and records.

    Example: zenoimg delete photo.jpg

    Several: zenoimg delete --prefix 2019/ --dry-run

    Without --purge, `zenoimg restore` can bring images back for as long as the bucket keeps old versions.
    """
    given.require()
    _run(call, Options(given.selectors(), purge, dry_run, yes, as_json))


def _run(call: Call, options: Options) -> None:
    settings, pipeline = pipeline_of(call)
    from zenoimg.operations.effective_recipe import effective_recipe
    from zenoimg.operations.inventory.images import Tally, find_images
    from zenoimg.operations.removal import delete as operation
    from zenoimg.operations.removal.retention import kept_versions

    tally = Tally()
    found = find_images(pipeline, options.selectors, today=datetime.now(UTC).date(), source="originals")
    keys = [image.key for image in tally.of(found)]
    surveyed = list(operation.survey(pipeline, keys, purge=options.purge))
    candidates = [item for item in surveyed if isinstance(item, operation.DeletionCandidate)]
    missing = [item for item in surveyed if isinstance(item, operation.DeleteResult)]
    if candidates:
        kept = "" if options.purge else kept_versions(pipeline, settings.stack)
        _announce(call, pipeline, candidates, kept)
    if options.dry_run:
        count = replace(tally.count, images=len(candidates))
        show_dry_run(call.screen, count, "originals", "nothing was deleted", as_json=options.as_json)
        return
    if candidates:
        question = f"Delete {render.plural(len(candidates), 'image')}{' permanently' if options.purge else ''}?"
        if not confirm(call, question, yes=options.yes):
            call.screen.say("Nothing was deleted.")
            raise typer.Exit(1)
    has_functions = bool(pipeline.deployment.processor_function)
    effective = None if has_functions else effective_recipe(pipeline, settings, "deployed")
    here = pipeline.tools(effective.recipe, effective.limits) if effective else None
    counts: Counter[str] = Counter()
    restorable: list[str] = []
    try:
        with JsonArray(wanted=options.as_json) as array:
            for results in (missing, operation.delete(pipeline, candidates, purge=options.purge, here=here)):
                for result in results:
                    counts[result.state] += 1
                    if result.can_be_restored and len(restorable) <= _NAMED:
                        restorable.append(result.key)
                    array.add(_json(result))
                    call.screen.line(render.outcome(result.state, result.key, reason=result.reason))
    finally:
        call.screen.say(f"{render.plural(counts.total(), 'image')}: {render.counts(counts)}.")
    if has_functions and counts["deleted"] + counts["purged"]:
        call.screen.say("The pipeline deletes their copies and records within seconds.")
    if restorable:
        call.screen.say(f"To undo: {_undo(restorable)}")
    if operation.NEEDS_ATTENTION & set(counts):
        raise typer.Exit(1)


def _announce(call: Call, pipeline: LivePipeline, candidates: Sequence[DeletionCandidate], kept: str) -> None:
    bucket = pipeline.settings.originals_bucket
    # Without a stack only S3 and DynamoDB are known to exist, so STS is not called.
    where = str(pipeline.aws.identity) if pipeline.settings.account_id else pipeline.aws.where
    call.screen.say(f"Deletes from [bold]{safe(bucket)}[/] ([bold]{safe(where)}[/]), with copies and records:")
    for item in candidates[:_NAMED]:
        call.screen.say(f"  {safe(item.key)}")
    if len(candidates) > _NAMED:
        call.screen.say(f"  and {len(candidates) - _NAMED:,} more")
    if kept:
        call.screen.say(safe(kept))
        return
    versions = [version for item in candidates for version in item.versions if not version.is_marker]
    size = render.size(sum(version.size or 0 for version in versions))
    call.screen.say(f"{render.plural(len(versions), 'version')} ({size}) [bold]cannot be restored[/].")


def _undo(keys: Sequence[str]) -> str:
    """Return the command that restores these images; for many, the one for all deleted in the last hour."""
    if len(keys) <= _NAMED:
        return f"`{safe(suggest('restore', ids=keys))}`"
    return f"`{safe(suggest('restore', '--deleted', '--since', '1h'))}` restores all that was deleted in the last hour."


def _json(result: DeleteResult) -> dict[str, Any]:
    return {
        "ImageId": result.key,
        "Result": result.state,
        "Reason": result.reason,
        "VersionsRemoved": result.versions,
    }
