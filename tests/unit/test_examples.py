"""The examples in the documentation run as printed, and print what they claim."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tests.drawn import pictures

ROOT = Path(__file__).resolve().parents[2]
_EXAMPLE = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


def examples(page: str) -> list[tuple[str, str]]:
    """Return the Python blocks of a page, each with the output that the page shows."""
    return [(code, printed) for code, printed in _EXAMPLE.findall((ROOT / page).read_text(encoding="utf-8"))]


@pytest.mark.parametrize(("page", "fewest"), [("docs/imaging.md", 6), ("README.md", 1)])
def test_examples_run(page: str, fewest: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("photo.jpg").write_bytes(pictures.jpeg(pictures.photo((1600, 1200))))
    Path("notes.txt").write_text("no picture")
    pictures.photo((64, 64)).save("logo.png")
    pictures.photo((320, 240)).save("orange.png")
    found = examples(page)
    assert len(found) >= fewest, "otherwise this test runs nothing"
    names: dict[str, Any] = {"__name__": "__main__"}
    for code, expected in found:
        printed = StringIO()
        with redirect_stdout(printed):
            exec(compile(code, page, "exec"), names)
        assert printed.getvalue() == expected, code
