"""Where the embedded AWS lives and which port it has, read from the environment."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_dir

from zenoimg.errors import ConfigurationError

# ministack takes ``test`` for the root of its default account (``core.iam_evaluator``), which is ACCOUNT.
REGION = "us-east-1"
ACCOUNT = "000000000000"
ACCESS_KEY = "test"
SECRET_KEY = "test"  # noqa: S105 (the public key of a server that only this machine reaches)

DEFAULT_PORT = 4747
HOST = "127.0.0.1"


@dataclass(frozen=True)
class LocalSettings:
    """The two things that tell one embedded AWS from another: its home folder and its port.

    Everything it keeps lies in ``home``. The port is part of what it keeps, since addresses in its records
    and outputs hold it.
    """

    home: Path
    port: int = DEFAULT_PORT
    #: Whether policies are enforced: then the functions have only what their roles grant, and a copy's plain
    #: address answers 403 as on AWS. Off, that address simply opens, for people who only want to look.
    enforce_iam: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> LocalSettings:
        """Read ``ZENOIMG_LOCAL_HOME``, ``ZENOIMG_LOCAL_PORT`` and ``ZENOIMG_LOCAL_IAM`` (``1`` enforces IAM).

        An empty value counts as not set.

        Raises ``ConfigurationError`` for a port that is not a whole number from 1 to 65535.
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
        """The address of every service of the embedded AWS."""
        return f"http://{HOST}:{self.port}"

    @property
    def identity(self) -> str:
        """A short name of this home that the running server repeats in its health answer."""
        return "zenoimg-" + hashlib.sha256(str(self.home).encode()).hexdigest()[:16]

    @property
    def state_folder(self) -> Path:
        """What the services save at a graceful stop."""
        return self.home / "state"

    @property
    def objects_folder(self) -> Path:
        """The objects in S3, written as they come."""
        return self.home / "s3"

    @property
    def scratch_folder(self) -> Path:
        """The server's temporary folder, emptied before each start; its function workers run here."""
        return self.home / "tmp"

    @property
    def log_file(self) -> Path:
        """What the server says."""
        return self.home / "server.log"

    @property
    def previous_log_file(self) -> Path:
        """What the server said before the log was turned over."""
        return self.home / "server.log.1"

    @property
    def pid_file(self) -> Path:
        """The server's process id; the living server holds a lock on this file."""
        return self.home / "server.pid"

    @property
    def turn_file(self) -> Path:
        """Locked by whoever starts, stops or resets, so that they take turns."""
        return self.home / "turn.lock"

    @property
    def marker_file(self) -> Path:
        """Marks the folder as ours and holds the port that its state was made with."""
        return self.home / "zenoimg-local.json"


def _port(text: str) -> int:
    if not text:
        return DEFAULT_PORT
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 65535:
        return int(text)
    raise ConfigurationError(
        f"ZENOIMG_LOCAL_PORT is {text!r}, which is not a port.",
        next_step="Set it to a whole number from 1 to 65535, or unset it for 4747.",
        code="bad-local-port",
    )
