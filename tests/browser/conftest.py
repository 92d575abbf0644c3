"""A headless Chromium for the gallery: Debian's package, driven by Playwright; nothing leaves the machine."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.albums import Made, many, varied

_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def driver() -> Iterator[Any]:
    """Yield Playwright; the tests are skipped if it is not installed."""
    playwright = pytest.importorskip("playwright.sync_api", reason="pip install -r requirements/thorough.txt")
    with playwright.sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(driver: Any) -> Iterator[Any]:
    """Yield the browser; the tests are skipped if none is installed."""
    browser = launched(driver)
    yield browser
    browser.close()


def launched(driver: Any, *more: str) -> Any:
    """Start Chromium with additional arguments; skip the test if it is not installed."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("there is no Chromium here: apt-get install chromium")
    return driver.chromium.launch(executable_path=found, args=[*_ARGUMENTS, *more])


@pytest.fixture(scope="session")
def album(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Return a page with all kinds of images, including hostile ids."""
    return varied(tmp_path_factory.mktemp("varied"))


@pytest.fixture(scope="session")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Return a page with 1,000 images."""
    return many(tmp_path_factory.mktemp("thousand"), 1000)


@pytest.fixture
def opened(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Return a function that opens a page in a fresh profile. Any error on the console fails the test."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def open_page(path: Path, hash_: str = "", *, width: int = 1280, height: int = 800, **options: Any) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.requested = []
        page.on("request", lambda request: page.requested.append(request.url))
        page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.goto(path.as_uri() + hash_)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints
