"""``zenoimg reprocess``."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import command
from zenoimg.cli.framework.completion import image_ids
from zenoimg.cli.framework.session import confirm, pipeline_of
from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.backfill import BackfillView, result_line
from zenoimg.cli.terminal.screen import JsonArray, printable, safe
from zenoimg.cli.terminal.times import moment
from zenoimg.errors import UsageError

if TYPE_CHECKING:
    from zenoimg.operations.inventory.selection import Selected
    from zenoimg.operations.reprocess.estimate import Estimate
    from zenoimg.operations.reprocess.here import ReprocessResult
    from zenoimg.operations.reprocess.run import Redo

#: More images than these are not sent without a question.
_ASK_ABOVE = 1000
#: Up to so many, each result has its line; of more, only those that need somebody.
_LINES = 100
_TABLE_ROWS = 50


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "reprocess")(reprocess)


def reprocess(
    call: Call,
    ids: Annotated[
        list[str] | None, typer.Argument(help="Only these images.", metavar="ID", autocompletion=image_ids)
    ] = None,
    missing: Annotated[
        bool, typer.Option("--missing", help="Images whose copy or record is not there, or is left over.")
    ] = False,
    stale: Annotated[bool, typer.Option("--stale", help="Copies that were made by another recipe.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="Dead letters of both lanes, and failed images.")] = False,
    refused: Annotated[bool, typer.Option("--refused", help="Images that were refused.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="All images, done or not.")] = False,
    prefix: Annotated[str, typer.Option("--prefix", help="Only ids that start with this.", metavar="P")] = "",
    since: Annotated[
        str | None, typer.Option("--since", help="Only originals newer than 2h, 1d, 4w, or an ISO time.", metavar="T")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", help="So many at most.", min=1, metavar="N")] = None,
    here: Annotated[bool, typer.Option("--here", help="Do the work in this process; no function, no queue.")] = False,
    workers: Annotated[
        int | None,
        typer.Option("--workers", help="Images at a time with --here (default: one per core).", min=1, metavar="N"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how many and how much; change nothing.")] = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Return when the queue has everything.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Send nothing; look on until the queue is empty.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Take images up again: what events lost, what failed, what has an old mark, or everything.

    Example: zenoimg deploy && zenoimg reprocess --stale

    Without a choice it is --missing and --failed.

    Sends to the backfill queue, which the same function works off beside live uploads. Ctrl-C leaves the queue
    working; --watch looks on again.
    """
    chosen = {"--missing": missing, "--stale": stale, "--failed": failed, "--refused": refused, "--all": everything}
    words = [name for name, given in chosen.items() if given]
    _check_usage(ids or [], words, prefix=prefix, since=since, limit=limit, here=here, workers=workers, watch=watch)
    bound = None if since is None else moment(since, datetime.now(UTC), option="--since")
    settings, pipeline = pipeline_of(call)
    if watch:
        from zenoimg.cli.commands import reprocess_watch

        reprocess_watch.look_on(call, pipeline, as_json=as_json)
        return
    from zenoimg.operations.reprocess.run import Redo, Wish

    wish = Wish(
        ids=tuple(ids or ()),
        states=Wish.states_of(words),
        prefix=prefix,
        since=bound,
        limit=limit,
        here=here,
        workers=workers or os.cpu_count() or 1,
    )
    redo = Redo(pipeline, settings, wish)
    if redo.differs_from_deployed:
        call.screen.say("[yellow]The recipe here is not the deployed one:[/] what is made here is stale there.")
    if dry_run:
        _show_estimate(call, redo.estimate(), redo.dead_letters(), as_json=as_json)
        return
    first = list(islice(redo.selected(), _ASK_ABOVE + 1))
    expected = len(first) + redo.dead_letters()
    if expected > _ASK_ABOVE and not yes:
        _ask(call, redo)
    run = _Run(call, redo, with_lines=expected <= _LINES, as_json=as_json)
    # What was looked at to count is not looked at again, as long as it is all of it.
    run.all(first if len(first) <= _ASK_ABOVE else redo.selected(), wait=not no_wait)


def _check_usage(
    ids: list[str],
    words: list[str],
    *,
    prefix: str,
    since: str | None,
    limit: int | None,
    here: bool,
    workers: int | None,
    watch: bool,
) -> None:
    if ids and (words or prefix or since or limit):
        raise UsageError("named images go without --missing, --prefix and the like: they are taken up as they are")
    if "--all" in words and len(words) > 1:
        raise UsageError(f"--all takes {words[0]} in already")
    if workers and not here:
        raise UsageError("--workers goes with --here; the functions' number is backfill.concurrency in zenoimg.toml")
    if watch and (ids or words or prefix or since or limit or here):
        raise UsageError("--watch goes alone: it looks at the whole queue")


@dataclass
class _Run:
    """One run: what is said and printed while results come in."""

    call: Call
    redo: Redo
    with_lines: bool
    as_json: bool
    bad: list[ReprocessResult] = field(default_factory=list)

    def all(self, first: Iterable[Selected], *, wait: bool) -> None:
        from zenoimg.operations.reprocess.here import NOT_GOOD

        with BackfillView(self.call.screen) as view, JsonArray(wanted=self.as_json) as array:
            try:
                for result in self._results(first, view, wait=wait):
                    if result.result in NOT_GOOD and len(self.bad) <= _TABLE_ROWS:
                        self.bad.append(result)
                    array.add({"ImageId": result.key, "Result": result.result, "Reason": result.reason})
                    with_line = self.with_lines or result.result in NOT_GOOD
                    view.done(result.result, result_line(result) if with_line else None)
            except BaseException:
                self._summary(view.counts)  # what is done is said, whatever ends the run early
                if view.expected > view.counts.total() and not self.redo.wish.here:
                    self.call.screen.say("The queue goes on by itself; `zenoimg reprocess --watch` looks on.")
                raise
        self._summary(view.counts)
        if NOT_GOOD & view.counts.keys():
            show_bad(self.call, self.bad, view.counts)
            raise typer.Exit(1)

    def _results(self, first: Iterable[Selected], view: BackfillView, *, wait: bool) -> Iterator[ReprocessResult]:
        if self.redo.wish.here:
            yield from self.redo.here(first, on_start=view.sent)
            return
        yield from self.redo.by_queue(first, on_sent=view.sent, on_look=view.look, wait=wait)

    def _summary(self, counts: Counter[str]) -> None:
        if not counts:
            self.call.screen.say("Nothing to reprocess.")
            return
        self.call.screen.say(f"{render.plural(counts.total(), 'image')}: {render.counts(counts)}.")


def show_bad(call: Call, bad: list[ReprocessResult], counts: Counter[str]) -> None:
    """What failed and why, after a run too long to be read as it went by."""
    from zenoimg.operations.reprocess.here import NOT_GOOD

    if call.screen.quiet or counts.total() <= 10:
        return
    table = render.table("Image", "Result", "Why")
    for result in bad[:_TABLE_ROWS]:
        table.add_row(Text(printable(result.key)), render.status(result.result), Text(printable(result.reason)))
    call.screen.err.print(table, soft_wrap=False)
    more = sum(counts[word] for word in NOT_GOOD) - len(bad[:_TABLE_ROWS])
    if more > 0:
        call.screen.say(f"And {more:,} more: `zenoimg list --status failed`, `zenoimg list --status refused`.")


def _ask(call: Call, redo: Redo) -> None:
    call.screen.say("[dim]Counting[/]")
    planned, dead = redo.estimate(), redo.dead_letters()
    call.screen.say(safe(_in_words(planned, dead)))
    if not confirm(call, f"Reprocess {planned.images + dead:,} images in {redo.where}?", yes=False):
        call.screen.say("Nothing was sent.")
        raise typer.Exit(1)


def _show_estimate(call: Call, planned: Estimate, dead: int, *, as_json: bool) -> None:
    if as_json:
        call.screen.json({**asdict(planned), "dead_letters": dead})
        return
    call.screen.say(safe(_in_words(planned, dead)))
    call.screen.say("Dry run: nothing was sent.")


def _in_words(planned: Estimate, dead: int) -> str:
    states = render.counts(planned.by_state, none="")
    text = f"{render.plural(planned.images, 'image')}{f' ({states})' if states else ''}, "
    text += f"{render.size(planned.total_bytes)} of originals"
    if planned.compute_seconds is None:
        text += "; no record tells a duration yet, so there is no estimate of the computing"
    elif planned.gb_seconds is None:
        text += f"; about {planned.compute_seconds:,.0f} s of computing"
    else:
        text += f"; about {planned.compute_seconds:,.0f} s of computing, {planned.gb_seconds:,.0f} GB-seconds"
    return text + (f". Also {render.plural(dead, 'dead letter')}." if dead else ".")
