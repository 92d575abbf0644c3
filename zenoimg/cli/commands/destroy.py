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
from zenoimg.cli.framework.session import aws_of, confirm, settings_of
from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.deploy_view import say_cloudformation_continues, say_waiting, show_stack_events
from zenoimg.cli.terminal.screen import safe
from zenoimg.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from zenoimg.aws.session import Aws
    from zenoimg.config.load import Settings
    from zenoimg.operations.removal.destroy import Destroy, Removal
    from zenoimg.operations.removal.destroy_data import Data


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "destroy")(destroy)


def destroy(
    call: Call,
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="Remove photos, copies and records too, for good.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would go and remove nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Remove the pipeline; photos, copies and records stay.

    Example: zenoimg --local destroy

    The next `zenoimg deploy` adopts what stayed. With --delete-data it goes too, all versions of it, once the stack's
    name was typed: at the question or, without a terminal, as --stack NAME beside --yes.
    """
    settings = settings_of(call)
    aws = aws_of(call, settings)
    from zenoimg.operations.deploy.errors import explained
    from zenoimg.operations.removal.destroy import Destroy

    with explained(aws):
        run = Destroy(aws, settings.stack)
        _wait_for_others(call, run, settings.stack)
        with _counting(call, "Counting what would go") as count:
            removal = run.look(delete_data=delete_data, on_count=count)
        _show(call, aws, removal)
        if dry_run:
            call.screen.say("Dry run: nothing was removed.")
            if as_json:
                call.screen.json(_result(removal, [], "planned"))
            return
        if not _agreed(call, aws, settings, removal, yes=yes):
            call.screen.say("Nothing was removed.")
            raise typer.Exit(1)
        try:
            show_stack_events(call.screen, run.remove_stack(removal))
        except KeyboardInterrupt:
            rerun = "destroy --delete-data" if delete_data else "destroy"
            say_cloudformation_continues(call.screen, aws, removal.stack, rerun)
            raise typer.Exit(130) from None
        if removal.stands:
            call.screen.say(f"[green]Removed[/] the stack [bold]{settings.stack}[/].")
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
    if removal.stands:
        kinds = Counter(render.kind(item.resource_type) for item in removal.goes)
        listed = ", ".join(f"{count} × {kind}" for kind, count in sorted(kinds.items())) or "nothing but itself"
        call.screen.say(f"\nThe stack [bold]{removal.stack}[/] in [bold]{where}[/] goes:")
        call.screen.say(f"  {safe(listed)}")
        call.screen.say("Messages in its queues and its logs go too.")
    else:
        call.screen.say(f"\nThe stack [bold]{removal.stack}[/] in [bold]{where}[/] is gone; its data is left.")
    if removal.stays:
        call.screen.say(f"These stay, with all that is in them: [bold]{', '.join(map(safe, removal.stays))}[/].")
    if removal.data is not None:
        call.screen.say("[bold red]This goes for good, and nothing can be restored:[/]")
        for line in _data_lines(removal.data):
            call.screen.say(f"  [red]{safe(line)}[/]")


def _data_lines(data: Data) -> Iterator[str]:
    for name, content in data.buckets:
        yield f"bucket {name}: {render.plural(content.versions, 'version')}, {render.size(content.size)}"
    if data.table:
        yield f"table {data.table}: about {render.plural(data.items, 'record')}, by DynamoDB's last count"
    name, zips = data.artifacts
    if zips.total:
        yield f"the stack's zips in {name}: {zips.total}"


def _agreed(call: Call, aws: Aws, settings: Settings, removal: Removal, *, yes: bool) -> bool:
    if removal.data is None:
        return confirm(call, f"Remove {removal.stack} from {aws.identity}?", yes=yes)
    if yes and settings.stack_flag:
        return True
    if not call.screen.is_interactive:
        raise UsageError(
            "this deletes data for good: it needs the stack's name, and there is no terminal to type it on",
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
            call.screen.say(f"Interrupted: {', '.join(gone) or 'some versions'} deleted. The same command goes on.")
            raise typer.Exit(130) from None
    return gone


@contextmanager
def _counting(call: Call, what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Counts on a live line: with a bar, a rate and the rest of the time where the total is known."""
    shown = call.screen.err.is_terminal and not call.screen.quiet
    columns = [BarColumn(bar_width=16), MofNCompleteColumn(), _Rate(), TimeRemainingColumn()]
    known = [TextColumn("{task.description}"), *(columns if total else [TextColumn("{task.completed:,.0f}")])]
    with Progress(*known, console=call.screen.err, transient=True, disable=not shown) as progress:
        task = progress.add_task(what, total=total)
        yield lambda count: progress.advance(task, count)


class _Rate(ProgressColumn):
    """Versions a second, once that can be told."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")


def _result(removal: Removal, deleted: list[str], result: str) -> dict[str, Any]:
    data = removal.data
    return {
        "result": result,
        "stack": removal.stack,
        "removed": [asdict(item) for item in removal.goes] if removal.stands else [],
        "stays": list(removal.stays),
        "data": [
            {"bucket": name, **asdict(content)} for name, content in ((*data.buckets, data.artifacts) if data else ())
        ],
        "deleted": deleted,
    }
