"""``zenoimg show``."""

from __future__ import annotations

import webbrowser
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import command
from zenoimg.cli.framework.embedded import embedded_aws
from zenoimg.cli.framework.selecting import Given
from zenoimg.cli.framework.session import pipeline_of
from zenoimg.cli.terminal import pictures, render
from zenoimg.cli.terminal.screen import JsonArray, printable
from zenoimg.cli.terminal.selected import show_dry_run
from zenoimg.cli.terminal.times import local_time
from zenoimg.errors import UsageError, ZenoError
from zenoimg.suggest import suggest

if TYPE_CHECKING:
    from zenoimg.operations.pipeline import LivePipeline
    from zenoimg.operations.selectors import Selectors
    from zenoimg.pipeline.records import ImageRecord


_OPEN_SECONDS = 3600


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "show")(show)


@dataclass(frozen=True)
class Options:
    """The validated options. ``single`` is the id if exactly one was given."""

    selectors: Selectors
    single: str | None
    open_copy: bool
    picture: bool
    dry_run: bool
    as_json: bool

    def __post_init__(self) -> None:
        if self.picture and self.as_json:
            raise UsageError("--picture and --json exclude each other")
        if self.open_copy and self.single is None:
            raise UsageError("--open opens one copy: give exactly one id")


def show(
    call: Call,
    given: Given,
    open_copy: Annotated[
        bool, typer.Option("--open", help="Open the copy in the system's viewer, with a URL that is valid for an hour.")
    ] = False,
    picture: Annotated[
        bool, typer.Option("--picture", "-p", help="Draw the image before and after in the terminal.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count the images; show none.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the record of one ID as a JSON object, else an array of records.")
    ] = False,
) -> None:
    """Show everything known about an image, or about several.

    Example: zenoimg show photo.jpg

    Several: zenoimg show --prefix holiday/ --status refused
    """
    given.require()
    _run(call, Options(given.selectors(), given.single, open_copy, picture, dry_run, as_json))


def _run(call: Call, options: Options) -> None:
    renderer = pictures.renderer(call.screen) if options.picture else None
    settings, pipeline = pipeline_of(call)
    from zenoimg.operations.configured import deployed_limits
    from zenoimg.operations.gallery.thumbnails import before_and_after
    from zenoimg.operations.inventory.images import Tally, find_images
    from zenoimg.pipeline.records import to_json

    tally = Tally()
    images = tally.of(find_images(pipeline, options.selectors, today=datetime.now(UTC).date()))
    if options.dry_run:
        deque(images, maxlen=0)
        show_dry_run(call.screen, tally.count, "originals", "nothing was shown", as_json=options.as_json)
        return
    unknown = 0
    with JsonArray(wanted=options.as_json and options.single is None) as array:
        for number, image in enumerate(images):
            record = image.record
            if record is None and options.single is not None:
                raise _unknown(pipeline, image.key)
            if record is None:
                unknown += 1
                call.screen.line(render.outcome("missing", image.key, reason="there is no such image"), always=True)
            elif options.as_json and options.single is not None:
                call.screen.json(to_json(record))
            elif options.as_json:
                array.add(to_json(record))
            else:
                if number:
                    call.screen.out.print()
                call.screen.table(
                    render.details(_rows(record, datetime.now(UTC), pipeline.deployment.recipe_for(image.key)))
                )
            if options.picture and record is not None:
                limits = deployed_limits(pipeline.deployment, settings)
                pictures.draw(call.screen, renderer, before_and_after(pipeline, record, limits))
            if options.open_copy and record is not None:
                _open(pipeline, record)
    if options.single is None:
        call.screen.say(f"{render.plural(tally.count.images - unknown, 'image')}.")
    if unknown:
        raise typer.Exit(1)


def _open(pipeline: LivePipeline, record: ImageRecord) -> None:
    from zenoimg.pipeline.verdict import expected_copy

    if expected_copy(record) is None:
        raise ZenoError(f"{record.image_id!r} has no copy to open: it is {record.status}", code="no-copy")
    url = _url(pipeline, record)
    if not webbrowser.open(url):
        raise ZenoError("no viewer was found to open the copy", next_step=f"Its URL: {url}", code="no-viewer")


def _url(pipeline: LivePipeline, record: ImageRecord) -> str:
    """Return a URL of the copy that needs no credentials: presigned for an hour, or plain on the embedded AWS."""
    from zenoimg.operations.records.listing import presigned

    if pipeline.aws.local and not embedded_aws().settings.enforce_iam:
        return pipeline.settings.copy_url(record.image_id)
    (signed,) = presigned(pipeline, [record], _OPEN_SECONDS)
    assert signed.processed_url is not None, "an image with a copy has a URL"
    return signed.processed_url


def _unknown(pipeline: LivePipeline, image_id: str) -> ZenoError:
    from zenoimg.operations.records.image_ids import is_possible

    if is_possible(image_id) and pipeline.storage.head_original(image_id) is not None:
        return ZenoError(
            f"the original {image_id!r} has no record yet",
            next_step=f"If it has none in a few minutes, `{suggest('reprocess', ids=[image_id])}` processes it again.",
            code="no-record",
        )
    return ZenoError(
        f"there is no image {image_id!r}", next_step=f"`{suggest('list')}` shows the ids.", code="no-such-image"
    )


def _rows(record: ImageRecord, now: datetime, current_recipe: str) -> Iterator[tuple[str, Text]]:
    """Yield the rows of a record, without those that do not apply."""
    yield "Image", Text(printable(record.image_id), style="bold")
    status = render.status(record.status)
    if record.error:
        status.append(f": {printable(record.error)}", style="")
    yield "Status", status
    yield "Created", _time(record.created_at, now)
    yield "Updated", _time(record.updated_at, now)
    if record.original_size is not None:
        yield "Original", Text(f"{render.size(record.original_size)} ({record.original_size:,} bytes)")
    if record.processed_size is not None:
        change = render.change(record.original_size, record.processed_size)
        yield "Copy", Text(f"{render.size(record.processed_size)} ({record.processed_size:,} bytes, {change})")
    if record.width:
        frames = f", {record.frames:,} frames" if (record.frames or 1) > 1 else ""
        of = f" of {printable(record.source_format)}" if record.source_format not in (None, record.format) else ""
        yield "Picture", Text(f"{printable(record.format or '')}{of} {record.width}×{record.height}{frames}".strip())
    if record.encoding == "coefficients":
        yield "Encoding", Text("only the blocks under the mark were re-encoded")
    elif record.encoding == "copied":
        yield "Encoding", Text(f"copied, {render.unmarked(record.warnings)}")
    for warning in record.warnings:
        yield "Note", Text(printable(warning), style="yellow")
    if record.processed_url:
        yield "URL", Text(printable(record.processed_url))
    if record.duration_ms is not None:
        yield "Took", Text(f"{record.duration_ms:,} ms")
    if record.recipe:
        older = bool(current_recipe) and record.recipe != current_recipe
        yield "Recipe", Text(record.recipe + (" (not the deployed one)" if older else ""))
    if record.version_id:
        yield "Version", Text(printable(record.version_id))
    if record.etag and record.etag != record.version_id:
        yield "ETag", Text(printable(record.etag))


def _time(text: str, now: datetime) -> Text:
    moment = render.moment_of(text)
    return Text("–" if moment is None else f"{local_time(moment)}, {render.age(text, now)} ago")
