"""Create, check, clean and empty the home folder of an embedded AWS."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress

from zenoimg.errors import ConfigurationError
from zenoimg.local.settings import LocalSettings
from zenoimg.suggest import suggest

_LOG_LIMIT = 5_000_000  # bytes; up to this size in each of two files


def prepare(settings: LocalSettings) -> None:
    """Create the home folder, readable only by its owner.

    Raises ``ConfigurationError`` if it cannot be created, or if it contains files that are not ours, since a start
    empties a folder inside it.
    """
    home = settings.home
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings.lock_file.touch(mode=0o600)
        foreign_files = {path.name for path in home.iterdir()} - {settings.lock_file.name}
    except OSError as error:
        raise ConfigurationError(
            f"The folder of the embedded AWS cannot be used: {home}: {error.strerror}.",
            next_step="Set ZENOIMG_LOCAL_HOME to a writable folder.",
            code="bad-local-home",
        ) from error
    if foreign_files and not settings.marker_file.exists():
        raise ConfigurationError(
            f"The folder {home} is not empty and was not created by the embedded AWS.",
            next_step="Set ZENOIMG_LOCAL_HOME to a new or empty folder.",
            code="bad-local-home",
        )


def check_port(settings: LocalSettings, *, runs: bool) -> None:
    """Raise ``ConfigurationError`` if the state, or the running server, was created with another port."""
    made_with = recorded_port(settings)
    if made_with in (None, settings.port) or not (runs or has_state(settings)):
        return
    raise ConfigurationError(
        f"The embedded AWS in {settings.home} was created with port {made_with}, which is part of its stored "
        f"URLs; it cannot use port {settings.port}.",
        next_step=f"Set ZENOIMG_LOCAL_PORT={made_with}, or set ZENOIMG_LOCAL_HOME to another folder for port "
        f"{settings.port}, or delete this state with `{suggest('local', 'reset')}`.",
        code="local-port-changed",
    )


def write_marker(settings: LocalSettings, port: int | None) -> None:
    """Write the marker file that identifies the folder as ours and contains the port of its state."""
    settings.marker_file.write_text(json.dumps({"port": port}) + "\n")


def has_state(settings: LocalSettings) -> bool:
    """Return whether there is anything here that a start would restore."""
    folders = (settings.state_folder, settings.objects_folder)
    return any(folder.is_dir() and any(folder.iterdir()) for folder in folders)


def recorded_port(settings: LocalSettings) -> int | None:
    """Return the port that the state in this folder was created with, or ``None`` if there is no state."""
    try:
        return int(json.loads(settings.marker_file.read_text())["port"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def clean_scratch(settings: LocalSettings) -> None:
    """Empty the server's temporary folder."""
    shutil.rmtree(settings.scratch_folder, ignore_errors=True)
    settings.scratch_folder.mkdir(mode=0o700, exist_ok=True)


def rotate_log(settings: LocalSettings) -> None:
    """Start a new log if the old one is large; keep one old log."""
    with suppress(FileNotFoundError):
        if settings.log_file.stat().st_size > _LOG_LIMIT:
            settings.log_file.replace(settings.previous_log_file)


def remove_state(settings: LocalSettings) -> None:
    """Remove everything that we created in the home folder, and nothing else."""
    for tree in (settings.state_folder, settings.objects_folder, settings.scratch_folder):
        if tree.exists():
            shutil.rmtree(tree)
    for file in (settings.log_file, settings.previous_log_file, settings.pid_file, settings.marker_file):
        file.unlink(missing_ok=True)
