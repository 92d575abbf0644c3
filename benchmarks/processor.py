"""Processor time of a process and of those that it started (Linux: ``/proc``)."""

from __future__ import annotations

import os
import re
from pathlib import Path


def tree_seconds(pid: int) -> float:
    """Return the processor seconds of a process and of its descendants that are still running."""
    return _seconds(pid) + sum(tree_seconds(child) for child in children(pid))


def children(pid: int) -> list[int]:
    """Return the processes that any thread of a process started."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += map(int, task.read_text().split())
    return found


def helper_seconds() -> float:
    """Return the processor seconds of the JPEG helpers of this process."""
    return sum(_seconds(pid) for pid in _helpers())


def helper_peaks() -> int:
    """Return the peak memory in bytes of this process's JPEG helpers, without what they share with it.

    That is the data of a picture, and the files of Python and of the libraries, which this process maps as well.
    """
    total = 0
    for pid in _helpers():
        status = Path(f"/proc/{pid}/status").read_text()
        names = ("VmHWM", "RssShmem", "RssFile")
        peak, data, files = (int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) for name in names)  # type: ignore[index]
        total += (peak - data - files) * 1024
    return total


def _helpers() -> list[int]:
    return [pid for pid in children(os.getpid()) if b"worker.serve" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def _seconds(pid: int) -> float:
    # Nanoseconds on a processor; getrusage of other processes and /proc/PID/stat count hundredths of a second.
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
