"""The documentation of costs: each amount follows from its formula, and the README repeats the totals."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from zenoimg.config.keys import STORAGE_CLASSES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "costs.md").read_text(encoding="utf-8")
#: A row of a table with a formula: what, formula, amounts.
ROWS = re.findall(r"^\| (.+?) \| `([N\d·./+ ]+)` \| ([\d.]+) \|(?: ([\d.]+) \|)?$", PAGE, re.MULTILINE)
LAMBDA = "Lambda, compute"


def value(formula: str) -> float:
    """Return the value of a formula of products and quotients, from left to right."""
    total = 0.0
    for term in formula.replace("N", "1000000").split(" + "):
        first, *others = re.split(r" ([·/]) ", term)
        product = float(first)
        for sign, number in zip(others[::2], others[1::2], strict=True):
            product = product * float(number) if sign == "·" else product / float(number)
        total += product
    return total


@pytest.mark.parametrize(("what", "formula", "amount"), [row[:3] for row in ROWS])
def test_an_amount_is_the_value_of_its_formula(what: str, formula: str, amount: str) -> None:
    assert math.isclose(value(formula), float(amount), abs_tol=0.0051), what


def test_the_totals_are_the_sums_and_the_readme_repeats_them() -> None:
    once = [row for row in ROWS if row[3]]
    before = [float(row[3]) for row in once]
    (lambda_before,) = (float(row[3]) for row in once if row[0] == LAMBDA)
    assert math.isclose(lambda_before, value("N · 0.660 · 0.0000133334"), abs_tol=0.0051)
    totals = re.search(r"\| \*\*All\*\* \| \| \*\*([\d.]+)\*\* \| \*\*([\d.]+)\*\* \|", PAGE)
    assert totals is not None
    assert math.isclose(sum(float(row[2]) for row in once), float(totals[1]), abs_tol=0.001)
    assert math.isclose(sum(before), float(totals[2]), abs_tol=0.001)
    monthly = {row[0]: float(row[2]) for row in ROWS if not row[3]}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    dear, cheap = monthly["`STANDARD` | `STANDARD`"], monthly["`GLACIER_IR` | `STANDARD_IA`"]
    assert f"about ${float(totals[1]):.0f} once, then ${dear:.0f} a month" in readme
    assert f"or ${math.ceil(cheap)} in cheaper" in readme


def test_each_storage_class_has_its_prices() -> None:
    assert all(re.search(rf"^\| `{each}` \| \$", PAGE, re.MULTILINE) for each in STORAGE_CLASSES)
