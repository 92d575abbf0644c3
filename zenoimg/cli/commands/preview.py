"""``zenoimg preview``."""

from __future__ import annotations

import os
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import command
from zenoimg.cli.framework.session import settings_of
from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.progress import PhotoProgress
from zenoimg.cli.terminal.screen import Line, safe
from zenoimg.errors import UsageError

if TYPE_CHECKING:
    from zenoimg.operations.preview import MarkChoices, PreviewResult
    from zenoimg.pipeline.recipes import Rule

_MARK = "The mark (default: as configured)"


@dataclass(frozen=True)
class Options:
    """The validated options."""

    photos: tuple[Path, ...]
    output: str | None
    force: bool
    choices: MarkChoices
    key: str
    workers: int
    as_json: bool

    def __post_init__(self) -> None:
        if self.output != "-":
            return
        if self.as_json:
            raise UsageError("-o - and --json would both write to standard output: choose one")
        if sys.stdout.isatty():
            raise UsageError(
                "standard output is a terminal, which cannot show a picture",
                next_step="Redirect it (> copy.jpg), or pipe it into another program.",
            )


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "preview")(preview)


def _of_mark(name: str, help: str, metavar: str) -> Any:
    return typer.Option(name, help=help, metavar=metavar, rich_help_panel=_MARK, show_default=False)


def preview(
    call: Call,
    photos: Annotated[list[Path], typer.Argument(help="Photos to watermark.", metavar="PHOTO", show_default=False)],
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder for the copies; for one photo also a file, or - for stdout.",
            metavar="OUT",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files, but never a photo.")] = False,
    text: Annotated[
        str | None, _of_mark("--text", "Text; {creator}, {copyright}, {year} and {key} come from the photo.", "TEXT")
    ] = None,
    text_default: Annotated[
        str | None, _of_mark("--text-default", "Text for photos that lack one of those fields.", "TEXT")
    ] = None,
    logo: Annotated[Path | None, _of_mark("--logo", "Logo to use instead of text.", "PNG")] = None,
    position: Annotated[
        str | None, _of_mark("--position", "An anchor (top-left, top … bottom-right) or tile.", "WHERE")
    ] = None,
    scale: Annotated[
        float | None,
        _of_mark("--scale", "Text height or logo width, relative to the shorter side.", "0.005..1"),
    ] = None,
    margin: Annotated[
        float | None, _of_mark("--margin", "Distance from the edges, relative to the shorter side.", "0..0.4")
    ] = None,
    opacity: Annotated[float | None, _of_mark("--opacity", "1 is opaque.", "0.01..1")] = None,
    color: Annotated[str | None, _of_mark("--color", "#rrggbb, #rgb or a CSS name.", "COLOR")] = None,
    outline: Annotated[str | None, _of_mark("--outline", "A colour or none.", "COLOR")] = None,
    angle: Annotated[float | None, _of_mark("--angle", "Degrees, counter-clockwise.", "-360..360")] = None,
    font: Annotated[Path | None, _of_mark("--font", "TrueType or OpenType font for the text.", "FILE")] = None,
    key: Annotated[str, typer.Option("--key", help="Apply the rule for this image id.", metavar="ID")] = "",
    workers: Annotated[
        int,
        typer.Option(
            "--workers", help="Photos in parallel (default: one per core).", min=1, metavar="N", show_default=False
        ),
    ] = (os.cpu_count() or 1),
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Watermark photos on this machine, as the pipeline would; needs no AWS account.

    Example: zenoimg preview photo.jpg --text "© Ada" --position tile

    The copy of photo.jpg is photo.marked.jpg next to it. Photos are never replaced, and other files only with --force.
    """
    from zenoimg.operations.preview import MarkChoices

    choices = MarkChoices(text, text_default, logo, position, scale, margin, opacity, color, outline, angle, font)
    options = Options(tuple(photos), output, force, choices, key, workers, as_json)
    if any(result.state != "marked" for result in _run(call, options)):
        raise typer.Exit(1)


def _run(call: Call, options: Options) -> list[PreviewResult]:
    from zenoimg.operations.configured import limits_of, recipe_of
    from zenoimg.operations.preview import mark, plan, recipe_with
    from zenoimg.pipeline.recipes import recipe_for, rule_for

    settings = settings_of(call)
    configured = recipe_of(settings)
    rule = rule_for(configured, options.key)
    if options.key:
        words = next((each.words for each in settings.rules if rule and each.prefix == rule.prefix), "")
        held = f"the rule for [bold]{safe(rule.prefix)}[/] holds ({safe(words)})" if rule else "no rule holds"
        call.screen.say(f"{safe(options.key)}: {held}.")
    recipe = recipe_with(recipe_for(configured, options.key), options.choices)
    jobs = plan(options.photos, options.output)
    results: list[PreviewResult] = []
    try:
        with PhotoProgress(call.screen, "Marking") as progress:
            counted = list(progress.counting(jobs))
            limits = limits_of(settings)
            for result in mark(counted, recipe, limits, force=options.force, workers=options.workers, key=options.key):
                results.append(_delivered(result))
                progress.done(_line(result))
    except KeyboardInterrupt:
        _summary(call, results, interrupted=True)
        raise
    if options.as_json:
        order = {job: index for index, job in enumerate(jobs)}
        call.screen.json([_json(result, rule) for result in sorted(results, key=lambda result: order[result.job])])
    if call.screen.quiet:
        for result in results:
            if result.state != "marked":
                call.screen.line(_line(result), always=True)
    _summary(call, results, interrupted=False)
    return results


def _delivered(result: PreviewResult) -> PreviewResult:
    if result.job.target is None and result.copy is not None:
        sys.stdout.buffer.write(result.copy.data)
    return result


def _line(result: PreviewResult) -> Line:
    copy, target = result.copy, result.job.target
    if copy is None:
        return render.outcome(result.state, str(result.job.source), reason=result.reason, width=8)
    grown = render.change(result.original_size, result.copy_size)
    return render.outcome(
        result.state,
        f"{result.job.source} → {target}" if target is not None else str(result.job.source),
        f"{copy.format} {copy.width} x {copy.height}",
        f"{render.size(result.original_size)} → {render.size(result.copy_size)} ({grown})",
        *([render.unmarked(copy.warnings)] if copy.encoding == "copied" else []),
        notes=copy.warnings,
        width=8,
    )


def _summary(call: Call, results: list[PreviewResult], *, interrupted: bool) -> None:
    counts = Counter(result.state for result in results)
    parts = render.counts(counts)
    call.screen.say(f"{'Interrupted: ' if interrupted else ''}{render.plural(len(results), 'photo')}: {parts}.")


def _json(result: PreviewResult, rule: Rule | None) -> dict[str, Any]:
    copy = result.copy
    return {
        "Path": str(result.job.source),
        "Output": None if copy is None else str(result.job.target),
        "Result": result.state,
        "Code": result.code,
        "Reason": result.reason,
        "Format": None if copy is None else copy.format,
        "OriginalSize": result.original_size,
        "ProcessedSize": result.copy_size or None,
        "Width": None if copy is None else copy.width,
        "Height": None if copy is None else copy.height,
        "Frames": None if copy is None else copy.frames,
        "Rule": rule.prefix if rule else None,
        "Warnings": [] if copy is None else list(copy.warnings),
    }
