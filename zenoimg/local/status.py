"""Observe an embedded AWS from outside: state, port, version, size."""

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
    """The state of an embedded AWS at one moment.

    ``state`` is ``running`` (it responds), ``unhealthy`` (its process is alive but does not respond: busy, starting or
    stopping), ``port-taken`` (it is stopped and another program uses its port) or ``stopped``. ``pid`` is its process
    id. ``size`` is the number of bytes on disk; ``saved_at`` is when the services last wrote their state.
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
    """A server's response to ``GET /_ministack/health``."""

    identity: str
    version: str


def ask_health(port: int, *, timeout: float = 2.0) -> Health | None:
    """Return the health of the server on a loopback port, or ``None`` if nothing there responds like ministack.

    Connects directly, ignoring proxies from the environment.
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
    """Return the installed version of ministack, or ``None`` if it is not installed."""
    try:
        return version("ministack")
    except PackageNotFoundError:
        return None


def kept_bytes(settings: LocalSettings) -> int:
    """Return the size of the saved state and the objects in bytes."""
    folders = (settings.state_folder, settings.objects_folder)
    return sum(_size(path) for folder in folders for path in folder.rglob("*"))


def last_saved(settings: LocalSettings) -> datetime | None:
    """Return when the services last wrote their state (UTC), or ``None`` if never."""
    times = [path.stat().st_mtime for path in settings.state_folder.glob("*.json")]
    return datetime.fromtimestamp(max(times), UTC) if times else None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0  # removed in the meantime
