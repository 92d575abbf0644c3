"""Measure uploads: ``python -m benchmarks.upload [--rounds N] [--many N] [--concurrency N]``.

Compares ``zenoimg upload --no-wait`` with ``aws s3 cp --recursive`` and ``rclone copy``, all with the same number of
parallel transfers, into empty prefixes of one bucket of an embedded AWS without functions: 1,000 photos of 100 kB, ten
times as many, and 20 of 50 MB. Target: at least as fast as either.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from benchmarks.side_by_side import (
    ORIGINALS,
    Endpoint,
    Run,
    alternately,
    embedded_aws,
    report,
    require,
    scratch,
    zenoimg,
)
from tests.drawn.pictures import jpeg, photo

_OURS, _AWS, _RCLONE = "zenoimg upload", "aws s3 cp", "rclone copy"
_SMALL, _LARGE = 100_000, 50_000_000
_ADDRESS = ["--s3-provider", "Other", "--s3-env-auth"]


@dataclass(frozen=True)
class Load:
    """A folder of photos: their number, and the bytes of each."""

    folder: Path
    files: int
    size: int

    @property
    def title(self) -> str:
        return f"{self.files:,} photos of {self.size / 1e6:g} MB"


def main() -> None:
    """Measure and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--concurrency", type=int, default=10)
    parser.add_argument("--few", type=int, default=1000, help="photos of 100 kB")
    parser.add_argument("--many", type=int, default=10_000, help="photos of 100 kB in the larger load; 0 skips it")
    parser.add_argument("--large", type=int, default=20, help="photos of 50 MB")
    arguments = parser.parse_args()
    require("aws", "rclone")
    with scratch() as name, embedded_aws(Path(name)) as aws:
        (aws.folder / "aws.ini").write_text(f"[default]\ns3 =\n  max_concurrent_requests = {arguments.concurrency}\n")
        few = measure(aws, made(aws.folder / "few", arguments.few, _SMALL), arguments.rounds, arguments.concurrency)
        large = measure(
            aws, made(aws.folder / "large", arguments.large, _LARGE), arguments.rounds, arguments.concurrency
        )
        many = {}
        if arguments.many:
            load = made(aws.folder / "many", arguments.many, _SMALL)
            many = measure(aws, load, max(1, arguments.rounds // 3), arguments.concurrency)
    worst = min((*few.values(), *large.values(), *many.values()))
    for name, ratio in many.items():
        print(
            f"\nFrom {arguments.few:,} to {arguments.many:,} photos: {few[name]:.2f}x to {ratio:.2f}x as fast as {name}"
        )
    print(f"\nThe lowest ratio is {worst:.2f}: {'within' if worst >= 1 else 'BELOW'} the target of 1")


def made(folder: Path, files: int, size: int) -> Load:
    """Write photos that differ from each other: a JPEG, and random bytes after its end."""
    folder.mkdir()
    picture = jpeg(photo((640, 480), "RGB", seed=1))[:size]
    for number in range(files):
        (folder / f"IMG_{number:05}.jpg").write_bytes(picture + os.urandom(size - len(picture)))
    return Load(folder, files, size)


def measure(aws: Endpoint, load: Load, rounds: int, concurrency: int) -> dict[str, float]:
    """Print the figures of one load; return how many times as fast we are as each of the others."""
    numbers = count()

    def way(command: Callable[[str], list[str]]) -> Callable[[], Run]:
        def run() -> Run:
            prefix = f"run-{next(numbers)}/"
            measured = aws.run(command(prefix))
            empty(aws, prefix, load)
            return measured

        return run

    folder, parallel = str(load.folder), str(concurrency)
    options = ["--transfers", parallel, "--checkers", parallel, "--s3-endpoint", aws.url, *_ADDRESS]
    ways = {
        _OURS: way(lambda p: zenoimg("upload", "--no-wait", "--concurrency", parallel, "--prefix", p, folder)),
        _AWS: way(lambda p: ["aws", "s3", "cp", "--recursive", folder, f"s3://{ORIGINALS}/{p}"]),
        _RCLONE: way(lambda p: ["rclone", "copy", *options, folder, f":s3:{ORIGINALS}/{p}"]),
    }
    runs = alternately(ways, rounds)
    return report(f"{load.title}, {concurrency} at a time, {rounds} rounds", runs, _OURS)


def empty(aws: Endpoint, prefix: str, load: Load) -> None:
    """Delete what a run sent; fail unless that was everything."""
    s3, removed, sent = aws.client("s3"), 0, 0
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=ORIGINALS, Prefix=prefix):
        keys = [{"Key": item["Key"]} for item in page.get("Contents", [])]
        sent += sum(item["Size"] for item in page.get("Contents", []))
        removed += len(keys)
        if keys:
            s3.delete_objects(Bucket=ORIGINALS, Delete={"Objects": keys, "Quiet": True})
    if (removed, sent) != (load.files, load.files * load.size):
        raise RuntimeError(f"{removed:,} of {load.files:,} files arrived, {sent:,} bytes")


if __name__ == "__main__":
    main()
