"""The child process: its environment, built from scratch, and its launch."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from zenoimg.local.settings import ACCESS_KEY, ACCOUNT, HOST, REGION, SECRET_KEY, LocalSettings

# What Python needs to start on unusual hosts. Nothing else from the operator's environment is passed on, because
# functions see the environment of the server.
_PASSED_ON = ("HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def environment(settings: LocalSettings, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the complete environment of the server (names from ministack 1.5.33: ``app``, ``core.persistence``)."""
    own = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), inherited.get("PATH", os.defpath)]),
        "TMPDIR": str(settings.scratch_folder),
        "TZ": "UTC",  # as in Lambda
        "PYTHONUTF8": "1",
        "BIND_HOST": HOST,
        "MINISTACK_HOST": HOST,
        "GATEWAY_PORT": str(settings.port),
        "MINISTACK_EDITION": settings.identity,  # returned in the health response and otherwise unused
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(settings.state_folder),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(settings.objects_folder),
        "AUTH": "true" if settings.enforce_iam else "false",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": "unix:///nonexistent",
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    return {name: inherited[name] for name in _PASSED_ON if name in inherited} | own


def launch(settings: LocalSettings, locked_pid_file: int) -> subprocess.Popen[bytes]:
    """Start the server in its own session, so that Ctrl-C in the terminal does not reach it.

    ``locked_pid_file`` is a descriptor whose lock the child inherits; the caller closes its own copy.
    """
    program = Path(__file__).with_name("server.py")
    command = [sys.executable, "-P", str(program), str(settings.pid_file), str(locked_pid_file)]
    with settings.log_file.open("ab") as log:
        return subprocess.Popen(  # noqa: S603 (our own program, run by our own interpreter)
            command,
            cwd=settings.scratch_folder,
            env=environment(settings, os.environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=[locked_pid_file],
            start_new_session=True,
        )


def log_size(log_file: Path) -> int:
    """Return the size of the log in bytes; 0 if there is none."""
    return log_file.stat().st_size if log_file.exists() else 0


def log_tail(log_file: Path, *, start: int, lines: int = 12) -> str:
    """Return the last lines logged after byte ``start``, indented for a message."""
    try:
        with log_file.open("rb") as file:
            file.seek(max(start, file.seek(0, os.SEEK_END) - 16_384))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])
