"""``zenoimg download``."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import command
from zenoimg.cli.framework.selecting import Given
from zenoimg.cli.framework.session import pipeline_of
from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.progress import PhotoProgress
from zenoimg.cli.terminal.screen import JsonArray, Line
from zenoimg.cli.terminal.selected import show_dry_run
from zenoimg.errors import UsageError

if TYPE_CHECKING:
    from zenoimg.operations.download.run import DownloadResult
    from zenoimg.operations.inventory.images import Source
    from zenoimg.operations.output.choice import Output
    from zenoimg.operations.selectors import Selectors


@dataclass(frozen=True)
class Options:
    """The validated options."""

    selectors: Selectors
    output: str
    kind: Output
    original: bool
    force: bool
    dry_run: bool
    as_json: bool

    def __post_init__(self) -> None:
        if self.kind == "folder" and Path(self.output).exists() and not Path(self.output).is_dir():
            raise UsageError(f"--output {self.output} is not a directory")
        if self.kind == "stdout":
            ids = self.selectors.ids
            if ids is None or len(set(ids)) != 1:
                raise UsageError("-o - writes one image to standard output: give exactly one id")
            if self.as_json:
                raise UsageError("-o - and --json would both write to standard output: choose one")
            if sys.stdout.isatty():
                raise UsageError(
                    "standard output is a terminal, which cannot show a picture",
                    next_step="Redirect it (> copy.jpg), or pipe it into another program.",
                )


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "download")(download)


def download(
    call: Call,
    given: Given,
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            help="Folder for the files, created if necessary; for a single ID also a file, or - for standard output.",
            metavar="OUT",
        ),
    ] = ".",
    original: Annotated[bool, typer.Option("--original", help="Download originals instead of copies.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files that differ.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count the images; write nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Download watermarked copies into files named after their ids.

    Example: zenoimg download photo.jpg holiday/sea.jpg -o copies

    Several: zenoimg download --prefix holiday/ --since 1d -o copies

    Folders in an id become subfolders of OUT, and nothing is ever written outside it. An id that is not a safe path
    needs a file name (-o copy.jpg). Files with the same content are left alone, so rerun the command to continue after
    an interruption.
    """
    from zenoimg.operations.download.run import NEEDS_ATTENTION
    from zenoimg.operations.output.choice import output_kind

    given.require()
    selectors = given.selectors()
    kind = output_kind(output, single=selectors.ids is not None and len(set(selectors.ids)) == 1)
    counts = _run(call, Options(selectors, output, kind, original, force, dry_run, as_json))
    if NEEDS_ATTENTION & set(counts):
        raise typer.Exit(1)


def _run(call: Call, options: Options) -> Counter[str]:
    _, pipeline = pipeline_of(call)
    from zenoimg.operations.download.run import Download, choose
    from zenoimg.operations.inventory.images import find_images
    from zenoimg.operations.output.directory import OutputDirectory

    source: Source = "originals" if options.original else "records"
    found = find_images(pipeline, options.selectors, today=datetime.now(UTC).date(), source=source)
    choice = choose(found, named=options.selectors.ids is not None, original=options.original)
    if choice.skipped:
        what = "original" if options.original else "copy"
        call.screen.say(f"{render.plural(choice.skipped, 'image')} without {what} skipped.")
    if options.dry_run:
        what = "originals" if options.original else "copies"
        show_dry_run(call.screen, choice.count, what, "nothing was downloaded", as_json=options.as_json)
        return Counter()
    counts: Counter[str] = Counter()
    try:
        with (
            _destination(options) as (folder, name),
            PhotoProgress(call.screen, "Downloading") as progress,
            JsonArray(wanted=options.as_json) as array,
        ):
            progress.expect(choice.count.images, choice.count.total_bytes)
            run = Download(
                pipeline,
                OutputDirectory(folder),
                original=options.original,
                force=options.force,
                file_name=name,
                on_bytes=progress.on_bytes,
            )
            for result in run.run(choice.ids):
                counts[result.state] += 1
                path = options.output if name else str(folder / result.path)
                array.add(_json(result, path))
                progress.done(_line(result, path))
    finally:
        call.screen.say(f"{render.plural(counts.total(), 'image')}: {render.counts(counts)}.")
    return counts


@contextmanager
def _destination(options: Options) -> Iterator[tuple[Path, str]]:
    """Yield the folder and, for a single file, its name; with -o -, the file is written to stdout."""
    if options.kind != "stdout":
        path = Path(options.output)
        yield (path.parent, path.name) if options.kind == "file" else (path, "")
        return
    with tempfile.TemporaryDirectory(prefix="zenoimg-") as folder:
        file = Path(folder, "image")
        yield file.parent, file.name
        if file.exists():
            with file.open("rb") as image:
                shutil.copyfileobj(image, sys.stdout.buffer)


def _line(result: DownloadResult, path: str) -> Line:
    facts = [f"{render.size(result.size)} → {path}"] if result.state == "downloaded" else []
    return render.outcome(result.state, result.key, *facts, reason=result.reason)


def _json(result: DownloadResult, path: str) -> dict[str, Any]:
    return {
        "ImageId": result.key,
        "Result": result.state,
        "Reason": result.reason,
        "Path": path if result.path else None,
        "Size": result.size,
    }
