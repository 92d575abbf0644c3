"""Links in the documentation lead to an existing file, and to a heading in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_BUILT = ROOT / "docs" / "_build"
_DOCS = [path for path in sorted((ROOT / "docs").rglob("*")) if not path.is_relative_to(_BUILT)]
PAGES = [*sorted(ROOT.glob("*.md")), *(path for path in _DOCS if path.suffix == ".md")]
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_point_at_existing_targets(page: Path) -> None:
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.is_relative_to(ROOT), link
        assert target.exists(), f"{link} points at nothing"
        assert not anchor or anchor in anchors(target), f"{link}: there is no such heading"


def test_every_page_of_the_documentation_is_linked() -> None:
    linked = {
        (page.parent / link.partition("#")[0]).resolve()
        for page in PAGES
        for link in _LINK.findall(page.read_text(encoding="utf-8"))
    }
    assert {page for page in PAGES if page.name != "README.md" or page.parent != ROOT} <= linked | {ROOT / "README.md"}


def test_every_picture_of_the_documentation_is_used() -> None:
    shown = {
        (page.parent / link).resolve()
        for page in PAGES
        for link in re.findall(r"!\[[^\]]*\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    }
    pictures = {path for path in _DOCS if path.suffix in {".jpg", ".png", ".svg"} and path.parent.name != "diagrams"}
    assert pictures == {path for path in shown if path.is_file()}
