"""``zenoimg init``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import command
from zenoimg.cli.terminal.screen import safe


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "init")(init)


def init(
    call: Call,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Write a zenoimg.toml with every key, commented out.

    Example: zenoimg init

    Each line shows a key's default and its meaning. As written, the file changes nothing.
    """
    from zenoimg.config.file import commented
    from zenoimg.config.load import CONFIG_FILE
    from zenoimg.errors import ConfigurationError
    from zenoimg.imaging.whole_file import write_file

    path = call.options.config or Path(CONFIG_FILE)
    try:
        write_file(path, commented().encode(), replace=force)
    except FileExistsError as error:
        raise ConfigurationError(
            f"{path} already exists", next_step="Edit it, or add --force to replace it."
        ) from error
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from error
    call.screen.say(f"Wrote [bold]{safe(str(path))}[/]. Uncomment the keys that you want to set.")
    if as_json:
        call.screen.json({"result": "written", "file": str(path)})
