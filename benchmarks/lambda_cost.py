"""Measure what Lambda bills for one photo: ``python -m benchmarks.lambda_cost [--photo FILE] CHECKOUT...``.

Each checkout of this repository deploys to an embedded AWS of its own, is warmed up, and then gets the same JPEG in
turns with the others. The figure is the duration in the processor's log line times the memory of its function, in
GB-seconds. Without ``--photo`` it is a drawn one of 12 MP.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from tests.drawn import pictures
from zenoimg.local import ACCESS_KEY, REGION, SECRET_KEY

FUNCTION = "imageProcessorLambda"


@dataclass(frozen=True)
class Deployed:
    """One checkout on its embedded AWS."""

    checkout: Path
    home: Path
    port: int

    def zenoimg(self, *arguments: str) -> str:
        """Run the checkout's own command."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.checkout),
            "ZENOIMG_LOCAL": "1",
            "ZENOIMG_LOCAL_HOME": str(self.home),
            "ZENOIMG_LOCAL_PORT": str(self.port),
        }
        command = [sys.executable, "-m", "zenoimg", *arguments]
        done = subprocess.run(command, env=environment, cwd=self.home, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{self.checkout}: zenoimg {' '.join(arguments)}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def client(self, service: Any) -> Any:
        """Return a client of this embedded AWS."""
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=f"http://127.0.0.1:{self.port}",
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
        )

    def milliseconds(self, key: str, data: bytes) -> int:
        """Upload a photo and return the duration in the log line about it."""
        self.client("s3").put_object(Bucket="zeno-original-images", Key=key, Body=data)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            for event in self.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{FUNCTION}")["events"]:
                line = _parsed(event["message"])
                if line.get("image") == key and line.get("result") == "processed":
                    return int(line["duration_ms"])
            time.sleep(0.2)
        raise SystemExit(f"{self.checkout}: no log line about {key}")

    def megabytes(self) -> int:
        """Return the memory of the processor."""
        configuration = self.client("lambda").get_function_configuration(FunctionName=FUNCTION)
        return int(configuration["MemorySize"])


def main() -> None:
    """Measure and print a line for each checkout."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkouts", nargs="+", type=Path)
    parser.add_argument("--photo", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    drawn = pictures.jpeg(pictures.photo((4000, 3000)), quality=90) if arguments.photo is None else b""
    data = drawn or arguments.photo.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        deployed = [
            Deployed(checkout.resolve(), Path(folder, str(number)), _free_port())
            for number, checkout in enumerate(arguments.checkouts)
        ]
        try:
            measure(deployed, data, arguments.rounds)
        finally:
            for each in deployed:
                each.zenoimg("local", "stop")


def measure(deployed: list[Deployed], data: bytes, rounds: int) -> None:
    """Deploy, warm up, measure in turns, print."""
    for each in deployed:
        each.home.mkdir()
        each.zenoimg("deploy", "--yes")
        for number in range(3):
            each.milliseconds(f"warm-{number}.jpg", data)
    taken: dict[Deployed, list[int]] = {each: [] for each in deployed}
    for number in range(rounds):
        for each in deployed:
            taken[each].append(each.milliseconds(f"photo-{number}.jpg", data))
    first = 0.0
    for each in deployed:
        median, memory = statistics.median(taken[each]), each.megabytes()
        cost = median / 1000 * memory / 1024
        first = first or cost
        print(
            f"{each.checkout}: {len(data):,} bytes, median {median:.0f} ms (fastest {min(taken[each])}) "
            f"at {memory} MB = {cost:.3f} GB-seconds, {cost / first:.2f} of the first"
        )


def _parsed(message: str) -> dict[str, Any]:
    try:
        found = json.loads(message)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
