"""``zenoimg local``: the embedded AWS itself."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from typing import Annotated

import typer

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import Group, command
from zenoimg.cli.framework.embedded import embedded_aws
from zenoimg.cli.framework.session import confirm
from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.screen import safe

app = typer.Typer(
    help="Example: zenoimg local status\n\nStart, stop and inspect the embedded AWS that --local uses.",
    short_help="Start, stop and inspect the embedded AWS that --local uses.",
    cls=Group,
    no_args_is_help=True,
    add_completion=False,
)
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def _start(call: Call, as_json: AsJson = False) -> None:
    """Start the embedded AWS, as any command with --local does.

    Example: zenoimg local start
    """
    embedded = embedded_aws()
    started = embedded.start(on_progress=lambda text: call.screen.say(f"[dim]{safe(text)}[/]"))
    if as_json:
        call.screen.json({"started": started, "endpoint": embedded.settings.endpoint_url})
        return
    word = "has started" if started else "is already running"
    call.screen.say(f"The embedded AWS {word}: {embedded.settings.endpoint_url}")


def _stop(call: Call, as_json: AsJson = False) -> None:
    """Stop the embedded AWS, which saves its state first.

    Example: zenoimg local stop
    """
    stopped = embedded_aws().stop(on_progress=lambda text: call.screen.say(f"[dim]{safe(text)}[/]"))
    if as_json:
        call.screen.json({"stopped": stopped})
        return
    call.screen.say("The embedded AWS has stopped." if stopped else "The embedded AWS is not running.")


def _status(call: Call, as_json: AsJson = False) -> None:
    """Show whether the embedded AWS is running, where, and how much it stores. Exit code 1 if it is not running.

    Example: zenoimg local status
    """
    status = embedded_aws().status()
    if as_json:
        call.screen.json(
            {
                key: value if isinstance(value, int | str | type(None)) else str(value)
                for key, value in asdict(status).items()
            }
        )
    else:
        words = {
            "running": "[green]running[/]",
            "stopped": "stopped",
            "unhealthy": "[bold red]not answering[/]",
            "port-taken": "[bold red]stopped, and another program uses its port[/]",
        }
        lines = [
            ("State", words[status.state]),
            ("Address", safe(status.endpoint_url)),
            ("Process", str(status.pid or "–")),
            ("Version", f"ministack {safe(status.version or '–')}"),
            ("Stores", f"{render.size(status.size)} in {safe(str(status.home))}"),
            ("Log", safe(str(status.log_file))),
        ]
        for name, value in lines:
            call.screen.out.print(f"{name:<8} {value}")
    if status.state != "running":
        raise typer.Exit(1)


def _reset(
    call: Call,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Stop the embedded AWS and delete everything it stores: stacks, photos, records.

    Example: zenoimg local reset --yes
    """
    embedded = embedded_aws()
    if not confirm(call, f"Delete everything that the embedded AWS stores in {embedded.settings.home}?", yes=yes):
        call.screen.say("Nothing was deleted.")
        raise typer.Exit(1)
    embedded.reset(on_progress=lambda text: call.screen.say(f"[dim]{safe(text)}[/]"))
    if as_json:
        call.screen.json({"reset": True})
        return
    call.screen.say("The embedded AWS is empty.")


def _env(call: Call, as_json: AsJson = False) -> None:
    """Print the variables that point the AWS CLI at the embedded AWS.

    Example: eval "$(zenoimg local env)" && aws s3 ls

    In the AWS CLI v1, `aws sqs` ignores AWS_ENDPOINT_URL: add --endpoint-url "$AWS_ENDPOINT_URL".
    """
    embedded = embedded_aws()
    if as_json:
        call.screen.json(embedded.environment())
        return
    lines = [f"unset {name}" for name in embedded.unset_variables()]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in embedded.environment().items()]
    for line in lines:
        typer.echo(line)
    # On stderr, since a shell evaluates stdout and zsh does not accept comments there. Version 1 replaces the endpoints
    # of sqs, emr and others after reading the variable (its customization "overridesslcommonname").
    call.screen.say(
        "[dim]`aws sqs` of the AWS CLI 1 ignores AWS_ENDPOINT_URL and calls AWS itself; give it the option: "
        '`aws --endpoint-url "$AWS_ENDPOINT_URL" sqs …`[/]'
    )


for _name, _function in (
    ("start", _start),
    ("stop", _stop),
    ("status", _status),
    ("reset", _reset),
    ("env", _env),
):
    command(app, _name)(_function)


def register(parent: typer.Typer) -> None:
    """Add the command group to the app."""
    parent.add_typer(app, name="local")
