"""Measure the start of the command: ``python -m benchmarks.startup [--rounds N]``.

Compares ``zenoimg --help`` with ``aws --version`` (which prints one line); target: at most half of its time.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.side_by_side import alternately, embedded_aws, report, require, scratch, zenoimg

TARGET = 2.0


def main() -> None:
    """Measure and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    require("aws")
    with scratch() as folder, embedded_aws(Path(folder)) as aws:
        ways = {
            "zenoimg --help": lambda: aws.run(zenoimg("--help")),
            "zenoimg upload --help": lambda: aws.run(zenoimg("upload", "--help")),
            "aws --version": lambda: aws.run(["aws", "--version"]),
        }
        runs = alternately(ways, arguments.rounds)
    ratio = report(f"Start, {arguments.rounds} rounds", runs, "zenoimg --help")["aws --version"]
    verdict = "within" if ratio >= TARGET else "ABOVE"
    print(f"\nzenoimg --help takes {1 / ratio:.2f}x the time of aws --version, {verdict} the target of {1 / TARGET}")


if __name__ == "__main__":
    main()
