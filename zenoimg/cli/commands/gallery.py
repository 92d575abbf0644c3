"""``zenoimg gallery``."""

from __future__ import annotations

import os
import warnings
import webbrowser
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import command
from zenoimg.cli.framework.session import confirm, pipeline_of
from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.progress import PhotoProgress
from zenoimg.cli.terminal.screen import Line, printable, safe
from zenoimg.cli.terminal.times import moment
from zenoimg.errors import ZenoError

if TYPE_CHECKING:
    from zenoimg.operations.gallery.files import Files, Pictures
    from zenoimg.operations.gallery.run import Album
    from zenoimg.pipeline.records import ImageRecord

#: From this many bytes on, fetching is asked about: transfer out of AWS costs.
_ASK_FROM_BYTES = 2_000_000_000


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "gallery")(gallery)


def gallery(
    call: Call,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the page; made when missing.", metavar="DIR")
    ] = Path("gallery"),
    prefix: Annotated[str, typer.Option("--prefix", help="Only ids that start with this.", metavar="P")] = "",
    since: Annotated[
        str | None, typer.Option("--since", help="Only images newer than 2h, 1d, 4w, or an ISO time.", metavar="T")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", help="So many at most, the newest.", min=1, metavar="N")] = 1000,
    no_originals: Annotated[
        bool, typer.Option("--no-originals", help="Copies only: nothing unmarked in the folder.")
    ] = False,
    open_page: Annotated[bool, typer.Option("--open", help="Show the page in the browser.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Fetch more than 2 GB without asking.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was made as JSON.")] = False,
) -> None:
    """Make a page to look at: every image before and after, what was refused, and why.

    Example: zenoimg gallery --since 1w --open

    The page is DIR/index.html, with pictures beside it; it needs no server and loads nothing from elsewhere.
    Pictures hold no metadata but colours and orientation. Unless --no-originals, they show what is unmarked:
    give the folder to nobody who may not see that. Running it again fetches only what is new.
    """
    now = datetime.now(UTC)
    bound = None if since is None else moment(since, now, option="--since")
    settings, pipeline = pipeline_of(call)
    from zenoimg.operations.configured import deployed_limits
    from zenoimg.operations.gallery import run as pages
    from zenoimg.operations.gallery.files import Files
    from zenoimg.operations.output.directory import OutputDirectory
    from zenoimg.operations.records.listing import Query, from_table
    from zenoimg.pipeline.records import utc_text

    pages.check_folder(out)
    since_text = utc_text(bound) if bound else ""
    found = from_table(pipeline.catalog, Query(prefix=prefix, since=since_text, limit=limit), today=now.date())
    records = list(found.records)
    progress = PhotoProgress(call.screen, "Fetching")
    try:
        directory = OutputDirectory(out)
        files = Files(
            pipeline,
            directory,
            deployed_limits(pipeline.deployment, settings),
            originals=not no_originals,
            workers=os.cpu_count() or 1,
            on_bytes=progress.on_bytes,
        )
        images, size = files.missing(records)
        if size >= _ASK_FROM_BYTES and not pipeline.aws.local:
            what = f"Fetch {render.plural(images, 'image')}, {render.size(size)}, {pipeline.aws.where}?"
            if not confirm(call, what, yes=yes):
                call.screen.say("Nothing was fetched.")
                return
        pictures = _fetched(progress, files, records, images, size)
        album = pages.Album(
            stack=settings.stack,
            where=pipeline.aws.where,
            made_at=utc_text(now),
            pictures=pictures,
            originals=not no_originals,
            recipe=pipeline.deployment.recipe_fingerprint,
            prefix=prefix,
            since=since_text,
            total=found.images,
        )
        page = pages.write(directory, out, album)
    except OSError as error:
        raise ZenoError(
            f"{error.filename or out} cannot be written: {error.strerror or error}",
            next_step="Choose another folder with --out.",
            code="unwritable",
        ) from error
    _report(call, page, album, limit=limit, as_json=as_json)
    if open_page and not webbrowser.open(page.resolve().as_uri()):
        call.screen.say(f"No browser was found here; open {safe(str(page))} yourself.")
    if any(each.problem for each in pictures):
        raise typer.Exit(1)


def _fetched(
    progress: PhotoProgress, files: Files, records: list[ImageRecord], images: int, size: int
) -> list[Pictures]:
    """The files of each image, in the order of the records; images that were deleted meanwhile are left out."""
    order = {record.image_id: index for index, record in enumerate(records)}
    made: list[Pictures] = []
    with progress, warnings.catch_warnings():
        # Decoders remark on odd files; what matters of that stands in the records.
        warnings.simplefilter("ignore")
        progress.expect(len(records), size)
        for pictures in files.run(records):
            if pictures is not None:
                made.append(pictures)
            problem = pictures.problem if pictures else ""
            progress.done(_line(pictures) if pictures and problem else None)
    return sorted(made, key=lambda pictures: order[pictures.record.image_id])


def _line(pictures: Pictures) -> Line:
    return render.outcome("failed", pictures.record.image_id, reason=pictures.problem, width=8)


def _report(call: Call, page: Path, album: Album, *, limit: int, as_json: bool) -> None:
    counts = Counter(each.record.status for each in album.pictures)
    problems = sum(bool(each.problem) for each in album.pictures)
    if as_json:
        call.screen.json(
            {
                "Page": str(page),
                "Images": len(album.pictures),
                **{status.capitalize(): counts[status] for status in ("processed", "refused", "failed")},
                "WithoutPictures": [each.record.image_id for each in album.pictures if each.problem],
            }
        )
    else:
        call.screen.out.print(Text(printable(str(page))))
    parts = render.counts(counts, none="an empty page")
    call.screen.say(f"{render.plural(len(album.pictures), 'image')}: {parts}.")
    if problems:
        call.screen.say(f"{render.plural(problems, 'image')} cannot be shown whole; run this again to try again.")
    if len(album.pictures) >= limit and (album.total is None or album.total > limit):
        call.screen.say(f"These are the newest {limit:,}; --limit shows more.")
    if album.originals and album.pictures:
        call.screen.say("The folder holds unmarked originals; --no-originals leaves them out.")
