"""``zenoimg restore``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import command
from zenoimg.cli.framework.selecting import GivenIds
from zenoimg.cli.framework.session import confirm, pipeline_of
from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.screen import JsonArray, safe
from zenoimg.cli.terminal.times import moment
from zenoimg.errors import UsageError

if TYPE_CHECKING:
    from zenoimg.config.load import Settings
    from zenoimg.operations.pipeline import LivePipeline
    from zenoimg.operations.versions.choice import NothingToRestore, Restoration
    from zenoimg.operations.versions.restore import RestoreOptions, RestoreResult

_NAMED = 10  # ids shown before the question


@dataclass(frozen=True)
class Options:
    """The validated options."""

    given: GivenIds
    version: str | None
    deleted: bool
    prefix: str
    since: datetime | None
    wait: bool
    dry_run: bool
    yes: bool
    as_json: bool

    def __post_init__(self) -> None:
        """Raise ``UsageError`` for mutually exclusive options."""
        if self.version is not None and (self.given.single is None or self.deleted):
            raise UsageError("--version needs a single ID, and --deleted chooses the version itself")
        if not self.given.ids and not self.deleted:
            raise UsageError(
                "no ID was given",
                next_step="Name images, or add --deleted for all that are deleted (--prefix, --since).",
            )
        if (self.prefix or self.since) and (self.given.ids or not self.deleted):
            raise UsageError("--prefix and --since select deleted images: use them with --deleted and without an ID")


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "restore")(restore)


def restore(
    call: Call,
    given: GivenIds,
    version: Annotated[
        str | None, typer.Option("--version", help="Restore this version of a single image.", metavar="V")
    ] = None,
    deleted: Annotated[bool, typer.Option("--deleted", help="Only deleted images; all of them without an ID.")] = False,
    prefix: Annotated[str, typer.Option("--prefix", help="Deleted images with this id prefix.", metavar="TEXT")] = "",
    since: Annotated[
        str | None,
        typer.Option("--since", help="Images deleted in the last 2h, 1d, or since an ISO time.", metavar="T"),
    ] = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Do not wait for the watermarked copies.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be restored.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Restore deleted images, or an older version of one.

    Example: zenoimg restore photo.jpg

    The version is copied to a new current version, with its metadata and tags, and the pipeline makes its watermarked
    copy and record. Nothing is removed: `zenoimg versions` lists all versions. The command asks before replacing an
    existing image, and before restoring images that were not given by id.
    """
    options = Options(
        given,
        version,
        deleted,
        prefix,
        None if since is None else moment(since, datetime.now(UTC), option="--since"),
        not no_wait,
        dry_run,
        yes,
        as_json,
    )
    settings, pipeline = pipeline_of(call)
    from zenoimg.operations.versions.restore import NEEDS_ATTENTION

    counts = _run(call, settings, pipeline, options)
    if NEEDS_ATTENTION & set(counts):
        raise typer.Exit(1)


def _run(call: Call, settings: Settings, pipeline: LivePipeline, options: Options) -> Counter[str]:
    from zenoimg.operations.versions.choice import Restoration
    from zenoimg.operations.versions.listing import deleted_keys
    from zenoimg.operations.versions.restore import RestoreResult, plan
    from zenoimg.operations.versions.restore import restore as run

    keys = options.given.read() if options.given.ids else deleted_keys(pipeline, options.prefix, options.since)
    planned = list(plan(pipeline, keys, options.version, only_deleted=options.deleted))
    chosen = [item for item in planned if isinstance(item, Restoration)]
    others = [item for item in planned if not isinstance(item, Restoration)]
    if not options.dry_run and chosen and not _agrees(call, pipeline, chosen, options):
        call.screen.say("Nothing was restored.")
        raise typer.Exit(1)
    counts: Counter[str] = Counter()
    try:
        with JsonArray(wanted=options.as_json) as array:

            def show(result: RestoreResult) -> None:
                counts[result.state] += 1
                array.add(_json(result))
                fact = f"version {result.restored}" if result.restored else ""
                call.screen.line(render.outcome(result.state, result.key, *filter(None, [fact]), reason=result.reason))

            for other in others:
                show(_without_effect(other))
            if options.dry_run:
                for item in chosen:
                    show(RestoreResult(item.key, "would-restore", "", item.version.version_id))
            else:
                for result in run(pipeline, chosen, _run_options(pipeline, settings, options)):
                    show(result)
    finally:
        call.screen.say(f"{render.plural(counts.total(), 'image')}: {render.counts(counts, none='none is deleted')}.")
    return counts


def _run_options(pipeline: LivePipeline, settings: Settings, options: Options) -> RestoreOptions:
    from zenoimg.operations.arrivals import Patience
    from zenoimg.operations.effective_recipe import effective_recipe
    from zenoimg.operations.versions.restore import RestoreOptions

    if not pipeline.deployment.processor_function:
        effective = effective_recipe(pipeline, settings, "deployed")
        return RestoreOptions(here=pipeline.tools(effective.recipe, effective.limits))
    if pipeline.aws.local:  # it starts a process per event in flight
        patience = Patience(retry_grace=15.0, event_grace=60.0)
        return RestoreOptions(wait=options.wait, paced=True, window=8, poll=0.2, patience=patience)
    return RestoreOptions(wait=options.wait)


def _agrees(call: Call, pipeline: LivePipeline, chosen: Sequence[Restoration], options: Options) -> bool:
    replacing = [item for item in chosen if item.replaced is not None]
    if options.given.ids and not replacing:
        return True
    bucket = pipeline.settings.originals_bucket
    where = str(pipeline.aws.identity) if pipeline.settings.account_id else pipeline.aws.where
    call.screen.say(f"Restores in [bold]{safe(bucket)}[/] ([bold]{safe(where)}[/]):")
    for item in chosen[:_NAMED]:
        over = ", replacing the current version, which is kept as an old one" if item.replaced else ""
        call.screen.say(f"  {safe(item.key)}{over}")
    if len(chosen) > _NAMED:
        call.screen.say(f"  and {len(chosen) - _NAMED:,} more")
    return confirm(call, f"Restore {render.plural(len(chosen), 'image')}?", yes=options.yes)


def _without_effect(item: NothingToRestore) -> RestoreResult:
    from zenoimg.operations.versions.restore import RestoreResult

    return RestoreResult(item.key, item.state, item.reason)


def _json(result: RestoreResult) -> dict[str, Any]:
    return {
        "ImageId": result.key,
        "Result": result.state,
        "Reason": result.reason,
        "RestoredVersion": result.restored or None,
        "VersionId": result.version or None,
    }
