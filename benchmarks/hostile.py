"""Compare hostile files with valid ones: ``python -m benchmarks.hostile [--only WORD] [--rounds N] [--code FOLDER]``.

No hostile file may take more than three times as long as a valid file of its format and size. Each case is a hostile
file and one or more valid ones: a busy picture with as many pixels and frames in the same mode, or a file with as many
bytes. The hostile one is compared with the most expensive of these. Every file is marked in a new process, hostile and
valid ones in turn. Times are processor seconds of marking alone, helper processes included, the minimum of the rounds;
memory is the peak of the process itself.

To add cases, write a function that returns ``Cases`` for a family and name it in ``FAMILIES``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks import (
    hostile_animations,
    hostile_files,
    hostile_heifs,
    hostile_jpegs,
    hostile_metadata,
    hostile_tiffs,
)

FAMILIES = {
    "jpeg": hostile_jpegs.jpeg_cases,
    "png": hostile_files.png_cases,
    "bmp": hostile_files.bmp_cases,
    "webp": hostile_files.webp_cases,
    "avif": hostile_files.avif_cases,
    "heif": hostile_heifs.heif_cases,
    "gif": hostile_animations.gif_cases,
    "apng": hostile_animations.apng_cases,
    "tiff": hostile_tiffs.tiff_cases,
    "metadata": hostile_metadata.metadata_cases,
}
TARGET = 3.0
_LONGEST_SECONDS = 60
_LONG_ENOUGH = 1.0
"""Seconds above which one round is enough."""


@dataclass(frozen=True)
class Cost:
    """Processor seconds, peak MB, and the outcome of the file."""

    seconds: float
    megabytes: float
    outcome: str


def main() -> None:
    """Measure and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help='only cases whose name, "family: name", contains this')
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--code", type=Path, default=Path.cwd(), help="the checkout whose zenoimg is measured")
    arguments = parser.parse_args()
    print(f"{'':52}{'size':>9}{'hostile':>9}{'valid':>8}{'ratio':>7}{'peak':>9}{'valid':>9}")
    above = []
    for family, cases in FAMILIES.items():
        if ":" in arguments.only and not arguments.only.startswith(family):
            continue
        for name, (hostile, *valid) in cases().items():
            title = f"{family}: {name}"
            if arguments.only in title and report(title, hostile, valid, arguments.rounds, arguments.code) > TARGET:
                above.append(title)
    print(f"\nAbove the target of {TARGET:.0f}: {', '.join(above) or 'none'}")


def report(title: str, hostile: bytes, valid: list[bytes], rounds: int, code: Path) -> float:
    """Measure one case and print its line; return the hostile file's time relative to the slowest valid one's."""
    costs = [measured(data, code) for data in (hostile, *valid)]
    for _ in range(rounds - 1):
        if costs[0].seconds < _LONG_ENOUGH:
            costs = [
                min(cost, measured(data, code), key=lambda one: one.seconds)
                for cost, data in zip(costs, (hostile, *valid), strict=True)
            ]
    cost, reference = costs[0], max(costs[1:], key=lambda one: one.seconds)
    for one in costs[1:]:
        assert one.outcome.startswith("copied"), f"{title}: the valid file is {one.outcome}"
    ratio = cost.seconds / reference.seconds
    print(
        f"{title:52}{len(hostile) / 1e6:6.2f} MB{cost.seconds:7.3f} s{reference.seconds:6.2f} s{ratio:7.2f}"
        f"{cost.megabytes:6.0f} MB{max(one.megabytes for one in costs[1:]):6.0f} MB  {cost.outcome[:110]}",
        flush=True,
    )
    return ratio


def measured(data: bytes, code: Path) -> Cost:
    """Mark a file in a new process."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        command = [sys.executable, "-c", _MARK, file.name]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=True, cwd=code, timeout=_LONGEST_SECONDS
            )
        except subprocess.TimeoutExpired:
            return Cost(_LONGEST_SECONDS, 0, "over the time")
        except subprocess.CalledProcessError as failure:
            return Cost(_LONGEST_SECONDS, 0, f"ended by {failure.returncode}: {failure.stderr[-80:]!r}")
    seconds, megabytes, outcome = done.stdout.split(maxsplit=2)
    return Cost(float(seconds), float(megabytes), outcome.strip())


# Address space is limited so that a memory bomb ends only its own process.
_MARK = """
import pathlib, re, resource, sys, time
sys.path.insert(0, "")
from zenoimg.imaging import Refused, watermark
from zenoimg.imaging.formats import FORMATS, SUPPORTED
[FORMATS[name].module("writer") for name in SUPPORTED]  # loaded, as in a function that has marked a picture before
data = pathlib.Path(sys.argv[1]).read_bytes()
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
start = time.process_time()
try:
    done = watermark(data)
    outcome = f"copied, {len(done.warnings)} warnings"
except Refused as refusal:
    outcome = f"{refusal.code}: {refusal.message}"
seconds = time.process_time() - start
try:
    from zenoimg.imaging.processes.pool import close_pools
    close_pools()
except ImportError:  # older code
    pass
used = resource.getrusage(resource.RUSAGE_CHILDREN)
seconds += used.ru_utime + used.ru_stime
status = pathlib.Path("/proc/self/status")
peak = re.search(r"VmHWM:\\s+(\\d+) kB", status.read_text()) if status.exists() else None
peak = int(peak[1]) if peak else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(seconds, peak / 1000, outcome.encode("ascii", "replace").decode().replace("\\n", " "))
"""


if __name__ == "__main__":
    main()
