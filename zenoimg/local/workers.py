"""The function workers that a server starts: which processes they are, whether they work, and their end.

ministack runs each as ``python SCRATCH/ministack-lambda-NAME-RANDOM/_worker.py``, with no other argument. The
scratch folder is ours alone, so such a command line proves whose process it is. A worker ends by itself when
its server is gone, but only after the invocation that it is working on.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

_SAMPLE_SECONDS = 0.1
_QUIET_SAMPLES = 4
_DEATH_SECONDS = 5.0


def cpu_times(scratch: Path) -> dict[int, str]:
    """CPU time used by each worker of this scratch folder, by process id; only fit to be compared."""
    return _from_proc(scratch) if sys.platform == "linux" else _from_ps(scratch)


def wait_until_quiet(scratch: Path, *, deadline: float) -> None:
    """Return when no worker has used the processor for 0.4 s, or at ``deadline`` (in ``time.monotonic``).

    The server does not say what is in flight, and at its stop it drops asynchronous invocations. Ours compute
    all the time that they run, so a worker that uses no CPU time is one that waits for work.
    """
    before, quiet = cpu_times(scratch), 0
    while before and quiet < _QUIET_SAMPLES and time.monotonic() < deadline:
        time.sleep(_SAMPLE_SECONDS)
        now = cpu_times(scratch)
        quiet = quiet + 1 if now == before else 0
        before = now


def end(scratch: Path, *, patience: float) -> None:
    """Let the workers of a dead server end by themselves for ``patience`` seconds, then kill what is left."""
    kill_at = time.monotonic() + patience
    while (left := cpu_times(scratch)) and time.monotonic() < kill_at + _DEATH_SECONDS:
        if time.monotonic() >= kill_at:
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def _from_proc(scratch: Path) -> dict[int, str]:
    prefix = os.fsencode(scratch) + b"/"
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with suppress(OSError):  # ended while we were looking
            words = (folder / "cmdline").read_bytes().removesuffix(b"\0").split(b"\0")
            if len(words) == 2 and words[1].startswith(prefix):
                # User and system time are fields 14 and 15; the name, field 2, may hold blanks (proc(5)).
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                found[int(folder.name)] = "+".join(fields[11:13])
    return found


def _from_ps(scratch: Path) -> dict[int, str]:
    program = re.compile(r"(?:python|node)[^ ]* " + re.escape(f"{scratch}/") + r"\S+$", re.IGNORECASE)
    listing = subprocess.run(["/bin/ps", "-axww", "-o", "pid=,time=,command="], capture_output=True, check=True)
    rows = (line.split(maxsplit=2) for line in os.fsdecode(listing.stdout).splitlines() if program.search(line))
    return {int(row[0]): row[1] for row in rows}
