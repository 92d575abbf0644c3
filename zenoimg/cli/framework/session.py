"""From the global options to settings, an AWS session and the deployed pipeline."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from typer._click.globals import get_current_context

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.embedded import embedded_aws, recovery_command
from zenoimg.cli.terminal.screen import safe
from zenoimg.config.keys import KEYS
from zenoimg.config.load import Settings, load
from zenoimg.errors import ConfigurationError, UsageError
from zenoimg.suggest import point_aws_cli_at, suggest

if TYPE_CHECKING:
    from zenoimg.aws.session import Aws
    from zenoimg.operations.pipeline import LivePipeline


def settings_of(call: Call) -> Settings:
    """Return the effective settings of a call; notices about them go to stderr."""
    settings = load(call.options, os.environ, Path.cwd())
    if not settings.local:
        # Before the session exists as well, since creating it may fail.
        point_aws_cli_at(profile=settings.profile, region=settings.region, endpoint_url=settings.endpoint_url)
    for notice in settings.notices:
        call.screen.say(safe(notice))
    return settings


def hint_at_region(call: Call, aws: Aws) -> None:
    """Suggest the region that was probably meant if ours is unknown."""
    if likely := aws.likely_region():
        call.screen.say(f"[yellow]The region {safe(aws.region)} is not known; did you mean {safe(likely)}?[/]")


def aws_of(call: Call, settings: Settings) -> Aws:
    """Return a session. ``--local`` starts the embedded AWS if necessary, and ignores profile and region."""
    from zenoimg import local
    from zenoimg.aws.session import Aws

    def report(text: str) -> None:
        call.screen.say(f"[dim]{safe(text)}[/]")

    if not settings.local:
        aws = Aws(profile=settings.profile, region=settings.region, endpoint_url=settings.endpoint_url, report=report)
        point_aws_cli_at(profile=settings.profile, region=aws.region, endpoint_url=settings.endpoint_url)
        hint_at_region(call, aws)
        return aws
    embedded = embedded_aws()
    if embedded.start(
        on_progress=report,
        on_lost_state=lambda: call.screen.say(
            "[yellow]The embedded AWS was killed before it could save its state.[/] To restore what is missing: "
            f"`{safe(recovery_command())}`"
        ),
    ):
        call.screen.say(f"[dim]Started the embedded AWS; `{safe(suggest('local', 'stop'))}` stops it.[/]")
    keys = (local.ACCESS_KEY, local.SECRET_KEY)
    point_aws_cli_at(profile=None, region=local.REGION, endpoint_url=embedded.settings.endpoint_url, keys=keys)
    return Aws(
        region=local.REGION,
        endpoint_url=embedded.settings.endpoint_url,
        credentials=keys,
        local=True,
        report=report,
    )


def stack_settings_of(call: Call) -> Settings:
    """Return the settings for a command that creates, changes or deletes a stack.

    Raises ``ConfigurationError`` if the settings name a pipeline without a stack: such a command would act on a stack
    that no other command uses.
    """
    settings = settings_of(call)
    if settings.names is None:
        return settings
    in_file = any(key.table == "names" and settings.file.value(key) for key in KEYS)
    source = f"[names] in {settings.file.path}" if in_file else "ZENOIMG_ORIGINALS_BUCKET and its like"
    raise ConfigurationError(
        f"{source} name buckets and a table without a stack, so there is no stack to work on",
        next_step=f"Remove them to work on the stack {settings.stack!r}. Without a stack, "
        f"`{suggest('reprocess', '--here')}` processes images on this machine.",
        code="no-stack",
    )


def pipeline_of(call: Call) -> tuple[Settings, LivePipeline]:
    """Return the settings and the deployed pipeline of a call. Raises ``NotDeployedError`` if it does not exist."""
    settings = settings_of(call)
    from zenoimg.operations.pipeline import connect

    return settings, connect(aws_of(call, settings), settings)


def confirm(call: Call, question: str, *, yes: bool) -> bool:
    """Ask before anything that destroys data or costs money; the default is no.

    Raises ``UsageError`` if there is neither a terminal nor ``--yes``; it suggests ``--dry-run`` if the command has it.
    """
    if yes:
        return True
    if not call.screen.is_interactive:
        raise UsageError(
            "this needs confirmation, and there is no terminal to ask on",
            next_step=f"Add --yes to confirm{', or --dry-run to see what would happen' if _has_dry_run() else ''}.",
        )
    call.screen.err.print(f"{question} [y/N] ", end="", markup=False)
    try:
        return input().strip().lower() in {"y", "yes"}
    except EOFError:  # Ctrl-D
        return False


def _has_dry_run() -> bool:
    command = get_current_context().command
    return any("--dry-run" in parameter.opts for parameter in command.params)
