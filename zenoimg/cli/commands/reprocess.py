"""``zenoimg reprocess``."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import command
from zenoimg.cli.framework.selecting import Given
from zenoimg.cli.framework.session import confirm, pipeline_of
from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.backfill import BackfillView
from zenoimg.cli.terminal.reprocess import ResultsView, plan
from zenoimg.cli.terminal.screen import JsonArray, printable, safe
from zenoimg.errors import UsageError
from zenoimg.suggest import suggest

if TYPE_CHECKING:
    from zenoimg.operations.inventory.selection import SelectedImage
    from zenoimg.operations.pipeline import LivePipeline
    from zenoimg.operations.reprocess.run import Reprocess, ReprocessRequest

#: Reprocessing more images than this needs confirmation.
_ASK_ABOVE = 1000
#: Up to this many images, each result is printed; above it, only those that need attention.
_LINES = 100


RecipeSource = StrEnum("RecipeSource", ["deployed", "here"])


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "reprocess")(reprocess)


@dataclass(frozen=True)
class _Options:
    """The validated options; ``states`` lists the names of the options that select by state."""

    given: Given
    states: tuple[str, ...]
    limit: int | None
    here: bool
    workers: int | None
    recipe: RecipeSource
    dry_run: bool
    wait: bool
    watch: bool
    yes: bool
    as_json: bool

    def __post_init__(self) -> None:
        if self.given.ids and (self.states or self.limit):
            raise UsageError("ids cannot be combined with --missing, --limit and the like: they are always reprocessed")
        if "--all" in self.states and len(self.states) > 1:
            raise UsageError(f"--all already includes {self.states[0]}")
        if self.recipe is RecipeSource.here and not self.here:
            raise UsageError("--recipe here needs --here; the functions always use the deployed recipe")
        if self.workers and not self.here:
            raise UsageError("--workers needs --here; for the functions set backfill.concurrency in zenoimg.toml")
        if self.watch and not (self.given.is_empty and not (self.states or self.limit or self.here)):
            raise UsageError("--watch follows the whole queue; it cannot be combined with a selection or --here")

    @property
    def request(self) -> ReprocessRequest:
        """Return what to reprocess."""
        from zenoimg.operations.reprocess.run import ReprocessRequest

        selectors = self.given.selectors()
        return ReprocessRequest(
            states=ReprocessRequest.states_of(self.states, selectors.status),
            selectors=selectors,
            limit=self.limit,
            here=self.here,
            workers=self.workers or os.cpu_count() or 1,
            recipe="here" if self.recipe is RecipeSource.here else "deployed",
        )


def reprocess(
    call: Call,
    given: Given,
    missing: Annotated[
        bool, typer.Option("--missing", help="Images without a copy or record; copies and records without an original.")
    ] = False,
    stale: Annotated[bool, typer.Option("--stale", help="Copies made by another recipe.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="Dead letters of both lanes, and failed images.")] = False,
    refused: Annotated[bool, typer.Option("--refused", help="Refused images.")] = False,
    limit: Annotated[int | None, typer.Option("--limit", help="Maximum number of images.", min=1, metavar="N")] = None,
    here: Annotated[
        bool, typer.Option("--here", help="Process the images on this machine, without the function and the queue.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option("--workers", help="Images at a time with --here (default: one per core).", min=1, metavar="N"),
    ] = None,
    recipe: Annotated[
        RecipeSource,
        typer.Option("--recipe", help="With --here: the deployed recipe, or the one in zenoimg.toml (here)."),
    ] = RecipeSource.deployed,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan; change nothing.")] = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Return once everything is queued.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Send nothing; follow the queue until it is empty.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Reprocess images: missing, stale, failed, refused or all.

    Example: zenoimg deploy && zenoimg reprocess --stale

    Without a selection: --missing and --failed. With --status alone: all images with this status. Images given by id
    are always reprocessed.

    Keys are sent to the backfill queue, which the processor works through alongside live uploads. That continues after
    Ctrl-C; --watch resumes watching it.
    """
    by_state = {"--missing": missing, "--stale": stale, "--failed": failed, "--refused": refused}
    states = {**by_state, "--all": given.everything}
    options = _Options(
        given=given,
        states=tuple(option for option, wanted in states.items() if wanted),
        limit=limit,
        here=here,
        workers=workers,
        recipe=recipe,
        dry_run=dry_run,
        wait=not no_wait,
        watch=watch,
        yes=yes,
        as_json=as_json,
    )
    if watch:
        _watch(call, pipeline_of(call)[1], as_json=as_json)
    else:
        _run(call, options)


def _run(call: Call, options: _Options) -> None:
    request = options.request  # raises usage errors, before anything is asked of AWS
    settings, pipeline = pipeline_of(call)
    from zenoimg.operations.reprocess.run import Reprocess

    work = Reprocess(pipeline, settings, request)
    _introduce_recipe(call, work, options)
    if options.dry_run:
        _show_plan(call, work, as_json=options.as_json)
        return
    first = list(islice(work.selected(), _ASK_ABOVE + 1))
    expected = len(first) + work.dead_letters()
    loss = work.loses_the_last(first)
    if loss:
        call.screen.line([(printable(loss), "yellow")], always=True)
    if (loss or expected > _ASK_ABOVE) and not options.yes:
        _ask(call, work)
    view = ResultsView(call.screen, all_lines=expected <= _LINES, as_json=options.as_json)
    # If everything was read for the count, it is not read again.
    _reprocess(call, work, first if len(first) <= _ASK_ABOVE else work.selected(), view, wait=options.wait)


def _introduce_recipe(call: Call, work: Reprocess, options: _Options) -> None:
    """Report what is unusual about the recipe for work in this process; ask if it is doubtful."""
    if work.effective is None:
        return
    for notice in work.effective.notices:
        call.screen.line([(printable(notice), "yellow")], always=options.recipe is RecipeSource.here)
    if work.effective.doubt:
        call.screen.line([(printable(work.effective.doubt), "yellow")], always=True)
        if not options.dry_run and not confirm(call, "Use this recipe?", yes=options.yes):
            call.screen.say("Nothing was changed.")
            raise typer.Exit(1)


def _reprocess(call: Call, work: Reprocess, images: Iterable[SelectedImage], view: ResultsView, *, wait: bool) -> None:
    backfill = view.backfill
    try:
        with view:
            if work.request.here:
                results = work.here(images, on_start=backfill.sent)
            else:
                results = work.by_queue(images, on_sent=backfill.sent, on_poll=backfill.poll, wait=wait)
            for result in results:
                view.add(result)
    except BaseException:
        view.report_stop(queued=not work.request.here)
        raise
    view.summarize()
    if view.needs_attention:
        view.list_attention()
        raise typer.Exit(1)


def _ask(call: Call, work: Reprocess) -> None:
    call.screen.say("[dim]Counting[/]")
    estimate, dead_letters = work.estimate(), work.dead_letters()
    call.screen.say(safe(plan(estimate, dead_letters)))
    if not confirm(call, f"Reprocess {estimate.images + dead_letters:,} images in {work.where}?", yes=False):
        call.screen.say("Nothing was sent.")
        raise typer.Exit(1)


def _show_plan(call: Call, work: Reprocess, *, as_json: bool) -> None:
    estimate, dead_letters = work.estimate(), work.dead_letters()
    if as_json:
        call.screen.json({**asdict(estimate), "dead_letters": dead_letters})
        return
    call.screen.say(safe(plan(estimate, dead_letters)))
    if loss := work.loses_the_last(islice(work.selected(), _ASK_ABOVE)):
        call.screen.say(safe(loss))
    call.screen.say("Dry run: nothing was sent.")


def _watch(call: Call, pipeline: LivePipeline, *, as_json: bool) -> None:
    """Follow the backfill queue until it is empty, then show what was refused or failed in the meantime."""
    from zenoimg.operations.reprocess.watch import watch

    with BackfillView(call.screen) as view:
        watched = watch(pipeline, view.watched)
    with JsonArray(wanted=as_json) as array:
        for result in watched.results:
            array.add({"ImageId": result.key, "Result": result.result, "Reason": result.reason})
            call.screen.line(render.outcome(result.result, result.key, reason=result.reason))
    call.screen.say(f"The backfill queue is empty; {render.plural(watched.processed, 'message')} processed.")
    if watched.dead_letters:
        count = render.plural(watched.dead_letters, "dead letter")
        call.screen.say(f"{count}: `{safe(suggest('reprocess', '--failed'))}` sends them again.")
    if not watched.is_clean:
        raise typer.Exit(1)
