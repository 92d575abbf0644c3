"""``zenoimg deploy``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zenoimg.cli import render
from zenoimg.cli.connect import aws_of, confirm, embedded_aws, settings_of
from zenoimg.cli.globals import Call, command
from zenoimg.cli.screen import safe

if TYPE_CHECKING:
    from zenoimg.aws import Aws
    from zenoimg.config import Settings
    from zenoimg.operations.deploy import Deploy, Plan


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "deploy")(deploy)


def deploy(
    call: Call,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Create or update the pipeline.

    Example: zenoimg --local deploy

    Shows what CloudFormation would change, asks, and follows it. Nothing to change is success.
    """
    settings = settings_of(call)
    aws = aws_of(call, settings)
    from zenoimg.operations.deploy import Deploy

    call.screen.say(f"[dim]Building the bundle for {safe(str(aws.identity))}[/]")
    run = Deploy(aws, settings)
    plan = run.prepare(dry_run=dry_run)
    if plan.change_set is None:
        call.screen.say(
            f"Nothing changed: the stack [bold]{settings.stack}[/] in {safe(str(aws.identity))} is up to date."
        )
        _finish(call, aws, run, plan, "unchanged", as_json=as_json)
        return
    _show(call, aws, settings, plan)
    if dry_run:
        run.discard(plan)
        call.screen.say("Dry run: nothing was changed.")
        if as_json:
            call.screen.json(_result(plan, "planned", {}))
        return
    # The embedded AWS costs nothing and a deploy there removes nothing that is not ours.
    try:
        agreed = confirm(call, f"Deploy {settings.stack} to {aws.identity}?", yes=yes or aws.local)
    except BaseException:
        run.discard(plan)
        raise
    if not agreed:
        run.discard(plan)
        call.screen.say("Nothing was changed.")
        raise typer.Exit(1)
    for event in run.execute(plan):
        if render.is_telling(event) and not call.screen.quiet:
            call.screen.err.print(render.stack_event(event))
    if aws.local:
        call.screen.say("[dim]Saving the state of the embedded AWS[/]")
        embedded_aws().checkpoint()
    call.screen.say(f"[green]Deployed[/] [bold]{settings.stack}[/] to {safe(str(aws.identity))}.")
    _finish(call, aws, run, plan, "deployed", as_json=as_json)


def _show(call: Call, aws: Aws, settings: Settings, plan: Plan) -> None:
    if call.screen.quiet:
        return
    call.screen.err.print(f"\nPlan for the stack [bold]{settings.stack}[/] in [bold]{safe(str(aws.identity))}[/]")
    call.screen.err.print(render.changes(plan.changes))
    if plan.names.bucket_suffix:
        call.screen.err.print(
            f"A seed name is taken, so the buckets are {plan.names.originals_bucket} and {plan.names.processed_bucket}."
        )
    for what in plan.differing:
        call.screen.err.print(f"Corrects a setting: {what}.")
    if plan.adopted:
        call.screen.err.print(f"Adopts what is there already: {', '.join(plan.adopted)}.")
    if plan.previous_fingerprint and plan.previous_fingerprint != plan.fingerprint:
        call.screen.err.print(
            f"The watermark recipe changes from {plan.previous_fingerprint} to {plan.fingerprint}: "
            "copies made before keep the old mark until `zenoimg reprocess --stale`."
        )
    if plan.parameters.get("ApiAuthorization") == "NONE":
        call.screen.err.print("[bold red]This opens GET /images to everyone[/], unsigned.")


def _finish(call: Call, aws: Aws, run: Deploy, plan: Plan, result: str, *, as_json: bool) -> None:
    from zenoimg.operations.api import curl_line, images_url

    deployment = run.deployment()
    url = images_url(aws, deployment)
    outputs = {**asdict(deployment), "api_url": url}
    if as_json:
        call.screen.json(_result(plan, result, outputs))
        return
    if plan.adopted:
        call.screen.say("Adopted what was left by an earlier stack; `zenoimg reprocess` makes up for what was missed.")
    call.screen.say(f"  originals  s3://{deployment.originals_bucket}")
    call.screen.say(f"  copies     s3://{deployment.processed_bucket}/processed/")
    call.screen.say(f"  recipe     {deployment.recipe_fingerprint}")
    call.screen.say(f"  API        {safe(curl_line(aws, url))}")


def _result(plan: Plan, result: str, outputs: dict[str, str]) -> dict[str, Any]:
    return {
        "result": result,
        "stack": plan.names.stack,
        "recipe": plan.fingerprint,
        "changes": [asdict(change) for change in plan.changes],
        "artifacts": [
            {"name": artifact.name, "sha256": artifact.sha256, "bytes": len(artifact.data)}
            for artifact in plan.artifacts
        ],
        "outputs": outputs,
    }
