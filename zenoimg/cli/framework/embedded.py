"""The embedded AWS of this user, and what its failures mean."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from zenoimg.cli.framework.call import Call
from zenoimg.config.load import load
from zenoimg.errors import ConfigurationError, ZenoError
from zenoimg.suggest import suggest

if TYPE_CHECKING:
    from zenoimg.local import EmbeddedAws


def embedded_aws() -> EmbeddedAws:
    """Return the embedded AWS of this user, running or not."""
    from zenoimg.local import EmbeddedAws, LocalSettings

    return EmbeddedAws(LocalSettings.from_environment(os.environ))


def recovery_command() -> str:
    """Return the command that restores what a killed embedded AWS had not saved (see docs/recovery.md)."""
    return suggest("reprocess", "--missing", "--failed", "--stale")


def explain_lost(call: Call, error: ZenoError) -> ZenoError:
    """Return an error that explains why the embedded AWS could not be reached; return any other error unchanged."""
    if error.code != "unreachable":
        return error
    try:
        if not load(call.options, os.environ, Path.cwd()).local:
            return error
        status = embedded_aws().status()
    except ConfigurationError:
        return error
    if status.pid is None:
        return ZenoError(
            f"the embedded AWS is gone: it ended while this command ran. Its log: {status.log_file}",
            next_step=f"Start it with `{suggest('local', 'start')}`, or rerun the command, which starts it as well.",
            code="local-gone",
        )
    return ZenoError(
        f"the embedded AWS (process {status.pid}) is alive but too busy to answer. Its log: {status.log_file}",
        next_step=f"Rerun the command when its work is done; `{suggest('local', 'status')}` shows whether it answers.",
        code="local-busy",
    )
