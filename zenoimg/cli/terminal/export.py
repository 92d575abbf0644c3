"""Records for programs, written to stdout one by one: a JSON array, JSON lines, comma-separated values."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from zenoimg.cli.terminal.screen import JsonArray, is_utf8, json_text


def json_array(values: Iterable[Any]) -> None:
    """The same text as the JSON of a list."""
    with JsonArray(wanted=True) as array:
        for value in values:
            array.add(value)


def json_lines(values: Iterable[Any]) -> None:
    """One compact JSON text a line."""
    for value in values:
        sys.stdout.write(json_text(value) + "\n")


def csv_rows(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """A line of names, then a row for each mapping; ``None`` is empty, a list's items are lines of their cell."""
    if isinstance(sys.stdout, io.TextIOWrapper) and not is_utf8():
        sys.stdout.reconfigure(errors="backslashreplace")
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        cells = (row[column] for column in columns)
        writer.writerow(["\n".join(cell) if isinstance(cell, list) else cell for cell in cells])
