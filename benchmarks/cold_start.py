"""Measure what the handlers add to a cold start: ``python -m benchmarks.cold_start [--rounds N]``.

Each start is a new interpreter with the files of a function: its zip, its layers and the runtime's boto3. The two
starts of a pair, the handler's and the bare one, run one after the other in every round, in alternating order, so
that both run under the same load. What counts is the processor time of imports and of creating clients, in the best
round: load by others only ever adds to it. The files of the zips are not compiled beforehand, since Lambda mounts
them read-only; boto3 is, as in the runtime.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.function_path import ENVIRONMENT, assemble

TARGET = 1.15
"""Maximum ratio of a handler's start to the bare one's."""


@dataclass(frozen=True)
class Pair:
    """A handler's start, and the minimum that any function for the same work needs."""

    name: str
    handler: str
    bare: str


PAIRS = (
    Pair(
        "processor",
        "from lambda_handlers import processor; processor._tools()",
        "import boto3; from PIL import Image, ImageDraw, ImageFont; boto3.client('s3'); boto3.client('dynamodb')",
    ),
    Pair(
        "get_images",
        "from lambda_handlers import get_images; get_images._catalog()",
        "import boto3; boto3.client('dynamodb')",
    ),
)


def main() -> None:
    """Measure and print both pairs; exit 1 above the target."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        path = assemble(Path(folder))
        worst = max(compare(pair, path, rounds) for pair in PAIRS)
    verdict = "within" if worst <= TARGET else "ABOVE"
    print(f"\nMost processor time, relative to the bare start: {worst:.2f}, {verdict} the target of {TARGET}")
    sys.exit(worst > TARGET)


def compare(pair: Pair, path: list[str], rounds: int) -> float:
    """Return the ratio of the best rounds."""
    times: dict[str, list[float]] = {pair.handler: [], pair.bare: []}
    for number in range(rounds):
        for code in sorted(times, reverse=bool(number % 2)):
            times[code].append(started(code, path))
    ours, bare = min(times[pair.handler]), min(times[pair.bare])
    print(f"{pair.name:12} {ours * 1000:6.0f} ms   bare {bare * 1000:6.0f} ms   ratio {ours / bare:.2f}")
    return ours / bare


def started(code: str, path: list[str]) -> float:
    """Return the seconds of processor time that a new interpreter spends on the code."""
    timed = f"start = time.process_time(); {code}; print(time.process_time() - start)"
    program = f"import sys, time; sys.path[:0] = {path!r}; {timed}"
    # -I and -S: no user settings, no site-packages. -B: nothing is compiled for the next start.
    command = [sys.executable, "-I", "-S", "-B", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT, cwd="/")
    return float(done.stdout)


if __name__ == "__main__":
    main()
