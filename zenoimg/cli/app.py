"""The command line: what there is. Each command is a module with ``register``, imported when it is called."""

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

#: A sentence of help that runs over 200 columns is hard to read.
_HELP_COLUMNS = 100

#: In the order in which people need them.
COMMANDS = {
    "preview": Entry("preview", "Mark photos on this machine, as the pipeline would. Needs no AWS."),
    "deploy": Entry("deploy", "Create or update the pipeline."),
    "upload": Entry("upload", "Send photos into the pipeline and wait for their watermarked copies."),
    "list": Entry("list_images", "Show what the pipeline has made, the newest first."),
    "show": Entry("show", "Show all that is known of one image."),
    "download": Entry("download", "Fetch marked copies, each into a file named as its id."),
    "gallery": Entry("gallery", "Make a page to look at: every image before and after, what was refused, and why."),
    "delete": Entry("delete", "Delete originals; their copies and records go with them."),
    "status": Entry(
        "status", "Say how the pipeline does. Exit 1 when something needs you, with the command that helps."
    ),
    "reprocess": Entry(
        "reprocess", "Take images up again: what events lost, what failed, what has an old mark, or everything."
    ),
    "tail-logs": Entry("tail_logs", "Show what the functions log."),
    "api": Entry("api", "Call the pipeline's HTTP API, signed, and print what it answers."),
    "template": Entry("template", "Print the CloudFormation template and its parameters, to deploy by your own means."),
    "init": Entry("init", "Write a zenoimg.toml with every key, commented out."),
    "config": Entry("config", "Show every setting, its value and where it comes from."),
    "destroy": Entry("destroy", "Remove the pipeline; photos, copies and records stay."),
    "local": Entry("local", "Start, stop and look at the embedded AWS that --local uses."),
}

app = typer.Typer(
    name="zenoimg",
    cls=group_of(COMMANDS),
    help="Example: zenoimg --local deploy && zenoimg --local upload photo.jpg\n\n"
    "Watermark photos on AWS: deploy the pipeline, feed it, look at it. No AWS account? With --local everything "
    "runs on this machine.",
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
    # Much is made here that lives for one request and little that hangs together in a circle: looking for that at
    # the interpreter's own pace takes a tenth of an upload's time.
    gc.set_threshold(50_000, 20, 20)
    if shutil.get_terminal_size().columns > _HELP_COLUMNS:
        os.environ.setdefault("TERMINAL_WIDTH", str(_HELP_COLUMNS))  # how Typer takes it
    try:
        app()
    except SystemExit as end:
        if end.code == _INTERRUPTED:
            # The interpreter would wait for every thread, and one may hang in a dead connection.
            with suppress(OSError):  # the reader may have left as well
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(_INTERRUPTED)
        raise
