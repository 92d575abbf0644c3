"""Show a deploy while it runs: stages, the stack's events, the smoke test's verdict."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.screen import Screen, safe
from zenoimg.suggest import suggest, suggest_aws

if TYPE_CHECKING:
    from zenoimg.aws.session import Aws
    from zenoimg.operations.deploy.outcome import Event, Stage
    from zenoimg.operations.deploy.smoke.run import Verdict
    from zenoimg.stack.change_set.history import StackEvent

_SAID_ON_START: dict[Stage, str] = {
    "try": "[dim]Trying the new recipe on a sample of the stored images[/]",
    "save": "[dim]Saving the state of the embedded AWS[/]",
    "test": "[dim]Smoke test: sending test photos through the function[/]",
    "protect": "[dim]Protecting the table from deletion[/]",
    "roll-back": "Restoring the previous template and parameters.",
    "test-previous": "[dim]Smoke test of the previous version[/]",
}


class DeployView:
    """Shows the events of a deploy; call it with each event. ``stage`` is the one that began last."""

    def __init__(self, screen: Screen, aws: Aws, stack: str) -> None:
        self.stage: Stage | None = None
        self._screen = screen
        self._aws = aws
        self._stack = stack

    def __call__(self, event: Event) -> None:
        """Show an event."""
        from zenoimg.operations.deploy.outcome import SmokeTested, StageBegan, TestPhotosRemoved

        if isinstance(event, StageBegan):
            self.stage = event.stage
            self._say_stage(event.stage, event.detail)
        elif isinstance(event, TestPhotosRemoved):
            photos = render.plural(event.count, "test photo")
            self._screen.say(f"[dim]Removed {photos} that an interrupted deploy left.[/]")
        elif isinstance(event, SmokeTested):
            self._say_verdict(event.verdict)
        else:
            show_stack_event(self._screen, event)

    def say_interrupted(self, rerun: str) -> None:
        """Report what an interrupt did not stop; ``rerun`` is the command that continues."""
        if self.stage in ("execute", "protect", "roll-back"):
            say_cloudformation_continues(self._screen, self._aws, self._stack, rerun)
        elif self.stage == "wait-for-queues":
            self._screen.say(f"Interrupted. Nothing is deployed; rerun `{safe(suggest(*rerun.split()))}` in a minute.")
        elif self.stage in ("save", "test", "test-previous"):
            self._screen.say("Interrupted. The new version is deployed; its smoke test did not finish.")

    def say_failed(self) -> None:
        """Report what is deployed if an error ends the deploy during its test."""
        if self.stage in ("test", "test-previous"):
            self._screen.say("[bold red]The new version is deployed, but its smoke test could not be run.[/]")

    def _say_stage(self, stage: Stage, detail: str) -> None:
        if stage == "settle":
            say_waiting(self._screen, self._stack, detail)
        elif stage == "build":
            self._screen.say(f"[dim]Building the bundle for {safe(str(self._aws.identity))}[/]")
        elif stage == "wait-for-queues":
            self._screen.say(
                "SQS blocks the name of a deleted queue for 60 seconds, which has failed this deploy. Deleting the "
                f"empty stack; the next try is in {detail} s."
            )
        elif stage in _SAID_ON_START:
            self._screen.say(_SAID_ON_START[stage])

    def _say_verdict(self, verdict: Verdict) -> None:
        if verdict.passed:
            remark = f" ({verdict.remark})" if verdict.remark else ""
            self._screen.say(f"[green]Smoke test passed[/] in {verdict.seconds:.1f} s{safe(remark)}.")
        else:
            self._screen.say(f"[bold red]Smoke test failed[/]: {safe(verdict.reason)}")


def show_stack_events(screen: Screen, events: Iterable[StackEvent]) -> None:
    """Show a stack's events as they arrive, one per line."""
    for event in events:
        show_stack_event(screen, event)


def show_stack_event(screen: Screen, event: StackEvent) -> None:
    """Show one stack event, unless it only reports that work on a resource has begun."""
    if render.is_telling(event) and not screen.quiet:
        screen.err.print(render.stack_event(event))


def say_waiting(screen: Screen, stack: str, status: str) -> None:
    """Report that the command is waiting for another change of the stack."""
    words = safe(status.replace("_", " ").lower())
    screen.say(f"Another change of the stack [bold]{stack}[/] is in progress ({words}); waiting until it is done.")


def say_cloudformation_continues(screen: Screen, aws: Aws, stack: str, rerun: str) -> None:
    """Report that CloudFormation continues after an interrupt, and how to follow it."""
    follow = suggest_aws("cloudformation", "describe-stack-events", "--stack-name", stack)
    screen.say("Interrupted. CloudFormation continues with the change. Follow it with")
    screen.say(f"  `{safe(suggest(*rerun.split()))}`    (waits for it, then continues), or")
    screen.say(f"  `{safe(follow)}`")
