"""The command line: what there is, in the order in which people need it."""

from __future__ import annotations

from typing import Annotated

import typer

from zenoimg import __version__
from zenoimg.cli import api, delete, deploy, destroy, download, list_images, preview, reprocess, show, tail_logs, upload
from zenoimg.cli import local as local_commands
from zenoimg.cli.globals import add_callback

app = typer.Typer(
    name="zenoimg",
    help="Watermark photos on AWS: deploy the pipeline, feed it, look at it.\n\n"
    "No AWS account? Add --local and everything runs on this machine:\n\n"
    "    zenoimg --local deploy && zenoimg --local upload photo.jpg",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"zenoimg {__version__}")
        raise typer.Exit


add_callback(
    app,
    Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")],
)

for module in (preview, deploy, upload, list_images, show, download, delete, reprocess, tail_logs, api, destroy):
    module.register(app)
app.add_typer(local_commands.app, name="local")


def main() -> None:
    """Entry point of the ``zenoimg`` command."""
    app()
