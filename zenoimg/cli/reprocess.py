"""``zenoimg reprocess``."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from zenoimg.cli import render
from zenoimg.cli.connect import pipeline_of
from zenoimg.cli.globals import Call, command
from zenoimg.cli.progress import PhotoProgress
from zenoimg.cli.screen import JsonArray, printable
from zenoimg.errors import UsageError

if TYPE_CHECKING:
    from zenoimg.config import Settings
    from zenoimg.operations.live import LivePipeline
    from zenoimg.operations.reprocess import ReprocessResult
    from zenoimg.operations.selection import Selected


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "reprocess")(reprocess)


def reprocess(
    call: Call,
    ids: Annotated[list[str] | None, typer.Argument(help="Only these images.", metavar="[ID...]")] = None,
    missing: Annotated[
        bool,
        typer.Option("--missing", help="Originals without a record for their version, or a failed one (default)."),
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="All originals, done or not.")] = False,
    prefix: Annotated[str, typer.Option("--prefix", help="Only keys that start with this.", metavar="P")] = "",
    here: Annotated[bool, typer.Option("--here", help="Do the work in this process; no function, no queue.")] = False,
    workers: Annotated[
        int, typer.Option("--workers", help="Images at a time with --here (default: one a core).", min=1)
    ] = os.cpu_count() or 1,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Return when the queue has everything.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Take originals up again: what events lost, what failed, or everything.

    Example: zenoimg reprocess --missing

    Sends to the backfill queue, which the same function works off beside live uploads.
    """
    if sum((missing, everything, bool(ids))) > 1:
        raise UsageError("choose one of --missing, --all and named images")
    if ids and prefix:
        raise UsageError("--prefix does not go with named images")
    settings, pipeline = pipeline_of(call)
    from zenoimg.operations.selection import select

    chosen = select(pipeline, "all" if everything else "missing", ids=ids or (), prefix=prefix)
    force = everything or bool(ids)
    counts: Counter[str] = Counter()
    with PhotoProgress(call.screen, "Reprocessing") as progress, JsonArray(wanted=as_json) as array:
        counted = progress.counting(chosen)
        if here:
            found = _here(pipeline, settings, counted, force=force, workers=workers)
        else:
            found = _by_queue(call, pipeline, counted, force=force, wait=not no_wait)
        try:
            for result in found:
                counts[result.result] += 1
                array.add({"ImageId": result.key, "Result": result.result, "Reason": result.reason})
                progress.done(_line(result))
        except BaseException:
            _summary(call, counts)  # what is done is said, whatever ends the run early
            raise
    _summary(call, counts)
    from zenoimg.operations.reprocess import NOT_GOOD

    if NOT_GOOD & counts.keys():
        raise typer.Exit(1)


def _summary(call: Call, counts: Counter[str]) -> None:
    if not counts:
        call.screen.say("Nothing to reprocess: every original has its copy and its record.")
        return
    parts = ", ".join(f"{count:,} {word}" for word, count in counts.items())
    call.screen.say(f"{render.plural(counts.total(), 'image')}: {parts}.")


def _here(
    pipeline: LivePipeline, settings: Settings, chosen: Iterator[Selected], *, force: bool, workers: int
) -> Iterator[ReprocessResult]:
    from zenoimg.operations.recipe import limits_of, recipe_of
    from zenoimg.operations.reprocess import work_here

    tools = pipeline.tools(recipe_of(settings), limits_of(settings))
    return work_here(tools, chosen, force=force, workers=workers)


def _by_queue(
    call: Call, pipeline: LivePipeline, chosen: Iterator[Selected], *, force: bool, wait: bool
) -> Iterator[ReprocessResult]:
    from zenoimg.operations.reprocess import SETTLE_SECONDS, ReprocessResult, enqueue, watch

    sent = list(enqueue(pipeline, chosen, force=force))
    if not wait:
        yield from (ReprocessResult(item.item.key, "queued") for item in sent)
        return
    if sent:
        call.screen.say(f"Sent {render.plural(len(sent), 'image')} to the backfill queue.")
    # The embedded AWS counts exactly.
    yield from watch(pipeline, sent, settle=0 if pipeline.aws.local else SETTLE_SECONDS)


def _line(result: ReprocessResult) -> Text:
    line = Text.assemble(render.status(result.result, width=11), " ", printable(result.key))
    if result.reason:
        line.append(f"  {printable(result.reason)}")
    return line
