"""``zenoimg status``."""

from __future__ import annotations

import sys
import time
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
from zenoimg.cli.terminal.screen import json_text, printable
from zenoimg.cli.terminal.times import local_time

if TYPE_CHECKING:
    from zenoimg.operations.health.status import Need, PipelineStatus, QueueStatus
    from zenoimg.operations.inventory.audit import Audit

_WATCH_SECONDS = 2.0
_UNKNOWN = "–"


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "status")(status)


def status(
    call: Call,
    check: Annotated[
        bool, typer.Option("--check", help="Look at every original, copy and record; slow for many.")
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Look again and again, until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the status as JSON; one a line with --watch.")] = False,
) -> None:
    """Say how the pipeline does. Exit 1 when something needs you, with the command that helps.

    Example: zenoimg status --check
    """
    settings, pipeline = pipeline_of(call)
    from zenoimg.operations.health.status import Looker

    looker = Looker(pipeline, settings)
    if watch:
        _watch(call, lambda: looker.look(check=check), as_json=as_json)
        return
    if check:
        call.screen.say("[dim]Looking at every image[/]")
    found = looker.look(check=check)
    if as_json:
        call.screen.json(_json(found))
    else:
        call.screen.out.print(_shown(found))
    if found.needs:
        raise typer.Exit(1)


def _watch(call: Call, look: Any, *, as_json: bool) -> None:
    if as_json or not call.screen.out.is_terminal:
        while True:
            found = look()
            if as_json:
                sys.stdout.write(json_text(_json(found)) + "\n")
                sys.stdout.flush()
            else:
                call.screen.out.print(_shown(found))
            time.sleep(_WATCH_SECONDS)
    with Live(console=call.screen.out, auto_refresh=False, transient=True) as live:
        while True:
            shown = _shown(look())
            live.update(Group(shown, Text(f"\n{datetime.now():%H:%M:%S}, Ctrl-C ends", style="dim")), refresh=True)
            time.sleep(_WATCH_SECONDS)


def _json(found: PipelineStatus) -> dict[str, Any]:
    told = asdict(found)
    if found.stack is not None:
        at = found.stack.changed_at
        told["stack"]["changed_at"] = None if at is None else at.astimezone(UTC).isoformat(timespec="seconds")
    return told


def _shown(found: PipelineStatus) -> RenderableType:
    lines = [("Where", Text(printable(found.where)))]
    if found.stack is not None:
        at = found.stack.changed_at
        text = f"{found.stack.name} {found.stack.status}" + ("" if at is None else f", {local_time(at)}")
        lines.append(("Stack", Text(text)))
    lines.append(("Recipe", Text(found.recipe)))
    lines.append(("Images", _images(found)))
    for name, queue in (("Backfill", found.backfill), ("Dead", found.dead_letters)):
        if queue is not None:
            lines.append((name, _queue(queue, bad=name == "Dead")))
    if found.stack is not None:
        lines.append(("Errors", _errors(found.errors)))
        lines.append(("API", Text(printable(found.api_url))))
    if found.audit is not None:
        lines.append(("Checked", _audit(found.audit)))
    shown: list[RenderableType] = [Text.assemble(f"{name:<9}", text) for name, text in lines]
    if found.audit is not None and found.audit.examples:
        table = render.table("Image", "Finding")
        for example in found.audit.examples:
            table.add_row(Text(printable(example.image_id)), Text(example.finding, style="yellow"))
        shown += [Text(), table]
    return Group(*shown, *_needs(found.needs))


def _images(found: PipelineStatus) -> Text:
    images = found.images
    total = _UNKNOWN if images.total is None else f"about {images.total:,} on record"
    text = Text(total)
    for word, count in (("refused", images.refused), ("failed", images.failed)):
        shown = _UNKNOWN if count is None else f"{count:,}"
        text.append(f", {shown} {word}", style=render.STYLES[word] if count else "")
    return text


def _queue(queue: QueueStatus, *, bad: bool) -> Text:
    text = Text(f"{queue.waiting:,} waiting, {queue.in_flight:,} in flight")
    if queue.oldest_seconds is not None:
        text.append(f", the oldest for {timedelta(seconds=queue.oldest_seconds)}")
    if bad and queue.waiting + queue.in_flight:
        text.stylize("bold red")
    return text


def _errors(errors: dict[str, int] | None) -> Text:
    if errors is None:
        return Text(f"{_UNKNOWN} (the logs may not be read)")
    from zenoimg.operations.health.status import MOST_ERRORS

    parts = [f"{count:,}{'+' if count >= MOST_ERRORS else ''} {name}" for name, count in errors.items()]
    return Text(f"{', '.join(parts)} in the last hour", style="yellow" if any(errors.values()) else "")


def _audit(audit: Audit) -> Text:
    statuses = render.counts(audit.by_status, none="")
    parts = [render.plural(audit.originals, "original"), f"{audit.copies:,} copies", f"{audit.records:,} records"]
    text = Text(", ".join(parts) + (f" ({statuses})" if statuses else ""))
    if not audit.findings:
        return text.append("; all agree", style="green")
    found = ", ".join(f"{count:,} {finding}" for finding, count in audit.findings.items())
    return text.append(f"; {found}", style="bold red")


def _needs(needs: tuple[Need, ...]) -> list[RenderableType]:
    if not needs:
        return [Text("\nNothing needs you.", style="green")]
    shown: list[RenderableType] = [Text("\nThis needs you:", style="bold")]
    for need in needs:
        shown.append(Text.assemble((f"  {need.what}", "red"), f"\n    {printable(need.command)}"))
    return shown
