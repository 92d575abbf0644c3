"""``zenoimg upload``."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import command
from zenoimg.cli.framework.session import pipeline_of
from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.progress import PhotoProgress
from zenoimg.cli.terminal.screen import JsonArray, safe
from zenoimg.cli.terminal.uploads import Tally, json_of, line_of, summary
from zenoimg.errors import UsageError
from zenoimg.suggest import suggest

if TYPE_CHECKING:
    from zenoimg.operations.pipeline import LivePipeline
    from zenoimg.operations.upload.run import UploadOptions
    from zenoimg.operations.upload.sources import Selection, Source

STDIN = Path("-")
#: The embedded AWS starts a process per event in flight: see its notes on memory.
_LOCAL: dict[str, Any] = {"window": 8, "poll": 0.2, "retry_grace": 15.0, "event_grace": 60.0}
_NO_GRACE: dict[str, Any] = {"retry_grace": 0.0, "event_grace": 0.0}
_LOCAL_CONCURRENCY, _CONCURRENCY = 4, 10


@dataclass(frozen=True)
class Options:
    """The validated options. ``selection`` defines how paths become sources; ``key`` is the key of the only photo."""

    paths: tuple[Path, ...]
    selection: Selection
    key: str | None
    null: bool
    concurrency: int | None
    wait: bool
    timeout: float
    overwrite: bool
    force: bool
    dry_run: bool
    as_json: bool
    watch: bool = False

    def __post_init__(self) -> None:
        if self.watch:
            self._check_watch()
        if STDIN in self.paths and len(self.paths) > 1:
            raise UsageError("- cannot be combined with other paths: standard input lists all of them")
        if self.null and not self.reads_paths:
            raise UsageError("-0 applies to paths on standard input: it needs - as the only PATH, without --key")
        if self.key is not None and (len(self.paths) != 1 or self.paths[0].is_dir()):
            raise UsageError("--key needs exactly one file")

    def _check_watch(self) -> None:
        """Raise ``UsageError`` for options that make no sense when watching a folder."""
        given = {"--key": self.key, "--null": self.null, "--dry-run": self.dry_run, "--strict": self.selection.strict}
        for option, value in given.items():
            if value:
                raise UsageError(f"--watch and {option} exclude each other")
        if len(self.paths) != 1 or not self.paths[0].is_dir():
            raise UsageError("--watch needs exactly one folder")

    @property
    def reads_paths(self) -> bool:
        """Return whether standard input is a list of paths; with ``--key`` it is a photo."""
        return STDIN in self.paths and self.key is None

    @property
    def reads_photo(self) -> bool:
        """Return whether standard input is a photo."""
        return STDIN in self.paths and self.key is not None


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "upload")(upload)


def upload(
    call: Call,
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Photos, folders of photos, or - for standard input: paths, or with --key a photo.", metavar="PATH"
        ),
    ],
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Include subfolders.")] = False,
    prefix: Annotated[str, typer.Option("--prefix", help="Prefix of every key.", metavar="P")] = "",
    key: Annotated[str | None, typer.Option("--key", help="Key of a single file.", metavar="K")] = None,
    include: Annotated[
        list[str] | None, typer.Option("--include", help="Upload only matching files; may be repeated.", metavar="GLOB")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", help="Skip matching files; may be repeated.", metavar="GLOB")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail on files that are skipped by name (.xmp, .txt, hidden …).")
    ] = False,
    null: Annotated[bool, typer.Option("--null", "-0", help="Paths on standard input are separated by NUL.")] = False,
    concurrency: Annotated[
        int | None, typer.Option("--concurrency", help="Parallel transfers.", min=1, max=64, metavar="N")
    ] = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Return after the transfer.")] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", help="How long to wait for one photo.", min=1.0, metavar="SECONDS")
    ] = 600.0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace objects whose content differs.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also send unchanged photos.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be sent; send nothing.")] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Keep uploading photos that appear in the folder, until Ctrl-C.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Upload photos and wait for their watermarked copies.

    Example: zenoimg upload photo.jpg holiday/

    A file's key is its name; files in a folder have their relative paths as keys. Unchanged photos are not sent again,
    so rerun the command to continue after an interruption. Files of other formats, and photos above the deployed
    limits, are not sent; the reason is shown. In folders, sidecar files (.xmp, .aae, .txt …), hidden files and
    previews (.marked.jpg) are skipped.

    With --watch, a file is uploaded once it has not been written to for two seconds, or immediately if it was renamed
    into the folder, provided that it decodes completely. Files that are already in the folder are uploaded first.
    """
    from zenoimg.operations.upload.sources import Selection

    options = Options(
        paths=tuple(paths),
        selection=Selection(recursive, prefix, tuple(include or ()), tuple(exclude or ()), strict),
        key=key,
        null=null,
        concurrency=concurrency,
        wait=not no_wait,
        timeout=timeout,
        overwrite=overwrite,
        force=force,
        dry_run=dry_run,
        as_json=as_json,
        watch=watch,
    )
    tally = _run_watch(call, options) if watch else _run(call, options)
    if watch:
        return
    if not tally.counts and not tally.skipped:
        hint = "Add --recursive to include subfolders." if tally.subfolders else ""
        raise UsageError(f"no photos in {', '.join(map(str, paths))}", next_step=hint)
    if tally.attention:
        raise typer.Exit(1)


def _run(call: Call, options: Options) -> Tally:
    from zenoimg.operations.configured import deployed_limits
    from zenoimg.operations.upload.run import Upload
    from zenoimg.operations.upload.sources import sizes

    settings, pipeline = pipeline_of(call)
    tally = Tally()
    with (
        _sources(options, tally) as sources,
        PhotoProgress(call.screen, "Uploading") as progress,
        JsonArray(wanted=options.as_json) as array,
    ):
        limits = deployed_limits(pipeline.deployment, settings)
        run = Upload(pipeline, _operation(options, pipeline), limits, on_bytes=progress.on_bytes)
        if progress.is_live and STDIN not in options.paths:
            progress.measure(sizes(options.paths, options.selection))
        try:
            for result in run.run(progress.counting(sources)):
                tally.add(result)
                if options.as_json:
                    array.add(json_of(result, is_stdin=options.reads_photo))
                progress.done(None if call.screen.quiet else line_of(result))
        except BaseException as error:
            # Whatever ends the run early, report what is done and what is not.
            if tally.counts or not isinstance(error, UsageError):
                summary(call.screen, tally, outstanding=run.unprocessed, ended_by=error)
            raise
    if tally.counts or tally.skipped:
        summary(call.screen, tally, outstanding=[])
    if tally.left and not pipeline.deployment.processor_function:
        call.screen.say(
            f"This pipeline has no function that processes them: `{safe(suggest('reprocess', '--here'))}` does it on "
            "this machine."
        )
    return tally


def _run_watch(call: Call, options: Options) -> Tally:
    """Upload the photos in a folder and those that appear in it, until interrupted."""
    from zenoimg.operations.configured import deployed_limits
    from zenoimg.operations.upload.hot_folder import HotFolder
    from zenoimg.operations.upload.run import Upload
    from zenoimg.operations.upload.watcher import changes

    (path,) = options.paths
    folder_path = path.resolve()  # events name files by their real paths
    events = changes(folder_path, recursive=options.selection.recursive)
    settings, pipeline = pipeline_of(call)
    limits = deployed_limits(pipeline.deployment, settings)

    def say_incomplete(source: Source) -> None:
        call.screen.say(f"[yellow]waiting[/]     {safe(source.key)}  it does not decode completely yet")

    folder = HotFolder(folder_path, options.selection, limits, say_incomplete)
    run = Upload(pipeline, replace(_operation(options, pipeline), look_ahead=False), limits)
    tally = Tally()
    call.screen.say(f"Watching {safe(str(path))}; Ctrl-C ends.")
    with JsonArray(wanted=options.as_json) as array:
        try:
            for result in run.run(folder.sources(events)):
                tally.add(result)
                if options.as_json:
                    array.add(json_of(result, is_stdin=False))
                if result.state != "unchanged":  # files that were there before
                    call.screen.line(line_of(result))
        finally:
            summary(call.screen, tally, outstanding=run.unprocessed, ended_by=sys.exception())
            if folder.incomplete:
                call.screen.say(f"Not complete yet: {render.plural(len(folder.incomplete), 'file')}.")
    return tally


def _operation(options: Options, pipeline: LivePipeline) -> UploadOptions:
    from zenoimg.operations.upload.run import UploadOptions

    is_local = pipeline.aws.local
    has_function = bool(pipeline.deployment.processor_function)
    return UploadOptions(
        wait=options.wait,
        has_function=has_function,
        overwrite=options.overwrite,
        force=options.force,
        dry_run=options.dry_run,
        timeout=options.timeout,
        paced=not options.wait and is_local and has_function,
        look_ahead=STDIN not in options.paths,
        concurrency=options.concurrency or (_LOCAL_CONCURRENCY if is_local else _CONCURRENCY),
        **{**(_LOCAL if is_local else {}), **({} if has_function else _NO_GRACE)},
    )


@contextmanager
def _sources(options: Options, tally: Tally) -> Iterator[Iterator[Source]]:
    from zenoimg.operations.upload.sources import SUBFOLDER, Source, read_paths, walk

    def skip(kind: str) -> None:
        if kind == SUBFOLDER:
            tally.subfolders += 1
        else:
            tally.skipped[kind] += 1

    if options.reads_paths:
        paths = read_paths(sys.stdin.buffer, b"\0" if options.null else b"\n")
        yield walk(paths, options.selection, on_skip=skip)
    elif options.key is None:
        yield walk(options.paths, options.selection, on_skip=skip)
    else:
        key = options.selection.prefix + options.key
        if not options.reads_photo:
            yield iter([Source(options.paths[0], key)])
            return
        # S3 is sent the length and a digest first, and a retry reads the photo again.
        with tempfile.NamedTemporaryFile(prefix="zenoimg-") as photo:
            shutil.copyfileobj(sys.stdin.buffer, photo)
            photo.flush()
            yield iter([Source(Path(photo.name), key)])
