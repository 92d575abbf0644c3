"""``zenoimg list``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from zenoimg.cli import render
from zenoimg.cli.connect import pipeline_of
from zenoimg.cli.globals import Call, command


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "list")(list_images)


def list_images(
    call: Call,
    as_json: Annotated[bool, typer.Option("--json", help="All records, as a JSON array.")] = False,
    limit: Annotated[int, typer.Option("--limit", help="Rows in the table.", min=1)] = 50,
) -> None:
    """Show what the pipeline has made, the newest first.

    Example: zenoimg list --json
    """
    _, pipeline = pipeline_of(call)
    from zenoimg.pipeline.records import to_json

    if as_json:
        records = sorted(pipeline.catalog.all(), key=lambda record: (record.created_at, record.image_id))
        call.screen.json([to_json(record) for record in reversed(records)])
        return
    now = datetime.now(UTC)
    newest = pipeline.catalog.newest(limit, today=now.date())
    if not newest:
        call.screen.say("No images yet. `zenoimg upload photo.jpg` sends the first.")
        return
    call.screen.out.print(render.images(newest, now))
    if len(newest) == limit:
        call.screen.say(f"The newest {limit:,}; --limit shows more, --json all.")
