"""``zenoimg deploy``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import command
from zenoimg.cli.framework.session import aws_of, confirm, embedded_aws, settings_of
from zenoimg.cli.terminal import plan as deploy_plan
from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.screen import safe
from zenoimg.errors import UsageError, ZenoError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zenoimg.aws.session import Aws
    from zenoimg.operations.deploy.plan import Plan
    from zenoimg.operations.deploy.run import Deploy
    from zenoimg.operations.deploy.smoke import Verdict
    from zenoimg.stack.change_set.history import StackEvent


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "deploy")(deploy)


def deploy(
    call: Call,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    role_arn: Annotated[
        str, typer.Option("--role-arn", help="Role that CloudFormation acts in, instead of you.", metavar="ARN")
    ] = "",
) -> None:
    """Create or update the pipeline.

    Example: zenoimg --local deploy

    Shows what CloudFormation would change, asks, follows it, and sends a test photo through what then stands. If that
    fails, what stood before is put back. Nothing to change is success.
    """
    if role_arn and not re.fullmatch(r"arn:[\w-]+:iam::\d{12}:role/\S+", role_arn):
        raise UsageError(
            f"--role-arn {role_arn!r} is no role's ARN", next_step="Write it as arn:aws:iam::ACCOUNT:role/NAME."
        )
    settings = settings_of(call)
    aws = aws_of(call, settings)
    from zenoimg.operations.deploy.errors import explained
    from zenoimg.operations.deploy.run import Deploy

    with explained(aws):
        run = Deploy(aws, settings, role_arn=role_arn)
        waited = _wait_for_others(call, run, settings.stack)
        call.screen.say(f"[dim]Building the bundle for {safe(str(aws.identity))}[/]")
        plan = run.prepare()
        if dry_run:
            _dry_run(call, aws, run, plan, as_json=as_json)
        elif plan.change_set is None:
            _leave(call, aws, run, plan, test=waited, as_json=as_json)
        else:
            _change(call, aws, run, plan, yes=yes, as_json=as_json)


def _leave(call: Call, aws: Aws, run: Deploy, plan: Plan, *, test: bool, as_json: bool) -> None:
    """Nothing to change. What somebody else has just changed is tested all the same: they may have been cut off."""
    where = safe(str(aws.identity))
    call.screen.say(f"Nothing changed: the stack [bold]{plan.names.stack}[/] in {where} is up to date.")
    _sweep(call, run)
    verdict = _test(call, run, plan) if test else None
    _finish(call, aws, run, plan, "unchanged", verdict, as_json=as_json)


def _change(call: Call, aws: Aws, run: Deploy, plan: Plan, *, yes: bool, as_json: bool) -> None:
    where = safe(str(aws.identity))
    deploy_plan.show(call.screen, plan, str(aws.identity))
    if not _agreed(call, aws, run, plan, yes=yes):
        call.screen.say("Nothing was changed.")
        raise typer.Exit(1)
    with _interruptible(call, aws, plan.names.stack):
        show_events(call, run.execute(plan))
    # Before the test: what it starts is then warm for the first upload.
    _save(call, aws)
    _sweep(call, run)
    verdict = _test(call, run, plan)
    if not verdict.passed and plan.standing is not None:
        _roll_back(call, aws, run, plan, verdict, as_json=as_json)
    if verdict.passed:
        call.screen.say(f"[green]Deployed[/] [bold]{plan.names.stack}[/] to {where}.")
    _finish(call, aws, run, plan, "deployed" if verdict.passed else "smoke-test-failed", verdict, as_json=as_json)


def show_events(call: Call, events: Iterable[StackEvent]) -> None:
    """A stack's events as they come, each on its line."""
    for event in events:
        if render.is_telling(event) and not call.screen.quiet:
            call.screen.err.print(render.stack_event(event))


@contextmanager
def _interruptible(call: Call, aws: Aws, stack: str) -> Iterator[None]:
    """Say what Ctrl-C does not stop."""
    try:
        yield
    except KeyboardInterrupt:
        say_it_goes_on(call, aws, stack, "deploy")
        raise typer.Exit(130) from None


def say_it_goes_on(call: Call, aws: Aws, stack: str, again: str) -> None:
    """An interrupted command leaves CloudFormation at work: say so, and how to look on."""
    where = "" if aws.local else f" --region {aws.region}"
    local = " --local" if aws.local else ""
    call.screen.say("Interrupted. CloudFormation goes on with the change by itself. Look on with")
    call.screen.say(f"  zenoimg{local} --stack {stack} {again}    (waits for it, then goes on from there), or")
    call.screen.say(f"  aws cloudformation describe-stack-events --stack-name {stack}{where}")


def _wait_for_others(call: Call, run: Deploy, stack: str) -> bool:
    state = run.busy()
    if state is None:
        return False
    status = state.status.replace("_", " ").lower()
    call.screen.say(f"Another change of the stack [bold]{stack}[/] is in progress ({status}); waiting for its end.")
    show_events(call, run.settle(state))
    return True


def _dry_run(call: Call, aws: Aws, run: Deploy, plan: Plan, *, as_json: bool) -> None:
    run.discard(plan)
    if plan.change_set is None:
        where = safe(str(aws.identity))
        call.screen.say(f"Nothing would change: the stack [bold]{plan.names.stack}[/] in {where} is up to date.")
    else:
        deploy_plan.show(call.screen, plan, str(aws.identity))
    call.screen.say("Dry run: nothing was changed.")
    if as_json:
        call.screen.json(_result(plan, "planned", {}, None))


def _agreed(call: Call, aws: Aws, run: Deploy, plan: Plan, *, yes: bool) -> bool:
    # The embedded AWS costs nothing and a deploy there removes nothing that is not ours.
    try:
        agreed = confirm(call, f"Deploy {plan.names.stack} to {aws.identity}?", yes=yes or aws.local)
    except BaseException:
        run.discard(plan)
        raise
    if not agreed:
        run.discard(plan)
    return agreed


def _sweep(call: Call, run: Deploy) -> None:
    if swept := run.sweep():
        call.screen.say(f"[dim]Removed {render.plural(swept, 'test photo')} that an interrupted deploy left.[/]")


def _test(call: Call, run: Deploy, plan: Plan) -> Verdict:
    call.screen.say("[dim]Smoke test: sending a synthetic photo through the function[/]")
    try:
        verdict = run.test(plan)
    except KeyboardInterrupt:
        call.screen.say("Interrupted. The new version stands, and its smoke test did not end.")
        raise typer.Exit(130) from None
    except Exception:
        call.screen.say("[bold red]The new version stands, and its smoke test could not be made.[/]")
        raise
    if verdict.passed:
        remark = f" ({verdict.remark})" if verdict.remark else ""
        call.screen.say(f"[green]Smoke test passed[/] in {verdict.seconds:.1f} s{safe(remark)}.")
    else:
        call.screen.say(f"[bold red]Smoke test failed[/]: {safe(verdict.reason)}")
    return verdict


def _roll_back(call: Call, aws: Aws, run: Deploy, plan: Plan, verdict: Verdict, *, as_json: bool) -> NoReturn:
    """Put the standing version back, and end with exit code 1."""
    assert plan.standing is not None
    call.screen.say("Putting back the template and the parameters that stood before.")
    try:
        with _interruptible(call, aws, plan.names.stack):
            show_events(call, run.roll_back(plan.standing))
    except ZenoError as error:
        raise ZenoError(
            f"the new version fails its smoke test ({verdict.reason}), and the previous one could not be put back: "
            f"{error.message}",
            next_step=error.next_step,
            code="rollback-failed",
        ) from error
    again = run.test_previous(plan.standing)
    _save(call, aws)
    if as_json:
        call.screen.json(_result(plan, "rolled-back", asdict(run.deployment()), verdict))
    state = "passes the test" if again.passed else f"fails the same test, too: {again.reason}"
    raise ZenoError(
        f"the new version fails its smoke test ({verdict.reason}); the previous version is back and {state}",
        next_step="Look at `zenoimg tail-logs --since 10m`, mend it, and deploy again.",
        code="smoke-test-failed",
    )


def _save(call: Call, aws: Aws) -> None:
    if aws.local:
        call.screen.say("[dim]Saving the state of the embedded AWS[/]")
        embedded_aws().checkpoint()


def _finish(
    call: Call, aws: Aws, run: Deploy, plan: Plan, result: str, verdict: Verdict | None, *, as_json: bool
) -> None:
    from zenoimg.operations.records.api import curl_line, images_url

    deployment = run.deployment()
    url = images_url(aws, deployment)
    if as_json:
        call.screen.json(_result(plan, result, {**asdict(deployment), "api_url": url}, verdict))
    else:
        if plan.adopted:
            call.screen.say(
                "Adopted what was left by an earlier stack; `zenoimg reprocess` makes up for what was missed."
            )
        call.screen.say(f"  originals  s3://{deployment.originals_bucket}")
        call.screen.say(f"  copies     s3://{deployment.processed_bucket}/processed/")
        call.screen.say(f"  recipe     {deployment.recipe_fingerprint}")
        call.screen.say(f"  API        {safe(curl_line(aws, url))}")
    if verdict is not None and not verdict.passed:
        raise ZenoError(
            f"the stack stands, and it fails its smoke test: {verdict.reason}",
            next_step="Nothing stood before it that could be put back. Look at `zenoimg tail-logs --since 10m`, mend "
            "it, and deploy again.",
            code="smoke-test-failed",
        )


def _result(plan: Plan, result: str, outputs: dict[str, str], verdict: Verdict | None) -> dict[str, Any]:
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
        "smoke_test": asdict(verdict) if verdict else None,
        "outputs": outputs,
    }
