"""``zenoimg destroy``."""

from __future__ import annotations

from typing import Annotated

import typer

from zenoimg.cli import render
from zenoimg.cli.connect import aws_of, confirm, embedded_aws, settings_of
from zenoimg.cli.globals import Call, command
from zenoimg.cli.screen import safe


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "destroy")(destroy)


def destroy(
    call: Call,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Remove the pipeline; photos, copies and records stay.

    Example: zenoimg --local destroy

    The next `zenoimg deploy` adopts what stayed.
    """
    settings = settings_of(call)
    aws = aws_of(call, settings)
    from zenoimg.operations import destroy as operation

    removal = operation.prepare(aws, settings.stack)
    call.screen.say(
        f"\nThe stack [bold]{settings.stack}[/] in [bold]{safe(str(aws.identity))}[/] goes: functions, queues,"
    )
    call.screen.say("roles, API and logs. Messages in its queues go too.")
    if removal.stays:
        call.screen.say(f"These stay, with all that is in them: [bold]{', '.join(removal.stays)}[/].")
    if not confirm(call, f"Remove {settings.stack} from {aws.identity}?", yes=yes):
        call.screen.say("Nothing was removed.")
        raise typer.Exit(1)
    for event in operation.execute(aws, removal):
        if render.is_telling(event) and not call.screen.quiet:
            call.screen.err.print(render.stack_event(event))
    if aws.local:
        call.screen.say("[dim]Saving the state of the embedded AWS[/]")
        embedded_aws().checkpoint()
    call.screen.say(f"[green]Removed[/] the stack [bold]{settings.stack}[/].")
    if as_json:
        call.screen.json({"result": "destroyed", "stack": removal.stack, "stays": list(removal.stays)})
