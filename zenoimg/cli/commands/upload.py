"""``zenoimg upload``."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import command
from zenoimg.cli.framework.session import pipeline_of
from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.progress import PhotoProgress
from zenoimg.cli.terminal.screen import JsonArray, Line
from zenoimg.errors import UsageError

if TYPE_CHECKING:
    from zenoimg.operations.upload.run import UploadResult
    from zenoimg.operations.upload.sources import Selection, Source

#: The embedded AWS starts a process for each event in flight: see its notes on memory.
_LOCAL: dict[str, Any] = {"window": 8, "poll": 0.2, "retry_grace": 15.0, "event_grace": 60.0}
_LOCAL_CONCURRENCY, _CONCURRENCY = 4, 10
#: So many of those that need somebody are told once more at the end.
_LISTED = 1000


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "upload")(upload)


def upload(
    call: Call,
    paths: Annotated[
        list[Path], typer.Argument(help="Photos, folders of photos, or - for paths on standard input.", metavar="PATH")
    ],
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Folders with their subfolders.")] = False,
    prefix: Annotated[str, typer.Option("--prefix", help="Put this before every key.", metavar="P")] = "",
    key: Annotated[str | None, typer.Option("--key", help="Key for the one file that is given.", metavar="K")] = None,
    include: Annotated[
        list[str] | None, typer.Option("--include", help="Only files that match; may be repeated.", metavar="GLOB")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", help="No files that match; may be repeated.", metavar="GLOB")
    ] = None,
    null: Annotated[bool, typer.Option("--null", "-0", help="Paths on standard input end in NUL.")] = False,
    concurrency: Annotated[
        int | None, typer.Option("--concurrency", help="Files sent at a time.", min=1, max=64, metavar="N")
    ] = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Return after the transfer.")] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", help="How long to wait for one photo.", min=1.0, metavar="SECONDS")
    ] = 600.0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace other content under a key.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Send unchanged photos too.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Upload photos and wait for their watermarked copies.

    Example: zenoimg upload photo.jpg holiday/

    A file keeps its name as key, a folder's files their relative paths. Unchanged photos are not sent again,
    so the same command resumes after an interruption. What the pipeline would refuse stays here and says why.
    """
    from zenoimg.operations.configured import deployed_limits
    from zenoimg.operations.upload.run import Upload, UploadOptions
    from zenoimg.operations.upload.sources import Selection, sizes

    selection = Selection(recursive, prefix, tuple(include or ()), tuple(exclude or ()))
    sources = _sources(paths, selection, key, null=null)
    settings, pipeline = pipeline_of(call)
    options = UploadOptions(
        wait=not no_wait,
        overwrite=overwrite,
        force=force,
        dry_run=dry_run,
        timeout=timeout,
        paced=no_wait and pipeline.aws.local and bool(pipeline.deployment.processor_function),
        look_ahead="-" not in map(str, paths),
        concurrency=concurrency or (_LOCAL_CONCURRENCY if pipeline.aws.local else _CONCURRENCY),
        **(_LOCAL if pipeline.aws.local else {}),
    )
    tally = _Tally()
    with PhotoProgress(call.screen, "Uploading") as progress, JsonArray(wanted=as_json) as array:
        run = Upload(pipeline, options, deployed_limits(pipeline.deployment, settings), on_bytes=progress.on_bytes)
        if progress.is_live and "-" not in map(str, paths):
            progress.measure(sizes(paths, selection))
        try:
            for result in run.run(progress.counting(sources)):
                tally.add(result)
                if as_json:
                    array.add(_json(result))
                progress.done(None if call.screen.quiet else _line(result))
        except BaseException:
            # Whatever ends the run early: what is done is said, and what is not.
            _summary(call, tally, left=run.unprocessed)
            raise
    if not tally.counts:
        raise UsageError(
            f"no photos in {', '.join(map(str, paths))}",
            next_step="" if recursive else "Add --recursive to look into subfolders too.",
        )
    _summary(call, tally, left=[])
    if tally.bad:
        raise typer.Exit(1)


@dataclass
class _Tally:
    """Counts by state, and the first of the results that need somebody; of a million files not all are kept."""

    counts: Counter[str] = field(default_factory=Counter)
    bad: list[UploadResult] = field(default_factory=list)
    unlisted: int = 0

    def add(self, result: UploadResult) -> None:
        self.counts[result.state] += 1
        if result.is_bad:
            if len(self.bad) < _LISTED:
                self.bad.append(result)
            else:
                self.unlisted += 1


def _sources(paths: list[Path], selection: Selection, key: str | None, *, null: bool) -> Iterator[Source]:
    from zenoimg.operations.upload.sources import Source, read_paths, walk

    from_stdin = [str(path) for path in paths] == ["-"]
    if null and not from_stdin:
        raise UsageError("-0 goes with - alone, for paths on standard input")
    if not from_stdin and "-" in map(str, paths):
        raise UsageError("- stands alone: all paths come from standard input then")
    if key is not None:
        if from_stdin or len(paths) != 1 or paths[0].is_dir():
            raise UsageError("--key goes with exactly one file")
        return iter([Source(paths[0], selection.prefix + key)])
    if from_stdin:
        return walk(read_paths(sys.stdin.buffer, b"\0" if null else b"\n"), selection)
    return walk(paths, selection)


def _line(result: UploadResult) -> Line:
    facts = [render.size(result.size)] if result.size else []
    if facts and result.record is not None and result.state == "processed":
        facts[0] += f" in {result.seconds:.1f} s"
    notes = result.record.warnings if result.record else ()
    return render.outcome(result.state, result.key, *facts, reason=result.reason, notes=notes)


def _summary(call: Call, tally: _Tally, *, left: list[str]) -> None:
    total = tally.counts.total()
    call.screen.say(f"{render.plural(total, 'photo')}: {render.counts(tally.counts)}.")
    if left:
        call.screen.say(f"Sent and not processed yet: {len(left):,}. The pipeline goes on with them by itself.")
    if tally.bad and (total > 10 or call.screen.quiet):  # a short run shows them above
        call.screen.say("These need you:")
        for result in tally.bad:
            call.screen.line(_line(result), always=True)
        if tally.unlisted:
            call.screen.line([(f"And {tally.unlisted:,} more; --json tells of each.", "")], always=True)


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
