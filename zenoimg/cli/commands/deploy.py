"""``zenoimg deploy``."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import command
from zenoimg.cli.framework.embedded import embedded_aws
from zenoimg.cli.framework.session import aws_of, confirm, stack_settings_of
from zenoimg.cli.terminal import plan as deploy_plan
from zenoimg.cli.terminal.deploy_view import DeployView
from zenoimg.cli.terminal.screen import safe
from zenoimg.errors import UsageError, ZenoError
from zenoimg.suggest import suggest

if TYPE_CHECKING:
    from collections.abc import Callable

    from zenoimg.operations.deploy.outcome import OnEvent, Outcome
    from zenoimg.operations.deploy.plan import Plan
    from zenoimg.operations.deploy.target import Target
    from zenoimg.operations.deploy.trial.run import Trial


#: Number of images on which a new recipe is tried, unless ``--sample`` says otherwise.
SAMPLE_IMAGES = 24


@dataclass(frozen=True)
class DeployOptions:
    """The options of one deploy. Raises ``UsageError`` for invalid ones."""

    dry_run: bool = False
    yes: bool = False
    as_json: bool = False
    role_arn: str = ""
    sample: int = SAMPLE_IMAGES
    accept_refusals: bool = False

    def __post_init__(self) -> None:
        if self.role_arn and not re.fullmatch(r"arn:[\w-]+:iam::\d{12}:role/\S+", self.role_arn):
            raise UsageError(
                f"--role-arn {self.role_arn!r} is not a role ARN",
                next_step="Write it as arn:aws:iam::ACCOUNT:role/NAME.",
            )


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "deploy")(deploy)


def deploy(
    call: Call,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    sample: Annotated[
        int,
        typer.Option("--sample", help="Stored images to try a new recipe on; 0 for none.", min=0, metavar="N"),
    ] = SAMPLE_IMAGES,
    accept_refusals: Annotated[
        bool,
        typer.Option("--accept-refusals", help="With --yes, deploy even if images in the sample would be refused."),
    ] = False,
    adopt: Annotated[
        list[str] | None,
        typer.Option(
            "--adopt", help="Existing bucket or table to adopt on the first deploy (repeatable).", metavar="NAME"
        ),
    ] = None,
    long_names: Annotated[
        bool, typer.Option("--long-names", help="Add account and region to the names of buckets, table and roles.")
    ] = False,
    role_arn: Annotated[
        str,
        typer.Option("--role-arn", help="Role that CloudFormation assumes instead of your permissions.", metavar="ARN"),
    ] = "",
) -> None:
    """Create or update the pipeline.

    Example: zenoimg --local deploy

    Shows the changes, asks for confirmation, follows the update and sends test photos through the new version. If the
    test fails, the previous version is restored. If there is nothing to change, it succeeds.

    A new recipe is first tried on a sample of the stored images; the plan shows which of them it would refuse.

    The first deploy adopts the buckets and the table that an earlier stack of this name left behind. If they belong to
    anything else, it stops and shows their settings and what would change; --adopt adopts them.
    """
    options = DeployOptions(dry_run, yes, as_json, role_arn, sample, accept_refusals)
    target = replace(target_of(call, role_arn), adopt=frozenset(adopt or []), long_names=long_names)
    outcome = run(call, target, options)
    if outcome is not None:
        report(call, target, outcome, as_json=as_json)


def target_of(call: Call, role_arn: str = "") -> Target:
    """Return the target of the deploy."""
    settings = stack_settings_of(call)
    aws = aws_of(call, settings)
    from zenoimg.operations.deploy.target import Target

    return Target(aws, settings, role_arn, checkpoint=lambda: embedded_aws().checkpoint())


def run(
    call: Call,
    target: Target,
    options: DeployOptions,
    *,
    prepare: Callable[[Target, OnEvent], Plan] | None = None,
    rerun: str = "deploy",
) -> Outcome | None:
    """Plan, ask and deploy; return ``None`` after a dry run. Raises ``typer.Exit`` if the answer is no.

    ``prepare`` makes the plan, by default that of a deploy; ``rerun`` is the command that continues.
    """
    from zenoimg.operations.deploy import planning
    from zenoimg.operations.deploy.errors import explained
    from zenoimg.operations.deploy.run import run as carry_out
    from zenoimg.operations.deploy.trial.sample import Bounds

    bounds = Bounds(images=options.sample) if options.sample else None
    view = DeployView(call.screen, target.aws, target.stack)
    with explained(target.aws):
        try:
            plan = prepare(target, view) if prepare else planning.prepare(target, view, bounds)
            if options.dry_run:
                planning.discard(target, plan)
                _show_dry_run(call, target, plan, as_json=options.as_json)
                return None
            if plan.change_set is not None:
                deploy_plan.show(call.screen, plan, str(target.aws.identity))
                if not planning.decide(target, plan, lambda: _ask(call, target, plan, options)):
                    call.screen.say("Nothing was changed.")
                    raise typer.Exit(1)
            return carry_out(target, plan, view)
        except KeyboardInterrupt:
            if view.stage in ("settle", "build", "try"):
                raise
            view.say_interrupted(rerun)
            raise typer.Exit(130) from None
        except Exception:
            view.say_failed()
            raise


def report(call: Call, target: Target, outcome: Outcome, *, as_json: bool) -> None:
    """Show how a deploy ended. Raises ``ZenoError`` if the new version failed its test."""
    from zenoimg.operations.deploy.outcome import failure_of
    from zenoimg.operations.records.api import curl_line, images_url

    stack, where = outcome.plan.names.stack, safe(str(target.aws.identity))
    if outcome.result == "unchanged":
        call.screen.say(f"Nothing changed: the stack [bold]{stack}[/] in {where} is up to date.")
    elif outcome.result == "deployed":
        call.screen.say(f"[green]Deployed[/] [bold]{stack}[/] to {where}.")
    failure = failure_of(outcome)
    deployment = outcome.deployment
    url = images_url(target.aws, deployment)
    if as_json:
        outputs = {**asdict(deployment), "api_url": url}
        call.screen.json(_result(outcome.plan, outcome.result, outputs, outcome))
    elif outcome.result != "rolled-back":
        if outcome.plan.adopted:
            call.screen.say(
                f"Adopted {safe(', '.join(outcome.plan.adopted))}; `{safe(suggest('reprocess'))}` processes what was "
                "missed since."
            )
        call.screen.say(f"  originals  s3://{deployment.originals_bucket}")
        call.screen.say(f"  copies     s3://{deployment.processed_bucket}/processed/")
        call.screen.say(f"  recipe     {deployment.recipe_fingerprint}")
        call.screen.say(f"  API        {safe(curl_line(target.aws, url))}")
    if failure is not None:
        raise failure


def _show_dry_run(call: Call, target: Target, plan: Plan, *, as_json: bool) -> None:
    where = str(target.aws.identity)
    if plan.change_set is None:
        call.screen.say(f"Nothing would change: the stack [bold]{plan.names.stack}[/] in {safe(where)} is up to date.")
    else:
        deploy_plan.show(call.screen, plan, where)
    call.screen.say("Dry run: nothing was changed.")
    if as_json:
        call.screen.json(_result(plan, "planned", {}, None))


def _ask(call: Call, target: Target, plan: Plan, options: DeployOptions) -> bool:
    question = f"Deploy {target.stack} to {target.aws.identity}?"
    # The embedded AWS costs nothing, and a deploy there cannot remove anything of anyone else's.
    yes = options.yes or target.aws.local
    refused = plan.trial.newly_refused if plan.trial else ()
    if not refused or options.accept_refusals:
        return confirm(call, question, yes=yes)
    if options.yes or (yes and not call.screen.is_interactive):
        raise ZenoError(
            f"the new recipe refuses {len(refused)} of {len(plan.trial.tried) if plan.trial else 0} sampled images, "
            f"which have a copy today; nothing was changed",
            next_step="Change the recipe or the limits, or add --accept-refusals.",
            code="sample-refused",
        )
    return confirm(call, question, yes=False)


def _result(plan: Plan, result: str, outputs: dict[str, str], outcome: Outcome | None) -> dict[str, Any]:
    verdict = outcome.smoke_test if outcome else None
    return {
        "result": result,
        "stack": plan.names.stack,
        "recipe": plan.fingerprint,
        "changes": [asdict(change) for change in plan.changes],
        **deploy_plan.as_json(plan),
        "artifacts": [
            {"name": artifact.name, "sha256": artifact.sha256, "bytes": len(artifact.data)}
            for artifact in plan.artifacts
        ],
        "sample": _sample(plan.trial),
        "smoke_test": asdict(verdict) if verdict else None,
        "outputs": outputs,
    }


def _sample(trial: Trial | None) -> dict[str, Any] | None:
    if trial is None:
        return None
    return {
        "tried": len(trial.tried),
        "refused": [
            {"ImageId": each.image_id, "Reason": each.refusal, "HasCopy": each.has_copy} for each in trial.refused
        ],
        "pictures": trial.directory,
        "problem": trial.problem,
    }
