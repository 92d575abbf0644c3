"""``zenoimg versions``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import command
from zenoimg.cli.framework.completion import image_ids
from zenoimg.cli.framework.session import pipeline_of
from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.screen import printable, safe
from zenoimg.cli.terminal.times import local_time
from zenoimg.errors import ZenoError
from zenoimg.suggest import suggest

if TYPE_CHECKING:
    from rich.table import Table

    from zenoimg.operations.versions.listing import Version


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "versions")(versions)


def versions(
    call: Call,
    image_id: Annotated[str, typer.Argument(help="Id of the image.", metavar="ID", autocompletion=image_ids)],
    as_json: Annotated[bool, typer.Option("--json", help="Print the versions as JSON.")] = False,
) -> None:
    """List the versions of an original that S3 keeps.

    Example: zenoimg versions photo.jpg

    Newest first, including delete markers; `zenoimg restore` makes an older version current again.
    """
    settings, pipeline = pipeline_of(call)
    from zenoimg.operations.records.image_ids import is_possible
    from zenoimg.operations.removal.retention import kept_versions
    from zenoimg.operations.versions.listing import versions_of

    found = versions_of(pipeline, image_id) if is_possible(image_id) else []
    if not found:
        raise ZenoError(
            f"S3 has no version of an image {image_id!r}",
            next_step=f"`{suggest('list')}` shows the ids of all images.",
            code="no-such-image",
        )
    if as_json:
        call.screen.json([_json(version) for version in found])
    else:
        call.screen.table(_table(found))
    call.screen.say(safe(kept_versions(pipeline, settings.stack)))
    older = [version for version in found if not version.is_marker and not version.is_current]
    if found[0].is_marker and older:
        call.screen.say(f"`{safe(suggest('restore', ids=[image_id]))}` restores the newest one.")
    elif older:
        again = suggest("restore", "--version", older[0].version_id, ids=[image_id])
        call.screen.say(f"`{safe(again)}` restores the one before the current.")


def _table(found: list[Version]) -> Table:
    table = render.table("Version", "Stored", "Size", "State", numbers=["Version", "Stored", "Size"])
    table.columns[0].justify = table.columns[1].justify = "left"
    for version in found:
        table.add_row(
            Text(printable(version.version_id), style="dim" if version.is_marker else ""),
            Text("–" if version.modified is None else local_time(version.modified)),
            Text(render.size(version.size)),
            Text(_state(version), style="yellow" if version.is_marker else "green" if version.is_current else ""),
        )
    return table


def _state(version: Version) -> str:
    """Return ``current, GLACIER_IR``, ``deleted`` or nothing; the default storage class is omitted."""
    if version.is_marker:
        return "deleted"
    storage_class = "" if version.storage_class == "STANDARD" else version.storage_class
    return ", ".join(filter(None, ["current" if version.is_current else "", storage_class]))


def _json(version: Version) -> dict[str, Any]:
    return {
        "VersionId": version.version_id,
        "LastModified": None if version.modified is None else version.modified.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "Size": version.size,
        "ETag": version.etag or None,
        "StorageClass": version.storage_class or None,
        "IsCurrent": version.is_current,
        "IsDeleteMarker": version.is_marker,
    }
