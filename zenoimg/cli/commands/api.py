"""``zenoimg api``."""

from __future__ import annotations

from typing import Annotated

import typer

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import command
from zenoimg.cli.framework.session import pipeline_of
from zenoimg.errors import RefusedByAwsError, UsageError


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "api")(api)


def api(
    call: Call,
    path: Annotated[str, typer.Argument(help="Path and query, for example /images?limit=10.", metavar="PATH")],
) -> None:
    """Send a signed request to the pipeline's HTTP API and print the response.

    Example: zenoimg api /images
    """
    route, _, query = path.partition("?")
    if not route.startswith("/"):
        raise UsageError(f"{path!r} is not a path", next_step="Write it as /images or /images?limit=10.")
    _, pipeline = pipeline_of(call)
    from zenoimg.operations.records.api import base_url, get

    answer = get(pipeline.aws, base_url(pipeline.aws, pipeline.deployment) + route + (f"?{query}" if query else ""))
    if answer.link:
        call.screen.say(f"Link: {answer.link}")
    if answer.status >= 400:
        raise RefusedByAwsError(f"the API responded {answer.status}: {answer.body.strip()}", code="api-refused")
    typer.echo(answer.body)
