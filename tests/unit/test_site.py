"""The documentation site builds without a warning; its diagrams match the pages."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs import api_page, make_diagrams

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.thorough  # redrawing one needs npm and Chromium
def test_each_diagram_matches_its_source() -> None:
    drawn = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "diagrams").glob("*.svg")}
    written = make_diagrams.diagrams()
    assert drawn.keys() == written.keys()
    for name, block in written.items():
        assert drawn[name].startswith(f"<!-- {make_diagrams.digest(block)} -->"), "run python -m docs.make_diagrams"


def test_the_api_page_has_every_key_parameter_and_status() -> None:
    description = ROOT / "docs" / "openapi.yaml"
    page = api_page.api_page(description)
    text = description.read_text(encoding="utf-8")
    keys = re.findall(r"^        (\w+):(?: \{type|\n          type)", text, re.MULTILINE)
    parameters = re.findall(r"- name: (\w+)", text)
    assert len(keys) > 20
    assert len(parameters) >= 2
    assert all(f"| `{name}` |" in page for name in (*keys, *parameters))
    assert all(f"| {status} |" in page for status in re.findall(r'^        "(\d+)":$', text, re.MULTILINE))


@pytest.mark.thorough
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("furo", reason="make docs installs it")
    command = [sys.executable, "-m", "docs.make_site", str(tmp_path / "html")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    pages = {str(path.relative_to(tmp_path / "html")) for path in (tmp_path / "html").rglob("*.html")}
    assert {"index.html", "docs/imaging.html", "docs/api.html", "docs/reference.html"} <= pages
    assert {f"docs/commands/{path.stem}.html" for path in (ROOT / "docs" / "commands").glob("*.md")} <= pages
    foreign = re.compile(r"<(?:script|link|img)[^>]+(?:src|href)=[\"'](?:https?:)?//")
    for page in pages:
        assert not foreign.search((tmp_path / "html" / page).read_text(encoding="utf-8")), page
