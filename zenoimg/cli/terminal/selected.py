"""Sum up a selection, for ``--dry-run``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.screen import Screen, safe

if TYPE_CHECKING:
    from zenoimg.operations.inventory.images import Count


def summary(count: Count, what: str) -> str:
    """Return the number of images, their statuses and the size of ``what`` ("originals")."""
    statuses = render.counts(count.by_status, none="")
    text = f"{render.plural(count.images, 'image')}{f' ({statuses})' if statuses else ''}"
    return f"{text}, {render.size(count.total_bytes)} of {what}" if count.total_bytes else text


def show_dry_run(screen: Screen, count: Count, what: str, nothing: str, *, as_json: bool) -> None:
    """Show the images that a command would work on; ``nothing`` says what it did not do ("nothing was deleted")."""
    if as_json:
        screen.json(asdict(count))
        return
    screen.say(f"{safe(summary(count, what))}. Dry run: {nothing}.")
