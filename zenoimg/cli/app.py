"""The command line: its commands, each a module with ``register`` that is imported when it is used."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from contextlib import suppress
from typing import Annotated

import typer

from zenoimg import __version__
from zenoimg.cli.framework.command import add_callback
from zenoimg.cli.framework.lazy import Entry, group_of

#: Longer help lines are hard to read.
_HELP_COLUMNS = 100

#: In the order in which users need them; each summary is the first paragraph of the command's docstring.
COMMANDS = {
    "preview": Entry("preview", "Watermark photos on this machine, as the pipeline would; needs no AWS account."),
    "deploy": Entry("deploy", "Create or update the pipeline."),
    "upload": Entry("upload", "Upload photos and wait for their watermarked copies."),
    "list": Entry("list_images", "List images, newest first."),
    "show": Entry("show", "Show everything known about an image, or about several."),
    "download": Entry("download", "Download watermarked copies into files named after their ids."),
    "gallery": Entry("gallery", "Make a web page of all images before and after, with the reasons for refusals."),
    "delete": Entry("delete", "Delete originals with their copies and records."),
    "versions": Entry("versions", "List the versions of an original that S3 keeps."),
    "restore": Entry("restore", "Restore deleted images, or an older version of one."),
    "status": Entry("status", "Show pipeline health. Exit code 1 if action is needed, with the command to run."),
    "doctor": Entry("doctor", "Check this machine, the settings and the deployed pipeline, and suggest remedies."),
    "reprocess": Entry("reprocess", "Reprocess images: missing, stale, failed, refused or all."),
    "dead-letters": Entry("dead_letters", "List, show and discard messages that failed permanently."),
    "rollout": Entry("rollout", "Deploy a new watermark and apply it to stored images, starting with a canary."),
    "tail-logs": Entry("tail_logs", "Show the functions' logs."),
    "api": Entry("api", "Send a signed request to the pipeline's HTTP API and print the response."),
    "template": Entry("template", "Print the CloudFormation template and its parameters, to deploy with other tools."),
    "init": Entry("init", "Write a zenoimg.toml with every key, commented out."),
    "config": Entry("config", "Show every setting, its value and where it comes from."),
    "destroy": Entry("destroy", "Delete the pipeline; keep photos, copies and records."),
    "local": Entry("local", "Start, stop and inspect the embedded AWS that --local uses."),
}

app = typer.Typer(
    name="zenoimg",
    cls=group_of(COMMANDS),
    help="Example: zenoimg --local deploy && zenoimg --local upload photo.jpg\n\n"
    "Watermark photos on AWS: deploy the pipeline, upload photos, inspect the results. With --local everything runs on "
    "this machine, without an AWS account.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


_INTERRUPTED = 130


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"zenoimg {__version__}")
        raise typer.Exit


add_callback(
    app,
    Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")],
)


def main() -> None:
    """Entry point of the ``zenoimg`` command."""
    # Most objects live for one request, and few are part of a cycle: garbage collection at the default rate takes a
    # tenth of an upload's time.
    gc.set_threshold(50_000, 20, 20)
    if shutil.get_terminal_size().columns > _HELP_COLUMNS:
        os.environ.setdefault("TERMINAL_WIDTH", str(_HELP_COLUMNS))  # Typer takes the width from here
    try:
        app()
    except SystemExit as end:
        if end.code == _INTERRUPTED:
            # The interpreter would wait for all threads, and one may hang in a dead connection.
            with suppress(OSError):  # the reader of a pipe may be gone
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(_INTERRUPTED)
        raise
