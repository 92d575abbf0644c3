"""``zenoimg download``."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import command
from zenoimg.cli.framework.completion import image_ids
from zenoimg.cli.framework.session import pipeline_of
from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.progress import PhotoProgress
from zenoimg.cli.terminal.screen import JsonArray, Line
from zenoimg.errors import UsageError

if TYPE_CHECKING:
    from zenoimg.operations.download.run import DownloadResult


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "download")(download)


def download(
    call: Call,
    ids: Annotated[list[str], typer.Argument(help="The images' ids.", metavar="ID", autocompletion=image_ids)],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the files; made when missing.", metavar="DIR")
    ] = Path(),
    original: Annotated[bool, typer.Option("--original", help="What was uploaded, not the marked copy.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace files that lie there and differ.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Download watermarked copies into files named after their ids.

    Example: zenoimg download photo.jpg holiday/sea.jpg -o copies

    Folders in an id become folders below DIR, and nothing is ever written outside it. A file that has the
    same content already is left alone, so the same command resumes after an interruption.
    """
    if output.exists() and not output.is_dir():
        raise UsageError(f"--output {output} is no folder")
    _, pipeline = pipeline_of(call)
    from zenoimg.operations.download.run import NOT_GOOD, Download
    from zenoimg.operations.output.directory import OutputDirectory
    from zenoimg.operations.records.image_ids import is_possible

    records = pipeline.catalog.get_many(dict.fromkeys(filter(is_possible, ids)))
    sizes = (record.original_size if original else record.processed_size for record in records.values())
    counts: Counter[str] = Counter()
    try:
        with PhotoProgress(call.screen, "Downloading") as progress, JsonArray(wanted=as_json) as array:
            progress.expect(len(dict.fromkeys(ids)), sum(size or 0 for size in sizes))
            run = Download(
                pipeline, OutputDirectory(output), original=original, force=force, on_bytes=progress.on_bytes
            )
            for result in run.run(ids, records):
                counts[result.state] += 1
                array.add(_json(result, output))
                progress.done(_line(result, output))
    finally:
        call.screen.say(f"{render.plural(counts.total(), 'image')}: {render.counts(counts)}.")
    if NOT_GOOD & set(counts):
        raise typer.Exit(1)


def _line(result: DownloadResult, output: Path) -> Line:
    facts = [f"{render.size(result.size)} → {output / result.path}"] if result.state == "downloaded" else []
    return render.outcome(result.state, result.key, *facts, reason=result.reason)


def _json(result: DownloadResult, output: Path) -> dict[str, Any]:
    return {
        "ImageId": result.key,
        "Result": result.state,
        "Reason": result.reason,
        "Path": str(output / result.path) if result.path else None,
        "Size": result.size,
    }
