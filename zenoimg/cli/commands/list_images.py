"""``zenoimg list``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import command
from zenoimg.cli.framework.session import pipeline_of
from zenoimg.cli.terminal import export, render
from zenoimg.cli.terminal.screen import safe
from zenoimg.cli.terminal.times import duration, moment
from zenoimg.errors import UsageError
from zenoimg.suggest import suggest

if TYPE_CHECKING:
    from zenoimg.operations.records.listing import Found, Query

_TABLE_ROWS = 50
_NARROW = 100  # columns of a terminal below which names need every one
#: Signature version 4 allows no more: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ShareObjectPreSignedURL.html
_LONGEST_PRESIGN = timedelta(days=7)

Status = StrEnum("Status", ["processed", "refused", "failed"])
Sort = StrEnum("Sort", ["created", "size", "id"])
Via = StrEnum("Via", ["table", "api"])


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "list")(list_images)


def list_images(
    call: Call,
    as_json: Annotated[bool, typer.Option("--json", help="All records, as a JSON array.")] = False,
    as_json_lines: Annotated[bool, typer.Option("--jsonl", help="One JSON record a line, as they come.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated values, as they come.")] = False,
    status: Annotated[Status | None, typer.Option("--status", help="Only images of this status.")] = None,
    prefix: Annotated[str, typer.Option("--prefix", help="Only ids that start with this.", metavar="P")] = "",
    since: Annotated[
        str | None, typer.Option("--since", help="Only images newer than 2h, 1d, 4w, or an ISO time.", metavar="T")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", help="So many at most (default: 50 in the table, else all).", min=1, metavar="N"),
    ] = None,
    sort: Annotated[
        Sort | None,
        typer.Option(
            "--sort",
            help="Newest first, largest first, or by id. Default: created; the latest change first for refused and "
            "failed ones; none for --jsonl and --csv without --limit.",
            show_default=False,
        ),
    ] = None,
    presign: Annotated[
        str | None,
        typer.Option(
            "--presign",
            help="Make ProcessedUrl an address that opens the copy for anybody for so long: 30m, 1h, at most 7d. "
            "It ends earlier where the credentials do.",
            metavar="T",
        ),
    ] = None,
    via: Annotated[Via, typer.Option("--via", help="Read the table, or call GET /images, signed.")] = Via.table,
) -> None:
    """List images, newest first.

    Example: zenoimg list --status refused

    For programs: zenoimg list --jsonl | jq -r .ImageId
    """
    formats = {"--json": as_json, "--jsonl": as_json_lines, "--csv": as_csv}
    chosen = [name for name, wanted in formats.items() if wanted]
    if len(chosen) > 1:
        raise UsageError(f"choose one of {' and '.join(chosen)}")
    expires = None if presign is None else _presign_seconds(presign)
    if expires is not None and not chosen:
        raise UsageError("--presign goes with --json, --jsonl or --csv: the table shows no addresses")
    now = datetime.now(UTC)
    bound = None if since is None else moment(since, now, option="--since")
    _, pipeline = pipeline_of(call)
    from zenoimg.operations.records.listing import Query, from_api, from_table, presigned
    from zenoimg.pipeline.records import JSON_KEYS, to_json, utc_text

    streamed = (as_json_lines or as_csv) and limit is None
    attention = status in (Status.refused, Status.failed)
    query = Query(
        status=status.value if status else None,  # type: ignore[arg-type]
        prefix=prefix,
        since=utc_text(bound) if bound else "",
        limit=limit if limit or chosen else _TABLE_ROWS,
        order=sort.value if sort else "any" if streamed else "changed" if attention else "created",  # type: ignore[arg-type]
    )
    found = from_api(pipeline, query) if via is Via.api else from_table(pipeline.catalog, query, today=now.date())
    if not chosen:
        _table(call, found, query, now)
        return
    records = found.records if expires is None else presigned(pipeline, found.records, expires)
    shown = (to_json(record) for record in records)
    if as_csv:
        export.csv_rows(JSON_KEYS, shown)
    elif as_json_lines:
        export.json_lines(shown)
    else:
        export.json_array(shown)


def _presign_seconds(text: str) -> int:
    length = duration(text, option="--presign")
    if not timedelta(seconds=1) <= length <= _LONGEST_PRESIGN:
        raise UsageError(f"--presign {text} is not possible", next_step="S3 allows from 1s to 7d.")
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
    if query.status or query.prefix or query.since:
        return "No such images."
    return f"No images yet. `{safe(suggest('upload', 'photo.jpg'))}` sends the first."


def _count(shown: int, found: Found, query: Query) -> str:
    more = "; --limit shows more" if shown == query.limit else ""
    if found.images is None or found.images < shown:  # DynamoDB counts every six hours
        return f"{render.plural(shown, 'image')} shown{more}."
    if found.images == shown:
        return f"{render.plural(shown, 'image')}."
    about = "" if found.exact else "about "
    return f"{shown:,} of {about}{render.plural(found.images, 'image')}{more}."
