"""``zenoimg upload``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from zenoimg.cli import render
from zenoimg.cli.connect import pipeline_of
from zenoimg.cli.globals import Call, command
from zenoimg.cli.progress import PhotoProgress
from zenoimg.cli.screen import printable
from zenoimg.errors import UsageError

if TYPE_CHECKING:
    from zenoimg.operations.sources import Source
    from zenoimg.operations.upload import UploadResult

#: The embedded AWS starts a process for each event in flight: see its notes on memory.
_LOCAL: dict[str, Any] = {"window": 8, "concurrency": 4, "poll": 0.2, "retry_grace": 15.0}


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "upload")(upload)


def upload(
    call: Call,
    paths: Annotated[list[Path], typer.Argument(help="Photos, and folders of photos.", metavar="PATH")],
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Folders with their subfolders.")] = False,
    prefix: Annotated[str, typer.Option("--prefix", help="Put this before every key.", metavar="P")] = "",
    key: Annotated[str | None, typer.Option("--key", help="Key for the one file that is given.", metavar="K")] = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Return after the transfer.")] = False,
    timeout: Annotated[float, typer.Option("--timeout", help="Seconds to wait for one photo.", min=1.0)] = 600.0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace other content under a key.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Send unchanged photos too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Send photos into the pipeline and wait for their watermarked copies.

    Example: zenoimg upload photo.jpg holiday/

    A file keeps its name as key, a folder's files their relative paths. Unchanged photos are not sent again,
    so the same command resumes after an interruption. What the pipeline would refuse stays here and says why.
    """
    from zenoimg.operations.recipe import limits_of
    from zenoimg.operations.sources import walk
    from zenoimg.operations.upload import Upload, UploadOptions

    sources: Iterator[Source] = walk(paths, recursive=recursive, prefix=prefix)
    if key is not None:
        sources = iter([_single(paths, prefix + key)])
    settings, pipeline = pipeline_of(call)
    options = UploadOptions(
        wait=not no_wait,
        overwrite=overwrite,
        force=force,
        timeout=timeout,
        **(_LOCAL if pipeline.aws.local else {}),
    )
    tally = _Tally()
    try:
        with PhotoProgress(call.screen, "Uploading") as progress:
            run = Upload(pipeline, options, limits_of(settings), on_bytes=progress.on_bytes)
            for result in run.run(progress.counting(sources)):
                tally.add(result)
                progress.done(_line(result))
    except KeyboardInterrupt:
        _summary(call, tally, interrupted=True)
        raise
    if as_json:
        call.screen.json([_json(result) for result in tally.results])
    if not tally.results:
        raise UsageError(
            f"no photos in {', '.join(map(str, paths))}",
            next_step="" if recursive else "Add --recursive to look into subfolders too.",
        )
    _summary(call, tally, interrupted=False)
    if tally.bad:
        raise typer.Exit(1)


@dataclass
class _Tally:
    results: list[UploadResult] = field(default_factory=list)
    bad: list[UploadResult] = field(default_factory=list)

    def add(self, result: UploadResult) -> None:
        from zenoimg.operations.upload import NOT_GOOD

        self.results.append(result)
        if result.state in NOT_GOOD:
            self.bad.append(result)


def _single(paths: list[Path], key: str) -> Source:
    from zenoimg.operations.sources import Source

    if len(paths) != 1 or paths[0].is_dir():
        raise UsageError("--key goes with exactly one file")
    return Source(paths[0], key, named=True)


def _line(result: UploadResult) -> Text:
    line = Text.assemble(render.status(f"{result.state:<11}"), " ", printable(result.key))
    if result.size:
        line.append(f"  {render.size(result.size)}", style="dim")
    if result.record is not None and result.state == "processed":
        line.append(f" in {result.seconds:.1f} s", style="dim")
    if result.reason:
        line.append(f"  {printable(result.reason)}")
    for warning in result.record.warnings if result.record else ():
        line.append(f"\n            note: {printable(warning)}", style="yellow")
    return line


def _summary(call: Call, tally: _Tally, *, interrupted: bool) -> None:
    counts = Counter(result.state for result in tally.results)
    parts = ", ".join(f"{count:,} {state}" for state, count in counts.items()) or "nothing yet"
    call.screen.say(f"{'Interrupted: ' if interrupted else ''}{render.plural(len(tally.results), 'photo')}: {parts}.")
    if tally.bad and len(tally.results) > 10:  # a short run shows them above
        call.screen.say("These need you:")
        for result in tally.bad:
            call.screen.err.print(_line(result))


def _json(result: UploadResult) -> dict[str, Any]:
    from zenoimg.pipeline.records import to_json

    return {
        "Path": str(result.path),
        "ImageId": result.key,
        "Result": result.state,
        "Reason": result.reason,
        "OriginalSize": result.size,
        "Seconds": round(result.seconds, 3),
        "Record": None if result.record is None else to_json(result.record),
    }
