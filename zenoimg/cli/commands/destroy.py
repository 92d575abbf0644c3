"""``zenoimg destroy``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import command
from zenoimg.cli.framework.embedded import embedded_aws
from zenoimg.cli.framework.session import aws_of, confirm, stack_settings_of
from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.deploy_view import say_cloudformation_continues, say_waiting, show_stack_events
from zenoimg.cli.terminal.screen import safe
from zenoimg.errors import UsageError
from zenoimg.suggest import suggest

if TYPE_CHECKING:
    from collections.abc import Callable

    from zenoimg.aws.session import Aws
    from zenoimg.config.load import Settings
    from zenoimg.operations.removal.destroy import Destroy, Removal
    from zenoimg.operations.removal.destroy_data import Data
    from zenoimg.operations.removal.queued import Queued


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "destroy")(destroy)


def destroy(
    call: Call,
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="Also delete photos, copies and records, permanently.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be deleted; change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Delete the pipeline; keep photos, copies and records.

    Example: zenoimg --local destroy

    The next `zenoimg deploy` adopts the data. --delete-data also deletes the data, in all versions, once you have typed
    the stack's name: at the prompt or, without a terminal, as --stack NAME together with --yes. Buckets and tables that
    existed before the stack (`deploy --adopt`) are never deleted.
    """
    settings = stack_settings_of(call)
    aws = aws_of(call, settings)
    from zenoimg.operations.deploy.errors import explained
    from zenoimg.operations.removal.destroy import Destroy

    with explained(aws):
        run = Destroy(aws, settings.stack)
        _wait_for_others(call, run, settings.stack)
        with _counting(call, "Counting versions") as count:
            removal = run.survey(delete_data=delete_data, on_count=count)
        _show(call, aws, removal)
        if dry_run:
            call.screen.say("Dry run: nothing was deleted.")
            if as_json:
                call.screen.json(_result(removal, [], "planned"))
            return
        if not _agreed(call, aws, settings, removal, yes=yes):
            call.screen.say("Nothing was deleted.")
            raise typer.Exit(1)
        try:
            show_stack_events(call.screen, run.remove_stack(removal))
        except KeyboardInterrupt:
            rerun = "destroy --delete-data" if delete_data else "destroy"
            say_cloudformation_continues(call.screen, aws, removal.stack, rerun)
            raise typer.Exit(130) from None
        if removal.stack_exists:
            call.screen.say(f"[green]Deleted[/] the stack [bold]{settings.stack}[/].")
        deleted = _delete_data(call, aws, removal.stack, removal.data) if removal.data else []
    if aws.local:
        call.screen.say("[dim]Saving the state of the embedded AWS[/]")
        embedded_aws().checkpoint()
    if as_json:
        call.screen.json(_result(removal, deleted, "destroyed"))


def _wait_for_others(call: Call, run: Destroy, stack: str) -> None:
    state = run.busy()
    if state is not None:
        say_waiting(call.screen, stack, state.status)
        show_stack_events(call.screen, run.settle(state))


def _show(call: Call, aws: Aws, removal: Removal) -> None:
    where = safe(str(aws.identity))
    if removal.stack_exists:
        kinds = Counter(render.kind(item.resource_type) for item in removal.removed)
        listed = ", ".join(f"{count} × {kind}" for kind, count in sorted(kinds.items())) or "no resources"
        call.screen.say(f"\nThe stack [bold]{removal.stack}[/] in [bold]{where}[/] will be deleted:")
        call.screen.say(f"  {safe(listed)}")
        call.screen.say("Its logs and the messages in its queues are lost.")
        for line in _queued_lines(removal.queued):
            call.screen.say(f"  {safe(line)}")
    else:
        call.screen.say(f"\nThe stack [bold]{removal.stack}[/] in [bold]{where}[/] does not exist; its data does.")
    if removal.retained:
        why = ", which existed before the stack" if removal.data is not None else ""
        call.screen.say(f"Kept with their contents: [bold]{', '.join(map(safe, removal.retained))}[/]{why}.")
    if removal.data is not None:
        call.screen.say("[bold red]Permanently deleted; nothing can be restored:[/]")
        for line in _data_lines(removal.data):
            call.screen.say(f"  [red]{safe(line)}[/]")


def _queued_lines(queued: Queued) -> Iterator[str]:
    for queue in queued.queues:
        found = "the number of its messages cannot be read"
        if queue.counts is not None:
            found = render.plural(queue.counts.total, "message")
            found += f", {queue.counts.in_flight:,} of them in flight" if queue.counts.in_flight else ""
        yield f"{queue.name}: {found}"
    for letter in queued.dead_letters:
        about = ", ".join(key.key for key in letter.keys) or f"message {letter.message_id}"
        why = letter.reason or letter.problem
        yield f"  {about}{f': {why}' if why else ''}"
    if queued.dead_letters:
        yield f"`{suggest('reprocess', '--failed')}` processes dead letters again."


def _data_lines(data: Data) -> Iterator[str]:
    for name, content in data.buckets:
        yield f"bucket {name}: {render.plural(content.versions, 'version')}, {render.size(content.size)}"
    if data.table:
        yield f"table {data.table}: about {render.plural(data.items, 'record')} (DynamoDB's last count)"
    name, zips = data.artifacts
    if zips.total:
        yield f"the stack's zips in {name}: {zips.total}"


def _agreed(call: Call, aws: Aws, settings: Settings, removal: Removal, *, yes: bool) -> bool:
    if removal.data is None:
        return confirm(call, f"Delete {removal.stack} from {aws.identity}?", yes=yes)
    if yes and settings.stack_flag:
        return True
    if not call.screen.is_interactive:
        raise UsageError(
            "deleting data needs the stack's name as confirmation, and there is no terminal to type it on",
            next_step=f"Add --yes and --stack {removal.stack}.",
        )
    call.screen.err.print(f"Type the stack's name to delete its data from {aws.identity}: ", end="", markup=False)
    try:
        return input().strip() == removal.stack
    except EOFError:  # Ctrl-D
        return False


def _delete_data(call: Call, aws: Aws, stack: str, data: Data) -> list[str]:
    from zenoimg.operations.removal import destroy_data

    gone: list[str] = []
    with _counting(call, "Deleting versions", data.total) as count:
        try:
            for what in destroy_data.delete(aws, stack, data, count):
                gone.append(what)
                call.screen.say(f"[green]Deleted[/] {safe(what)}.")
        except KeyboardInterrupt:
            call.screen.say(
                f"Interrupted: {', '.join(gone) or 'some versions'} deleted. Rerun the command to continue."
            )
            raise typer.Exit(130) from None
    return gone


@contextmanager
def _counting(call: Call, what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show a count on a live line; with a known total, also a bar, the rate and the remaining time."""
    shown = call.screen.err.is_terminal and not call.screen.quiet
    columns = [BarColumn(bar_width=16), MofNCompleteColumn(), _Rate(), TimeRemainingColumn()]
    known = [TextColumn("{task.description}"), *(columns if total else [TextColumn("{task.completed:,.0f}")])]
    with Progress(*known, console=call.screen.err, transient=True, disable=not shown) as progress:
        task = progress.add_task(what, total=total)
        yield lambda count: progress.advance(task, count)


class _Rate(ProgressColumn):
    """Versions per second, once it is known."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")


def _result(removal: Removal, deleted: list[str], result: str) -> dict[str, Any]:
    data = removal.data
    return {
        "result": result,
        "stack": removal.stack,
        "removed": [asdict(item) for item in removal.removed] if removal.stack_exists else [],
        "stays": list(removal.retained),
        "queues": [
            {"queue": queue.name, **(asdict(queue.counts) if queue.counts else {"waiting": None, "in_flight": None})}
            for queue in removal.queued.queues
        ],
        "dead_letters": [
            {"ImageId": key.key, "Error": letter.reason}
            for letter in removal.queued.dead_letters
            for key in letter.keys
        ],
        "data": [
            {"bucket": name, **asdict(content)} for name, content in ((*data.buckets, data.artifacts) if data else ())
        ],
        "deleted": deleted,
    }
