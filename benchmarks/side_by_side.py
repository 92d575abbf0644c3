"""Measure commands side by side against one endpoint, on two plain buckets and a table named by the settings.

For S3 the endpoint is a separate embedded AWS without functions; for reading a table it is ``table_endpoint``, which
explains why. The endpoint is part of every figure, so its processor time is printed next to each.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from zenoimg.local import ACCESS_KEY, REGION, SECRET_KEY, EmbeddedAws, LocalSettings

ORIGINALS, PROCESSED, TABLE = "bench-originals", "bench-processed", "bench-images"


@dataclass(frozen=True)
class Run:
    """One run of one command: elapsed seconds, processor seconds of the command and of the endpoint, peak MB."""

    seconds: float
    processor: float
    endpoint: float
    megabytes: float


@dataclass(frozen=True)
class Endpoint:
    """The server used by all contenders (address and process id), and the environment that points to it."""

    url: str
    pid: int
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        foreign = ("AWS_", "ZENOIMG_", "RCLONE_", "PYTHON")
        plain = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        return {
            **plain,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": str(self.folder / "aws.ini"),
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "RCLONE_CONFIG": str(self.folder / "rclone.conf"),
            "ZENOIMG_ORIGINALS_BUCKET": ORIGINALS,
            "ZENOIMG_PROCESSED_BUCKET": PROCESSED,
            "ZENOIMG_TABLE": TABLE,
        }

    def client(self, service: Any) -> Any:
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
        )

    def run(self, command: Sequence[str]) -> Run:
        """Run a command to its end with its output in a file. Raises ``RuntimeError`` if it fails."""
        with (self.folder / "output").open("wb") as output, (self.folder / "talk").open("w+b") as talk:
            before, start = self._processor(), time.perf_counter()
            process = subprocess.Popen(command, stdout=output, stderr=talk, env=self.environment, cwd=self.folder)
            peak = 0.0
            while (done := os.wait4(process.pid, os.WNOHANG))[0] == 0:
                peak = max(peak, _peak_megabytes(process.pid))
                time.sleep(0.01)
            _, status, used = done
            seconds = time.perf_counter() - start
            if status != 0:
                talk.seek(0)
                raise RuntimeError(f"{command[0]} failed:\n{talk.read().decode(errors='replace')}")
        endpoint = self._processor() - before
        return Run(seconds, used.ru_utime + used.ru_stime, endpoint, peak)

    def _processor(self) -> float:
        """Return the processor seconds of the endpoint so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_megabytes(pid: int) -> float:
    """Return the peak memory of a process so far; that of ``wait4`` includes its parent's at the start."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


@contextmanager
def embedded_aws(folder: Path) -> Iterator[Endpoint]:
    """Run an embedded AWS in a subfolder, with two empty buckets."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    embedded = EmbeddedAws(LocalSettings(folder / "aws", port))
    embedded.start()
    try:
        pid = embedded.status().pid
        assert pid is not None, "it was just started"
        made = _prepared(Endpoint(embedded.settings.endpoint_url, pid, folder))
        for bucket in (ORIGINALS, PROCESSED):
            made.client("s3").create_bucket(Bucket=bucket)
        yield made
    finally:
        embedded.stop()


@contextmanager
def table_of(records: int, folder: Path) -> Iterator[Endpoint]:
    """Run a ``table_endpoint`` with this many records."""
    command = [sys.executable, "-m", "benchmarks.table_endpoint", str(records)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None, "it is a pipe"
        port = int(server.stdout.readline())
        yield _prepared(Endpoint(f"http://127.0.0.1:{port}", server.pid, folder))
        # Leaving the block closes its standard input, which ends it.


def _prepared(made: Endpoint) -> Endpoint:
    (made.folder / "rclone.conf").touch()
    (made.folder / "aws.ini").touch()
    return made


def scratch() -> tempfile.TemporaryDirectory[str]:
    """Return a folder for all files of a benchmark; TMPDIR decides where."""
    return tempfile.TemporaryDirectory(prefix="zenoimg-benchmark-")


def zenoimg(*arguments: str) -> list[str]:
    """Return the command line of this environment's installed command."""
    return [str(Path(sys.executable).parent / "zenoimg"), *arguments]


def require(*names: str) -> None:
    """Exit with a message if a contender is not installed."""
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        sys.exit(
            f"Not on the PATH: {', '.join(missing)}. `apt-get install rclone`; `pip install awscli` in an environment "
            "of its own, since it pins another botocore."
        )


def alternately(ways: Mapping[str, Callable[[], Run]], rounds: int) -> dict[str, list[Run]]:
    """Run every contender once per round, in a different order each time, after an uncounted run of each."""
    for way in ways.values():
        way()
    runs: dict[str, list[Run]] = {name: [] for name in ways}
    dice = random.Random(1)
    for _ in range(rounds):
        for name in dice.sample(list(ways), len(ways)):
            runs[name].append(ways[name]())
    return runs


def report(title: str, runs: Mapping[str, Sequence[Run]], ours: str) -> dict[str, float]:
    """Print the figures; return how many times as fast we are as each of the others, by minimum times."""
    print(f"\n{title}")
    print(f"  {'':24}{'min s':>9}{'median s':>10}{'processor s':>13}{'endpoint s':>12}{'peak MB':>9}{'we are':>9}")
    least = {name: min(run.seconds for run in each) for name, each in runs.items()}
    for name, each in runs.items():
        best = min(each, key=lambda run: run.seconds)
        shown = "" if name == ours else f"{least[name] / least[ours]:.2f}x"
        print(
            f"  {name:24}{best.seconds:9.2f}{statistics.median(run.seconds for run in each):10.2f}"
            f"{min(run.processor for run in each):13.2f}{min(run.endpoint for run in each):12.2f}"
            f"{max(run.megabytes for run in each):9.0f}{shown:>9}"
        )
    return {name: least[name] / least[ours] for name in runs if name != ours}
