"""Measure reading a whole table: ``python -m benchmarks.listing [--records N] [--rounds N]``.

Compares ``zenoimg list --jsonl`` with ``aws dynamodb scan``, by default with 100,000 records. Targets: at least twice
as fast, with at most 150 MB of memory.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.side_by_side import TABLE, Endpoint, Run, alternately, report, require, scratch, table_of, zenoimg

FASTER, MEGABYTES = 2.0, 150
_OURS, _THEIRS = "zenoimg list --jsonl", "aws dynamodb scan"


def main() -> None:
    """Measure and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    require("aws")
    with scratch() as folder, table_of(arguments.records, Path(folder)) as aws:
        ways = {
            _OURS: checked(aws, zenoimg("list", "--jsonl"), arguments.records, lambda text: text.count("\n")),
            "zenoimg list --json": checked(aws, zenoimg("list", "--json"), arguments.records, _length),
            _THEIRS: checked(aws, _scan(), arguments.records, lambda text: len(json.loads(text)["Items"])),
        }
        runs = alternately(ways, arguments.rounds)
    ratios = report(f"{arguments.records:,} records, {arguments.rounds} rounds", runs, _OURS)
    most = max(run.megabytes for run in runs[_OURS])
    good = ratios[_THEIRS] >= FASTER and most <= MEGABYTES
    print(
        f"\nlist --jsonl is {ratios[_THEIRS]:.1f}x as fast as the scan, with {most:.0f} MB: "
        f"{'within' if good else 'NOT within'} the targets of {FASTER:.0f}x and {MEGABYTES} MB"
    )


def checked(aws: Endpoint, command: list[str], count: int, counted: Callable[[str], int]) -> Callable[[], Run]:
    """Return a run that fails unless it printed every record."""

    def run() -> Run:
        measured = aws.run(command)
        printed = counted((aws.folder / "output").read_text())
        if printed != count:
            raise RuntimeError(f"{command} printed {printed:,} of {count:,} records")
        return measured

    return run


def _scan() -> list[str]:
    return ["aws", "dynamodb", "scan", "--table-name", TABLE, "--output", "json"]


def _length(text: str) -> int:
    values: list[Any] = json.loads(text)
    return len(values)


if __name__ == "__main__":
    main()
