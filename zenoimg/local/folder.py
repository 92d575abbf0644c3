"""The home folder of an embedded AWS: made ours, checked, cleaned, emptied."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress

from zenoimg.errors import ConfigurationError
from zenoimg.local.settings import LocalSettings

_LOG_LIMIT = 5_000_000  # bytes; at most this much in each of two files is carried from start to start


def prepare(settings: LocalSettings) -> None:
    """Make the home folder, readable for its owner alone.

    Raises ``ConfigurationError`` when it cannot be made, or when it holds files that are not ours: a start
    empties a folder in it.
    """
    home = settings.home
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings.turn_file.touch(mode=0o600)
        strangers = {path.name for path in home.iterdir()} - {settings.turn_file.name}
    except OSError as error:
        raise ConfigurationError(
            f"The folder of the embedded AWS cannot be used: {home}: {error.strerror}.",
            next_step="Point ZENOIMG_LOCAL_HOME to a folder that you may write.",
            code="bad-local-home",
        ) from error
    if strangers and not settings.marker_file.exists():
        raise ConfigurationError(
            f"The folder {home} is not empty, and the embedded AWS has not made it.",
            next_step="Point ZENOIMG_LOCAL_HOME to a new or empty folder.",
            code="bad-local-home",
        )


def check_port(settings: LocalSettings, *, runs: bool) -> None:
    """Hold our port against the one that the state, or the running server, was made with.

    Raises ``ConfigurationError`` when they differ.
    """
    made_with = recorded_port(settings)
    if made_with in (None, settings.port) or not (runs or has_state(settings)):
        return
    raise ConfigurationError(
        f"The embedded AWS in {settings.home} was made with port {made_with}, and its addresses hold it; "
        f"it cannot use port {settings.port}.",
        next_step=f"Set ZENOIMG_LOCAL_PORT={made_with}, or set ZENOIMG_LOCAL_HOME to another folder for port "
        f"{settings.port}, or throw this state away with: zenoimg local reset",
        code="local-port-changed",
    )


def mark(settings: LocalSettings, port: int | None) -> None:
    """Write the marker that makes the folder ours, with the port of its state."""
    settings.marker_file.write_text(json.dumps({"port": port}) + "\n")


def has_state(settings: LocalSettings) -> bool:
    """Whether anything is kept here that a start would bring back."""
    folders = (settings.state_folder, settings.objects_folder)
    return any(folder.is_dir() and any(folder.iterdir()) for folder in folders)


def recorded_port(settings: LocalSettings) -> int | None:
    """The port that the state in this folder was made with, or ``None`` when there is no state."""
    try:
        return int(json.loads(settings.marker_file.read_text())["port"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def clean_scratch(settings: LocalSettings) -> None:
    """Empty the server's temporary folder."""
    shutil.rmtree(settings.scratch_folder, ignore_errors=True)
    settings.scratch_folder.mkdir(mode=0o700, exist_ok=True)


def turn_log_over(settings: LocalSettings) -> None:
    """Begin a new log when the old one has grown large; one old log is kept."""
    with suppress(FileNotFoundError):
        if settings.log_file.stat().st_size > _LOG_LIMIT:
            settings.log_file.replace(settings.previous_log_file)


def remove_state(settings: LocalSettings) -> None:
    """Remove everything that we made in the home folder, and nothing else."""
    for tree in (settings.state_folder, settings.objects_folder, settings.scratch_folder):
        if tree.exists():
            shutil.rmtree(tree)
    for file in (settings.log_file, settings.previous_log_file, settings.pid_file, settings.marker_file):
        file.unlink(missing_ok=True)
