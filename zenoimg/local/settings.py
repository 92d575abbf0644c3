"""Home folder and port of the embedded AWS, read from the environment."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_dir

from zenoimg.errors import ConfigurationError

# ministack treats ``test`` as the root user of its default account (``core.iam_evaluator``), which is ACCOUNT.
REGION = "us-east-1"
ACCOUNT = "000000000000"
ACCESS_KEY = "test"
SECRET_KEY = "test"  # noqa: S105 (the well-known key of a server that only this machine can reach)

DEFAULT_PORT = 4747
HOST = "127.0.0.1"


@dataclass(frozen=True)
class LocalSettings:
    """The identity of an embedded AWS: its home folder and its port.

    All of its state is in ``home``. The port belongs to the state, because URLs in records and outputs contain
    it.
    """

    home: Path
    port: int = DEFAULT_PORT
    #: Enforce IAM policies: functions then have only the permissions of their roles, and the plain URL of a copy
    #: returns 403 as on AWS. By default that URL can be opened in a browser.
    enforce_iam: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> LocalSettings:
        """Read ``ZENOIMG_LOCAL_HOME``, ``ZENOIMG_LOCAL_PORT`` and ``ZENOIMG_LOCAL_IAM`` (``1`` enforces IAM).

        Empty values count as unset.

        Raises ``ConfigurationError`` for a port that is not an integer from 1 to 65535.
        """
        home = environment.get("ZENOIMG_LOCAL_HOME", "").strip()
        folder = Path(home).expanduser() if home else Path(user_data_dir("zenoimg", appauthor=False)) / "local"
        return cls(
            home=folder.resolve(),
            port=_port(environment.get("ZENOIMG_LOCAL_PORT", "").strip()),
            enforce_iam=environment.get("ZENOIMG_LOCAL_IAM", "").strip() == "1",
        )

    @property
    def endpoint_url(self) -> str:
        """Return the URL of all services of the embedded AWS."""
        return f"http://{HOST}:{self.port}"

    @property
    def identity(self) -> str:
        """Return a short name for this home that the running server returns in its health response."""
        return "zenoimg-" + hashlib.sha256(str(self.home).encode()).hexdigest()[:16]

    @property
    def state_folder(self) -> Path:
        """Return the folder where the services save their state at a graceful stop."""
        return self.home / "state"

    @property
    def objects_folder(self) -> Path:
        """Return the folder of the objects in S3, written immediately."""
        return self.home / "s3"

    @property
    def scratch_folder(self) -> Path:
        """Return the server's temporary folder, emptied before each start; function workers run here."""
        return self.home / "tmp"

    @property
    def log_file(self) -> Path:
        """Return the path of the server's log."""
        return self.home / "server.log"

    @property
    def previous_log_file(self) -> Path:
        """Return the path of the log before the last rotation."""
        return self.home / "server.log.1"

    @property
    def pid_file(self) -> Path:
        """Return the file with the server's process id, which the live server keeps locked."""
        return self.home / "server.pid"

    @property
    def lock_file(self) -> Path:
        """Return the file locked during start, stop and reset."""
        return self.home / "turn.lock"

    @property
    def marker_file(self) -> Path:
        """Return the file that marks the folder as ours and holds the port of its state."""
        return self.home / "zenoimg-local.json"


def _port(text: str) -> int:
    if not text:
        return DEFAULT_PORT
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 65535:
        return int(text)
    raise ConfigurationError(
        f"ZENOIMG_LOCAL_PORT is {text!r}, which is not a port number.",
        next_step="Set it to a number from 1 to 65535, or unset it for 4747.",
        code="bad-local-port",
    )
