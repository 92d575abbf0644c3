"""Draws ``docs/diagrams/*.svg``: the Mermaid diagrams of the pages, for the site, which runs no scripts from elsewhere.

Run it from the checkout after a change of a diagram: ``python -m docs.make_diagrams``. It needs npm, Chromium (Debian:
``apt-get install chromium``) and ``pip install -r requirements/thorough.txt``. GitHub draws the same blocks itself.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

DOCS = Path(__file__).parent
FOLDER = DOCS / "diagrams"
PACKAGE = "mermaid@12.3.0"
BLOCK = re.compile(r"^```mermaid\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
_SETTINGS = """
{startOnLoad: false, theme: "neutral", htmlLabels: false, flowchart: {htmlLabels: false}, fontFamily: "sans-serif"}
"""


def main() -> int:
    """Draw all diagrams."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None or shutil.which("npm") is None:
        sys.stderr.write("This needs Chromium and npm: apt-get install chromium npm\n")
        return 1
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.set_content("<!doctype html><body></body>")
        page.add_script_tag(path=str(mermaid(Path(folder))))
        page.evaluate(f"mermaid.initialize({_SETTINGS})")
        for name, block in diagrams().items():
            svg = page.evaluate("([id, text]) => mermaid.render(id, text).then(drawn => drawn.svg)", [name, block])
            (FOLDER / f"{name}.svg").write_text(f"<!-- {digest(block)} -->\n{svg}\n", encoding="utf-8")
        browser.close()
    return 0


def mermaid(folder: Path) -> Path:
    """Return the script of the pinned package."""
    npm = ["npm", "pack", "--silent", PACKAGE]
    subprocess.run(npm, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as packed:
        packed.extract("package/dist/mermaid.min.js", folder, filter="data")
    return folder / "package" / "dist" / "mermaid.min.js"


def diagrams() -> dict[str, str]:
    """Name of the picture → block, for all pages."""
    pages = [DOCS.parent / "README.md", *sorted(DOCS.glob("*.md"))]
    return {
        name_of(page.stem, number): block
        for page in pages
        for number, block in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")), start=1)
    }


def name_of(page: str, number: int) -> str:
    """Return the name of a page's diagram, which are numbered from 1."""
    return f"{page.lower()}-{number}"


def digest(block: str) -> str:
    """Return what tells whether a picture shows a block as it is now."""
    return hashlib.sha256(block.encode()).hexdigest()[:16]


if __name__ == "__main__":
    sys.exit(main())
