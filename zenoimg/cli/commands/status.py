"""``zenoimg status``."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import command
from zenoimg.cli.framework.session import pipeline_of
from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.screen import json_text, printable, safe, wait
from zenoimg.cli.terminal.times import local_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zenoimg.errors import ZenoError
    from zenoimg.operations.health.actions import QueueStatus, RequiredAction
    from zenoimg.operations.health.status import PipelineStatus
    from zenoimg.operations.inventory.audit import Audit

_UNKNOWN = "–"


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "status")(status)


def status(
    call: Call,
    check: Annotated[
        bool, typer.Option("--check", help="Check every original, copy and record; slow for many images.")
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Refresh every two seconds until Ctrl-C.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the status as JSON; with --watch, one line per update.")
    ] = False,
) -> None:
    """Show pipeline health. Exit code 1 if action is needed, with the command to run.

    Example: zenoimg status --check
    """
    settings, pipeline = pipeline_of(call)
    from zenoimg.operations.health.status import StatusReader

    reader = StatusReader(pipeline, settings)
    if watch:
        from zenoimg.operations.health.watch import watch as watch_status

        _watch(call, watch_status(lambda: reader.read(check=check), wait), as_json=as_json)
        return
    if check:
        call.screen.say("[dim]Checking every image[/]")
    current = reader.read(check=check)
    if as_json:
        call.screen.json(_json(current))
    else:
        call.screen.out.print(_drawn(current))
    if current.needs:
        raise typer.Exit(1)


def _watch(call: Call, statuses: Iterator[PipelineStatus | ZenoError], *, as_json: bool) -> None:
    """Show each status: redrawn in place on a terminal, otherwise one after the other."""
    if call.screen.out.is_terminal and not as_json:
        _redraw(call, statuses)
        return
    is_lost = False
    for current in statuses:
        if isinstance(current, Exception):
            if not is_lost:
                call.screen.say(f"[yellow]{safe(current.message)}; retrying.[/]")
            is_lost = True
            continue
        if is_lost:
            call.screen.say("[green]Connected again.[/]")
            is_lost = False
        if as_json:
            sys.stdout.write(json_text(_json(current)) + "\n")
            sys.stdout.flush()
        else:
            call.screen.out.print(_drawn(current))


def _redraw(call: Call, statuses: Iterator[PipelineStatus | ZenoError]) -> None:
    drawn, read_at = Group(), datetime.now()
    with Live(console=call.screen.out, auto_refresh=False, transient=True) as live:
        for current in statuses:
            if isinstance(current, Exception):
                problem = f"\n{printable(current.message)}; retrying. The above is from {read_at:%H:%M:%S}."
                live.update(Group(drawn, Text(problem, style="yellow")), refresh=True)
                continue
            drawn, read_at = _drawn(current), datetime.now()
            live.update(Group(drawn, Text(f"\n{read_at:%H:%M:%S}, Ctrl-C ends", style="dim")), refresh=True)


def _json(current: PipelineStatus) -> dict[str, Any]:
    fields = asdict(current)
    if current.stack is not None:
        at = current.stack.changed_at
        fields["stack"]["changed_at"] = None if at is None else at.astimezone(UTC).isoformat(timespec="seconds")
    return fields


def _drawn(current: PipelineStatus) -> Group:
    lines = [("Where", Text(printable(current.where)))]
    if current.stack is not None:
        at = current.stack.changed_at
        text = f"{current.stack.name} {current.stack.status}" + ("" if at is None else f", {local_time(at)}")
        lines.append(("Stack", Text(text)))
    lines.append(("Recipe", Text(current.recipe)))
    lines.append(("Images", _images(current)))
    if current.images.kept:
        lines.append(("", _kept(current.images.kept)))
    for name, queue in (("Backfill", current.backfill), ("Large", current.large), ("Dead", current.dead_letters)):
        if queue is not None:
            lines.append((name, _queue(queue, bad=name == "Dead")))
    lines += [("Broken", Text(printable(str(part)), style="bold red")) for part in current.broken]
    if current.stack is not None:
        lines.append(("Errors", _errors(current.errors)))
        lines.append(("API", Text(printable(current.api_url))))
        if current.dashboard_url:
            lines.append(("Charts", Text(printable(current.dashboard_url))))
    if current.audit is not None:
        lines.append(("Checked", _audit(current.audit)))
    parts: list[RenderableType] = [Text.assemble(f"{name:<9}", text) for name, text in lines]
    if current.audit is not None and current.audit.examples:
        table = render.table("Image", "Finding")
        for example in current.audit.examples:
            table.add_row(Text(printable(example.image_id)), Text(example.finding, style="yellow"))
        parts += [Text(), table]
        more = sum(current.audit.findings.values()) - len(current.audit.examples)
        parts += [Text(f"and {more:,} more", style="dim")] if more > 0 else []
    return Group(*parts, *_actions(current.needs))


def _images(current: PipelineStatus) -> Text:
    images = current.images
    total = _UNKNOWN if images.total is None else f"about {images.total:,} records"
    text = Text(total)
    for word, count in (("refused", images.refused), ("failed", images.failed)):
        number = _UNKNOWN if count is None else f"{count:,}"
        text.append(f", {number} {word}", style=render.STYLES[word] if count else "")
    return text


def _kept(count: int) -> Text:
    copies = "1 copy keeps" if count == 1 else f"{count:,} copies keep"
    return Text(f"{copies} an older mark: the deployed recipe refuses {'it' if count == 1 else 'them'}", style="yellow")


def _queue(queue: QueueStatus, *, bad: bool) -> Text:
    text = Text(f"{queue.waiting:,} waiting, {queue.in_flight:,} in flight")
    if queue.oldest_seconds is not None:
        text.append(f", the oldest for {timedelta(seconds=queue.oldest_seconds)}")
    if bad and queue.waiting + queue.in_flight:
        text.stylize("bold red")
    return text


def _errors(errors: dict[str, int] | None) -> Text:
    if errors is None:
        return Text(f"{_UNKNOWN} (no permission to read metrics or logs)")
    from zenoimg.operations.health.recent_errors import MAX_ERRORS

    parts = [f"{count:,}{'+' if count >= MAX_ERRORS else ''} {name}" for name, count in errors.items()]
    return Text(f"{', '.join(parts)} in the last hour", style="yellow" if any(errors.values()) else "")


def _audit(audit: Audit) -> Text:
    statuses = render.counts(audit.by_status, none="")
    parts = [render.plural(audit.originals, "original"), f"{audit.copies:,} copies", f"{audit.records:,} records"]
    text = Text(", ".join(parts) + (f" ({statuses})" if statuses else ""))
    for recipe, count in audit.copies_by_recipe.items():
        text.append(f"; recipe {recipe}: {count:,} of {audit.copies:,} copies")
    if not audit.findings:
        return text.append("; all agree", style="green")
    findings = ", ".join(f"{count:,} {finding}" for finding, count in audit.findings.items())
    return text.append(f"; {findings}", style="bold red")


def _actions(actions: tuple[RequiredAction, ...]) -> list[RenderableType]:
    if not actions:
        return [Text("\nNo action needed.", style="green")]
    lines: list[RenderableType] = [Text("\nAction needed:", style="bold")]
    for action in actions:
        lines.append(Text.assemble((f"  {action.what}", "red"), f"\n    {printable(action.command)}"))
    return lines
