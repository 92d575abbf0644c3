"""Find the function workers that a server starts, tell whether they are busy, and end them.

ministack runs each as ``python SCRATCH/ministack-lambda-NAME-RANDOM/_worker.py``, with no other argument. The scratch
folder belongs to us, so such a command line identifies the process as ours. A worker whose server is gone ends on its
own, but only after its current invocation.
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
    """Return the CPU time of each worker in this scratch folder by process id, as text suitable only for comparison."""
    return _from_proc(scratch) if sys.platform == "linux" else _from_ps(scratch)


def wait_until_quiet(scratch: Path, *, deadline: float) -> None:
    """Return when no worker has used CPU time for 0.4 s, or at ``deadline`` (in ``time.monotonic``).

    The server does not report what is in flight, and drops asynchronous invocations when it stops. Our functions
    use the CPU as long as they run, so a worker that uses no CPU time is waiting for work.
    """
    before, quiet = cpu_times(scratch), 0
    while before and quiet < _QUIET_SAMPLES and time.monotonic() < deadline:
        time.sleep(_SAMPLE_SECONDS)
        now = cpu_times(scratch)
        quiet = quiet + 1 if now == before else 0
        before = now


def end(scratch: Path, *, patience: float) -> None:
    """Wait ``patience`` seconds for the workers of a dead server to end, then kill them."""
    kill_at = time.monotonic() + patience
    while (left := cpu_times(scratch)) and time.monotonic() < kill_at + _DEATH_SECONDS:
        if time.monotonic() >= kill_at:
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def _from_proc(scratch: Path) -> dict[int, str]:
    prefix = os.fsencode(scratch) + b"/"
    times = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with suppress(OSError):  # ended in the meantime
            words = (folder / "cmdline").read_bytes().removesuffix(b"\0").split(b"\0")
            if len(words) == 2 and words[1].startswith(prefix):
                # User and system time are fields 14 and 15; the name, field 2, may contain blanks (proc(5)).
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                times[int(folder.name)] = "+".join(fields[11:13])
    return times


def _from_ps(scratch: Path) -> dict[int, str]:
    program = re.compile(r"(?:python|node)[^ ]* " + re.escape(f"{scratch}/") + r"\S+$", re.IGNORECASE)
    listing = subprocess.run(["/bin/ps", "-axww", "-o", "pid=,time=,command="], capture_output=True, check=True)
    rows = (line.split(maxsplit=2) for line in os.fsdecode(listing.stdout).splitlines() if program.search(line))
    return {int(row[0]): row[1] for row in rows}
