"""``zenoimg rollout``."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zenoimg.cli.commands import deploy
from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import command
from zenoimg.cli.framework.session import confirm
from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.progress import PhotoProgress
from zenoimg.cli.terminal.reprocess import ResultsView
from zenoimg.cli.terminal.screen import printable, safe
from zenoimg.errors import UsageError, ZenoError
from zenoimg.suggest import suggest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zenoimg.operations.deploy.outcome import Outcome
    from zenoimg.operations.deploy.target import Target
    from zenoimg.operations.inventory.selection import SelectedImage
    from zenoimg.operations.pipeline import LivePipeline
    from zenoimg.operations.rollout.canary import CanarySize
    from zenoimg.operations.rollout.review import Review

#: Maximum number of images on a canary's page: the newest.
_GALLERY_IMAGES = 200
_PROBLEM_LINES = 10


@dataclass(frozen=True)
class RolloutOptions:
    """The validated options of a rollout; ``deploy`` holds those of its deploy."""

    deploy: deploy.DeployOptions
    size: CanarySize
    gallery: Path
    as_json: bool


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "rollout")(rollout)


def rollout(
    call: Call,
    canary: Annotated[
        str | None,
        typer.Option(
            "--canary",
            help="Images that get the new mark first: a share, or a number (default: 1%).",
            metavar="SHARE|N",
            show_default=False,
        ),
    ] = None,
    back: Annotated[
        bool, typer.Option("--back", help="Restore the previous version and reprocess what the new one made.")
    ] = False,
    gallery: Annotated[
        Path, typer.Option("--gallery", help="Directory for the page of the canary's images.", metavar="DIR")
    ] = Path("canary"),
    sample: Annotated[
        int,
        typer.Option("--sample", help="Stored images to try a new recipe on; 0 for none.", min=0, metavar="N"),
    ] = deploy.SAMPLE_IMAGES,
    accept_refusals: Annotated[
        bool, typer.Option("--accept-refusals", help="With --yes, continue even if images are refused.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    role_arn: Annotated[
        str,
        typer.Option("--role-arn", help="Role that CloudFormation assumes instead of your permissions.", metavar="ARN"),
    ] = "",
) -> None:
    """Deploy a new watermark and apply it to stored images, starting with a canary.

    Example: zenoimg rollout --canary 1%

    Deploys, reprocesses the canary, checks its images, makes a page that shows them before and after, asks for
    confirmation and reprocesses the rest. The canary is the same in every run. --back restores the functions, packages
    and recipe of the previous version.
    After Ctrl-C, rerun the command to continue.
    """
    if back and canary is not None:
        raise UsageError("--back reprocesses everything that the new recipe made; --canary has no effect on it")
    from zenoimg.operations.rollout.canary import parse_size

    options = RolloutOptions(
        deploy.DeployOptions(False, yes, False, role_arn, sample, accept_refusals),
        parse_size(canary or "1%"),
        gallery,
        as_json,
    )
    target = deploy.target_of(call, role_arn)
    if back:
        _roll_back(call, target, options)
    else:
        _roll_out(call, target, options)


def _roll_out(call: Call, target: Target, options: RolloutOptions) -> None:
    from zenoimg.operations.rollout import run

    call.screen.say(
        "New uploads get the new mark as soon as it is deployed; the canary limits only which stored images are "
        "reprocessed first."
    )
    outcome = deploy.run(call, target, options.deploy, rerun="rollout")
    assert outcome is not None, "not a dry run"
    pipeline = _deployed(target, outcome)
    chosen = run.select_canary(pipeline, options.size)
    of_canary, rest = Counter[str](), Counter[str]()
    page: Path | None = None
    review: Review | None = None
    if any(True for _ in run.select_rest(pipeline)):
        count = render.plural(len(chosen.keys), "image")
        call.screen.say(f"Canary ({options.size}): {count}, {len(chosen.pending):,} of them with another mark.")
        of_canary = _reprocess(call, target, pipeline, chosen.pending)
        review = _review(call, pipeline, chosen.keys)
        page = _make_page(call, target, pipeline, chosen.keys, options.gallery)
        if any(True for _ in run.select_rest(pipeline)):
            _ask_for_rest(call, target, review, options)
            rest = _reprocess(call, target, pipeline, run.select_rest(pipeline))
    _say_progress(call, pipeline)
    if options.as_json:
        call.screen.json(
            {
                **_result(outcome, pipeline),
                "canary": {
                    "images": len(chosen.keys),
                    "results": dict(of_canary),
                    "statuses": review.by_status if review else {},
                    "problems": [{"ImageId": each.image_id, "Reason": each.reason} for each in review.problems]
                    if review
                    else [],
                    "page": str(page) if page else None,
                },
                "rest": {"results": dict(rest)},
            }
        )
    _exit_for(of_canary + rest)


def _roll_back(call: Call, target: Target, options: RolloutOptions) -> None:
    from zenoimg.operations.configured import recipe_of
    from zenoimg.operations.rollout import back, run

    outcome = deploy.run(call, target, options.deploy, prepare=back.prepare, rerun="rollout --back")
    assert outcome is not None, "not a dry run"
    pipeline = _deployed(target, outcome)
    taken_back = back.taken_back(outcome.plan)
    results = _reprocess(call, target, pipeline, run.select_made_by(pipeline, back.withdrawn(outcome.plan)))
    _say_progress(call, pipeline)
    if recipe_of(target.settings).fingerprint == taken_back:
        call.screen.say(
            "[yellow]zenoimg.toml still has the recipe that was rolled back:[/] change it before the next deploy."
        )
    if options.as_json:
        call.screen.json({**_result(outcome, pipeline), "taken_back": taken_back, "results": dict(results)})
    _exit_for(results)


def _deployed(target: Target, outcome: Outcome) -> LivePipeline:
    """Return the deployed pipeline. Raises ``ZenoError`` if its version failed the smoke test."""
    from zenoimg.operations.deploy.outcome import failure_of
    from zenoimg.operations.pipeline import of_deployment

    if (failure := failure_of(outcome)) is not None:
        raise failure
    return of_deployment(target.aws, outcome.deployment, target.aws.identity.account)


def _reprocess(call: Call, target: Target, pipeline: LivePipeline, images: Iterable[SelectedImage]) -> Counter[str]:
    """Send the images to the backfill queue and show their results; return the number of results by kind."""
    from zenoimg.operations.reprocess.run import Reprocess, ReprocessRequest

    work = Reprocess(pipeline, target.settings, ReprocessRequest(frozenset({"stale"})))
    view = ResultsView(call.screen, all_lines=False, as_json=False)
    try:
        with view:
            results = work.by_queue(images, on_sent=view.backfill.sent, on_poll=view.backfill.poll, wait=True)
            for result in results:
                view.add(result)
    except BaseException:
        view.report_stop(queued=True)
        raise
    view.summarize()
    return view.counts


def _review(call: Call, pipeline: LivePipeline, keys: frozenset[str]) -> Review:
    from zenoimg.operations.rollout.review import review

    found = review(pipeline, keys)
    statuses = render.counts(found.by_status, none="nothing")
    if not found.problems:
        call.screen.say(f"[green]The canary is clean[/]: {safe(statuses)}.")
        return found
    call.screen.say(f"[bold red]{render.plural(len(found.problems), 'image')} of the canary without the new mark:[/]")
    for each in found.problems[:_PROBLEM_LINES]:
        call.screen.say(f"  {safe(printable(each.image_id))}: {safe(printable(each.reason))}")
    if (more := len(found.problems) - _PROBLEM_LINES) > 0:
        call.screen.say(f"  and {more:,} more")
    return found


def _make_page(
    call: Call, target: Target, pipeline: LivePipeline, keys: frozenset[str], directory: Path
) -> Path | None:
    """Write the before-and-after page of the canary's images; return its path, or ``None`` without images."""
    from zenoimg.operations.configured import deployed_limits
    from zenoimg.operations.gallery.run import Gallery, GalleryOptions
    from zenoimg.operations.selectors import Selectors

    if not keys:
        return None
    progress = PhotoProgress(call.screen, "Fetching")
    gallery = Gallery(
        pipeline,
        GalleryOptions(directory, Selectors(ids=tuple(sorted(keys))), limit=_GALLERY_IMAGES),
        deployed_limits(pipeline.deployment, target.settings),
        now=datetime.now(UTC),
        on_bytes=progress.on_bytes,
    )
    with progress:
        progress.expect(len(gallery.records), gallery.missing().size)
        pictures = []
        for found in gallery.fetch():
            pictures += [found] if found else []
            progress.done(None)
    path, _ = gallery.write(target.stack, pictures)
    call.screen.say(f"The canary before and after: [bold]{safe(str(path))}[/] (holds unmarked originals)")
    return path


def _ask_for_rest(call: Call, target: Target, review: Review, options: RolloutOptions) -> None:
    """Ask whether to continue. Raises ``typer.Exit`` after a no, ``ZenoError`` after ``--yes`` if images have problems.

    Continuing and rolling back are separate commands, so nothing is undone here.
    """
    back = suggest("rollout", "--back")
    if options.deploy.yes and review.problems and not options.deploy.accept_refusals:
        raise ZenoError(
            f"{render.plural(len(review.problems), 'image')} of the canary did not get the new mark",
            next_step=f"`{back}` rolls the new version back; --accept-refusals continues with it.",
            code="canary-failed",
        )
    if not confirm(call, f"Reprocess the rest in {target.aws.identity}?", yes=options.deploy.yes):
        call.screen.say(
            f"The canary keeps the new mark. `{safe(suggest('rollout'))}` continues, `{safe(back)}` rolls it back."
        )
        raise typer.Exit(1)


def _say_progress(call: Call, pipeline: LivePipeline) -> None:
    from zenoimg.operations.rollout.run import progress

    found = progress(pipeline)
    recipe = pipeline.deployment.recipe_fingerprint
    call.screen.say(f"Recipe {recipe}: {found.by_recipe:,} of {found.copies:,} copies.")


def _result(outcome: Outcome, pipeline: LivePipeline) -> dict[str, Any]:
    from zenoimg.operations.rollout.run import progress

    found = progress(pipeline)
    return {
        "result": outcome.result,
        "stack": outcome.plan.names.stack,
        "recipe": pipeline.deployment.recipe_fingerprint,
        "copies": found.copies,
        "copies_by_recipe": found.by_recipe,
    }


def _exit_for(results: Counter[str]) -> None:
    if results["failed"] + results["unfinished"]:
        raise typer.Exit(1)
