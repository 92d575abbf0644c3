"""``zenoimg reprocess --watch``: look on while the backfill queue is worked off, whoever filled it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from zenoimg.cli.framework.call import Call
from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.backfill import BackfillView, result_line
from zenoimg.cli.terminal.screen import JsonArray

if TYPE_CHECKING:
    from zenoimg.operations.pipeline import LivePipeline


def look_on(call: Call, pipeline: LivePipeline, *, as_json: bool) -> None:
    """Return when the queue is empty; then say what was refused or failed meanwhile.

    Raises ``typer.Exit`` with 1 when something failed for good.
    """
    from zenoimg.operations.reprocess.backfill import counts
    from zenoimg.operations.reprocess.watch import changed_since, look_on
    from zenoimg.pipeline.records import utc_text

    began = utc_text(datetime.now(UTC))
    with BackfillView(call.screen) as view:
        worked_off = look_on(pipeline, view.watched)
    failed = 0
    with JsonArray(wanted=as_json) as array:
        for result in changed_since(pipeline, began):
            failed += result.result == "failed"
            array.add({"ImageId": result.key, "Result": result.result, "Reason": result.reason})
            call.screen.line(result_line(result))
    url = pipeline.deployment.dead_letter_queue_url
    dead = counts(pipeline, url).total if url else 0
    call.screen.say(f"The backfill queue is empty; {render.plural(worked_off, 'message')} worked off meanwhile.")
    if dead:
        call.screen.say(f"{render.plural(dead, 'dead letter')}: `zenoimg reprocess --failed` brings them back.")
    if dead or failed:
        raise typer.Exit(1)
