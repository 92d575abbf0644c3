"""``zenoimg gallery``."""

from __future__ import annotations

import webbrowser
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import command
from zenoimg.cli.framework.selecting import Given
from zenoimg.cli.framework.session import confirm, pipeline_of
from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.progress import PhotoProgress
from zenoimg.cli.terminal.screen import Line, printable, safe
from zenoimg.cli.terminal.selected import show_dry_run
from zenoimg.suggest import suggest

if TYPE_CHECKING:
    from zenoimg.operations.gallery.album import Album
    from zenoimg.operations.gallery.files import Pictures
    from zenoimg.operations.gallery.run import GalleryOptions

#: Confirm before fetching this many bytes: transfer out of AWS costs money.
_ASK_FROM_BYTES = 2_000_000_000
#: Number of images on a page by default.
_IMAGES = 1000
_NAMED = 5  # maximum number of ids in a suggested command; beyond it, the command selects them itself


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "gallery")(gallery)


def gallery(
    call: Call,
    given: Given,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the page, created if necessary.", metavar="DIR")
    ] = Path("gallery"),
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            help="Maximum number of images, newest first (default: 1000, none with --all).",
            min=1,
            metavar="N",
        ),
    ] = None,
    no_originals: Annotated[
        bool, typer.Option("--no-originals", help="Copies only, so that the folder contains nothing unmarked.")
    ] = False,
    open_page: Annotated[bool, typer.Option("--open", help="Show the page in the browser.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count the images; fetch and write nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Fetch more than 2 GB without asking.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a summary as JSON.")] = False,
) -> None:
    """Make a web page of all images before and after, with the reasons for refusals.

    Example: zenoimg gallery --since 1w --open

    The page is DIR/index.html with the pictures next to it; it needs no server and loads nothing from elsewhere. The
    pictures have no metadata except colour and orientation. Without --no-originals the folder contains unmarked
    originals: share it only with people who may see them. Rerunning the command fetches only what is new.
    """
    now = datetime.now(UTC)
    from zenoimg.operations.gallery.run import GalleryOptions

    options = GalleryOptions(
        out,
        given.selectors(now),
        limit=limit or (None if given.everything or given.ids else _IMAGES),
        originals=not no_originals,
    )
    page = _made(call, options, now, dry_run=dry_run, yes=yes, as_json=as_json)
    if page is None:
        return
    if open_page and not webbrowser.open(page.path.resolve().as_uri()):
        call.screen.say(f"No browser was found; open {safe(str(page.path))} yourself.")
    if page.unknown or any(each.problem for each in page.album.pictures):
        raise typer.Exit(1)


@dataclass(frozen=True)
class _Page:
    path: Path
    album: Album
    unknown: tuple[str, ...]


def _made(
    call: Call, options: GalleryOptions, now: datetime, *, dry_run: bool, yes: bool, as_json: bool
) -> _Page | None:
    """Make the page and report it; return ``None`` for a dry run, or if the user declines to fetch that much."""
    from zenoimg.operations.configured import deployed_limits
    from zenoimg.operations.gallery.run import Gallery

    settings, pipeline = pipeline_of(call)
    limits = deployed_limits(pipeline.deployment, settings)
    progress = PhotoProgress(call.screen, "Fetching")
    run = Gallery(pipeline, options, limits, now=now, on_bytes=progress.on_bytes)
    for unknown in run.unknown:
        call.screen.line(render.outcome("missing", unknown, reason="there is no such image", width=8), always=True)
    missing = run.missing()
    if dry_run:
        count = replace(run.count, total_bytes=missing.size)
        show_dry_run(call.screen, count, "pictures to fetch", "nothing was fetched", as_json=as_json)
        return None
    if missing.size >= _ASK_FROM_BYTES and not pipeline.aws.local:
        what = f"Fetch {render.plural(missing.images, 'image')}, {render.size(missing.size)}, {pipeline.aws.where}?"
        if not confirm(call, what, yes=yes):
            call.screen.say("Nothing was fetched.")
            return None
    pictures: list[Pictures] = []
    with progress:
        progress.expect(len(run.records), missing.size)
        for found in run.fetch():
            pictures += [found] if found else []
            progress.done(_line(found) if found and found.problem else None)
    page = _Page(*run.write(settings.stack, pictures), run.unknown)
    _report(call, page, limit=options.limit, as_json=as_json)
    return page


def _line(pictures: Pictures) -> Line:
    return render.outcome("failed", pictures.record.image_id, reason=pictures.problem, width=8)


def _report(call: Call, page: _Page, *, limit: int | None, as_json: bool) -> None:
    album = page.album
    counts = Counter(each.record.status for each in album.pictures)
    problems = sum(bool(each.problem) for each in album.pictures)
    if as_json:
        call.screen.json(
            {
                "Page": str(page.path),
                "Images": len(album.pictures),
                **{status.capitalize(): counts[status] for status in ("processed", "refused", "failed")},
                "WithoutPictures": [each.record.image_id for each in album.pictures if each.problem],
                "Missing": list(page.unknown),
            }
        )
    else:
        call.screen.out.print(Text(printable(str(page.path))))
    parts = render.counts(counts, none="an empty page")
    call.screen.say(f"{render.plural(len(album.pictures), 'image')}: {parts}.")
    again = [each.record.image_id for each in album.pictures if each.reprocess_helps]
    if problems:
        call.screen.say(f"{render.plural(problems, 'image')} cannot be shown completely; rerun the command to retry.")
    if again:
        command = suggest("reprocess", ids=again) if len(again) <= _NAMED else suggest("reprocess")
        call.screen.say(f"{render.plural(len(again), 'image')} can be processed again: `{safe(command)}`")
    if limit is not None and len(album.pictures) >= limit and (album.total is None or album.total > limit):
        call.screen.say(f"These are the newest {limit:,}; --limit shows more.")
    if album.originals and album.pictures:
        call.screen.say("The folder contains unmarked originals; --no-originals leaves them out.")
