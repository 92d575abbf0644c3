"""What can be known of an embedded AWS from outside: is it up, whose is its port, what does it keep."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from zenoimg.local.settings import HOST, LocalSettings

LocalState = Literal["running", "unhealthy", "stopped", "port-taken"]


@dataclass(frozen=True)
class LocalStatus:
    """One look at an embedded AWS.

    ``state`` is ``running`` (it answers), ``unhealthy`` (its process lives and does not answer: starting,
    stopping or stuck), ``port-taken`` (ours is stopped and something else has its port) or ``stopped``.
    ``pid`` is that of our own process. ``size`` is the bytes kept on disk; ``saved_at`` is when the services
    last wrote their state.
    """

    state: LocalState
    endpoint_url: str
    home: Path
    log_file: Path
    pid: int | None
    version: str | None
    size: int
    saved_at: datetime | None


@dataclass(frozen=True)
class Health:
    """The answer of a server to ``GET /_ministack/health``."""

    identity: str
    version: str


def ask_health(port: int, *, timeout: float = 2.0) -> Health | None:
    """Ask the server on a loopback port how it is; ``None`` when nothing there answers as ministack does.

    Goes straight to the port: no proxy from the environment comes between.
    """
    connection = http.client.HTTPConnection(HOST, port, timeout=timeout)
    try:
        connection.request("GET", "/_ministack/health")
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            return None
        fields = json.loads(body)
        return Health(identity=str(fields["edition"]), version=str(fields["version"]))
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()


def installed_version() -> str | None:
    """The version of ministack that a start would run, or ``None`` when it is not installed."""
    try:
        return version("ministack")
    except PackageNotFoundError:
        return None


def kept_bytes(settings: LocalSettings) -> int:
    """Bytes on disk of the saved state and the objects."""
    folders = (settings.state_folder, settings.objects_folder)
    return sum(_size(path) for folder in folders for path in folder.rglob("*"))


def last_saved(settings: LocalSettings) -> datetime | None:
    """When the services last wrote their state (UTC), or ``None`` when they never did."""
    times = [path.stat().st_mtime for path in settings.state_folder.glob("*.json")]
    return datetime.fromtimestamp(max(times), UTC) if times else None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0  # removed while we were looking
