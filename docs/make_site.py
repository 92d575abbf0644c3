"""Builds the documentation as a site: ``make docs`` writes ``docs/_build/html``.

The pages are the repository's own Markdown files, copied to where their relative links lead somewhere, README first.
Added to them are the HTTP API, rendered from ``openapi.yaml``, and the reference of the library from its docstrings.
Warnings are errors. The site loads nothing from elsewhere.
"""

from __future__ import annotations

import shutil
import sys
from itertools import count
from pathlib import Path

from sphinx.cmd.build import build_main

from docs.api_page import api_page
from docs.make_diagrams import BLOCK, name_of

DOCS = Path(__file__).parent
ROOT = DOCS.parent
BUILD = DOCS / "_build"
TOP_PAGES = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE")

#: The navigation: heading, pages in their order.
CONTENTS = {
    "Guide": (
        "docs/watermark",
        "docs/formats",
        "docs/first-hour-on-aws",
        "docs/operating",
        "docs/events",
        "docs/recovery",
        "docs/limits",
        "docs/costs",
    ),
    "Reference": ("docs/commands/README", "docs/api", "docs/imaging", "docs/reference"),
    "Background": ("docs/architecture", "docs/security"),
    "Project": ("CHANGELOG", "CONTRIBUTING", "SECURITY"),
}
REFERENCE = """# Library reference

Everything that `zenoimg.imaging` exports; [the library](imaging.md) explains it with examples.

```{eval-rst}
.. automodule:: zenoimg.imaging
   :no-members:

.. autofunction:: zenoimg.imaging.watermark
.. autofunction:: zenoimg.imaging.watermark_file
.. autoclass:: zenoimg.imaging.Watermarked
   :members:
.. autoclass:: zenoimg.imaging.Recipe
   :members: fingerprint
.. autoclass:: zenoimg.imaging.WatermarkSpec
.. autoclass:: zenoimg.imaging.EncoderSettings
.. autoclass:: zenoimg.imaging.Rights
   :members: texts
.. autofunction:: zenoimg.imaging.recipe_from_mapping
.. autofunction:: zenoimg.imaging.recipe_to_mapping
.. autoclass:: zenoimg.imaging.Limits
   :members: check_bytes, check_picture, check_memory
.. autoexception:: zenoimg.imaging.Refused
.. autoexception:: zenoimg.imaging.RecipeError
```
"""


def main(arguments: list[str]) -> int:
    """Build the site into the given folder, ``_build/html`` by default; return the exit code, 1 after a warning."""
    output = Path(arguments[0]) if arguments else BUILD / "html"
    source = output.parent / f"{output.name}-source"
    shutil.rmtree(source, ignore_errors=True)
    shutil.rmtree(output, ignore_errors=True)
    write_source(source)
    options = ["-W", "--keep-going", "-q", "-E", "-b", "html", "-c", str(DOCS / "site")]
    return build_main([*options, "-d", str(source / ".doctrees"), str(source), str(output)])


def write_source(source: Path) -> None:
    """Write the pages as Sphinx reads them."""
    shutil.copytree(DOCS, source / "docs", ignore=shutil.ignore_patterns("_build", "site", "*.py", "__pycache__"))
    shutil.copytree(ROOT / "policies", source / "policies")
    for name in TOP_PAGES:
        shutil.copy(ROOT / name, source / name)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    readme = with_drawn_diagrams("README", readme, "docs/diagrams")
    (source / "index.md").write_text(f"{readme}\n{contents()}", encoding="utf-8")
    for page in (source / "docs").glob("*.md"):
        text = page.read_text(encoding="utf-8")
        page.write_text(with_drawn_diagrams(page.stem, text, "diagrams"), encoding="utf-8")
    (source / "docs" / "api.md").write_text(api_page(DOCS / "openapi.yaml"), encoding="utf-8")
    (source / "docs" / "reference.md").write_text(REFERENCE, encoding="utf-8")
    pages = sorted(path.stem for path in (DOCS / "commands").glob("*.md") if path.stem != "README")
    with (source / "docs" / "commands" / "README.md").open("a", encoding="utf-8") as index:
        index.write(f"\n{toctree('', pages)}")


def with_drawn_diagrams(page: str, text: str, folder: str) -> str:
    """Return a page's text with its Mermaid blocks replaced by the pictures of them."""
    numbers = count(1)
    return BLOCK.sub(lambda block: f"![Diagram]({folder}/{name_of(page, next(numbers))}.svg){{.diagram}}\n", text)


def contents() -> str:
    """Return the navigation as hidden tables of contents."""
    return "\n".join(toctree(heading, pages) for heading, pages in CONTENTS.items())


def toctree(caption: str, pages: tuple[str, ...] | list[str]) -> str:
    """Return one hidden table of contents."""
    options = [":hidden:", *([f":caption: {caption}"] if caption else [])]
    return "\n".join(["```{toctree}", *options, "", *pages, "```", ""])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
