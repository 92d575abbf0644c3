"""``zenoimg list``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import command
from zenoimg.cli.framework.selecting import GivenFilters
from zenoimg.cli.framework.session import pipeline_of
from zenoimg.cli.terminal import export, render
from zenoimg.cli.terminal.screen import safe
from zenoimg.cli.terminal.times import duration
from zenoimg.errors import UsageError
from zenoimg.suggest import suggest

if TYPE_CHECKING:
    from zenoimg.operations.records.listing import Found, Query
    from zenoimg.operations.selectors import Selectors

_TABLE_ROWS = 50
_NARROW = 100  # columns; in narrower terminals, names get more room
#: Maximum of Signature Version 4: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ShareObjectPreSignedURL.html
_MAX_PRESIGN = timedelta(days=7)

Sort = StrEnum("Sort", ["created", "size", "id"])
Via = StrEnum("Via", ["table", "api"])
Format = Literal["table", "json", "jsonl", "csv"]


@dataclass(frozen=True)
class Options:
    """The validated options. ``presign`` is in seconds."""

    format: Format
    selectors: Selectors
    limit: int | None
    sort: Sort | None
    presign: int | None
    via: Via

    def __post_init__(self) -> None:
        if self.presign is not None and self.format == "table":
            raise UsageError("--presign needs --json, --jsonl or --csv: the table shows no URLs")

    def query(self) -> Query:
        """Return the query for the records; unless an order is given, use the one that suits status and format."""
        from zenoimg.operations.records.listing import Query

        streamed = self.format in ("jsonl", "csv") and self.limit is None
        attention = self.selectors.status in ("refused", "failed")
        order = "any" if streamed else "changed" if attention else "created"
        return Query(
            self.selectors,
            limit=_TABLE_ROWS if self.limit is None and self.format == "table" else self.limit,
            order=self.sort.value if self.sort else order,  # type: ignore[arg-type]
        )


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "list")(list_images)


def list_images(
    call: Call,
    given: GivenFilters,
    as_json: Annotated[bool, typer.Option("--json", help="Print all records as a JSON array.")] = False,
    as_json_lines: Annotated[bool, typer.Option("--jsonl", help="Print one JSON record per line, streamed.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values, streamed.")] = False,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", help="Maximum number of images (default: 50 in the table, else all).", min=1, metavar="N"
        ),
    ] = None,
    sort: Annotated[
        Sort | None,
        typer.Option(
            "--sort",
            help="Newest first, largest first or by id. Default: created; for refused and failed images the latest "
            "change first; no order for --jsonl and --csv without --limit.",
            show_default=False,
        ),
    ] = None,
    presign: Annotated[
        str | None,
        typer.Option(
            "--presign",
            help="Presign ProcessedUrl, so that anyone can open the copy for this long: 30m, 1h, up to 7d, but no "
            "longer than the credentials are valid.",
            metavar="T",
        ),
    ] = None,
    via: Annotated[Via, typer.Option("--via", help="Read the table, or call GET /images.")] = Via.table,
) -> None:
    """List images, newest first.

    Example: zenoimg list --status refused

    For programs: zenoimg list --jsonl | jq -r .ImageId
    """
    now = datetime.now(UTC)
    formats: dict[Format, bool] = {"json": as_json, "jsonl": as_json_lines, "csv": as_csv}
    chosen = [name for name, wanted in formats.items() if wanted]
    if len(chosen) > 1:
        raise UsageError(f"choose one of {' and '.join(f'--{name}' for name in chosen)}")
    options = Options(
        format=chosen[0] if chosen else "table",
        selectors=given.selectors(now),
        limit=limit,
        sort=sort,
        presign=None if presign is None else _presign_seconds(presign),
        via=via,
    )
    _run(call, options, now)


def _run(call: Call, options: Options, now: datetime) -> None:
    _, pipeline = pipeline_of(call)
    from zenoimg.operations.records.listing import from_api, from_table, presigned
    from zenoimg.pipeline.records import JSON_KEYS, to_json

    query = options.query()
    found = (
        from_api(pipeline, query) if options.via is Via.api else from_table(pipeline.catalog, query, today=now.date())
    )
    if options.format == "table":
        _table(call, found, query, now)
        return
    records = found.records if options.presign is None else presigned(pipeline, found.records, options.presign)
    shown = (to_json(record) for record in records)
    if options.format == "csv":
        export.csv_rows(JSON_KEYS, shown)
    elif options.format == "jsonl":
        export.json_lines(shown)
    else:
        export.json_array(shown)


def _presign_seconds(text: str) -> int:
    length = duration(text, option="--presign")
    if not timedelta(seconds=1) <= length <= _MAX_PRESIGN:
        raise UsageError(f"--presign {text} is out of range", next_step="S3 allows 1s to 7d.")
    return int(length.total_seconds())


def _table(call: Call, found: Found, query: Query, now: datetime) -> None:
    records = list(found.records)
    if not records:
        call.screen.say(_nothing(query))
        return
    wide, narrow = call.screen.is_wide, call.screen.out.width < _NARROW
    call.screen.table(render.images(records, now, with_times=wide, whole_reasons=wide, is_narrow=narrow))
    call.screen.say(_count(len(records), found, query))


def _nothing(query: Query) -> str:
    if query.is_filtered:
        return "No such images."
    return f"No images yet. `{safe(suggest('upload', 'photo.jpg'))}` sends the first."


def _count(shown: int, found: Found, query: Query) -> str:
    more = "; --limit shows more" if shown == query.limit else ""
    if found.images is None or found.images < shown:  # DynamoDB updates the count every six hours
        return f"{render.plural(shown, 'image')} shown{more}."
    if found.images == shown:
        return f"{render.plural(shown, 'image')}."
    about = "" if found.exact else "about "
    return f"{shown:,} of {about}{render.plural(found.images, 'image')}{more}."
