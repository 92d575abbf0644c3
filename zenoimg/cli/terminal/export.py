"""Records for programs, written to stdout one at a time: a JSON array, JSON lines or CSV."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from zenoimg.cli.terminal.screen import JsonArray, is_utf8, json_text

#: The first characters by which spreadsheets recognise a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def json_array(values: Iterable[Any]) -> None:
    """Write the same text as ``json`` would for a list."""
    with JsonArray(wanted=True) as array:
        for value in values:
            array.add(value)


def json_lines(values: Iterable[Any]) -> None:
    """Write one compact JSON value per line."""
    for value in values:
        sys.stdout.write(json_text(value) + "\n")


def csv_rows(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a header line, then a row per mapping; ``None`` is empty, the items of a list are lines in their cell.

    Text that a spreadsheet would take for a formula is prefixed with an apostrophe, since keys are untrusted:
    https://owasp.org/www-community/attacks/CSV_Injection
    """
    if isinstance(sys.stdout, io.TextIOWrapper) and not is_utf8():
        sys.stdout.reconfigure(errors="backslashreplace")
    _write_row(columns)
    for row in rows:
        _write_row([_cell(row[column]) for column in columns])


def _write_row(cells: Sequence[Any]) -> None:
    # The writer quotes a carriage return only if it ends lines with one.
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    sys.stdout.write(line.getvalue().removesuffix("\r\n") + "\n")


def _cell(value: Any) -> Any:
    text = "\n".join(value) if isinstance(value, list) else value
    return f"'{text}" if isinstance(text, str) and text.startswith(_FORMULA_STARTS) else text
