"""Measure scrolling in the gallery: the cost of a frame with 1,000 images compared with 60, in one run.

Run it from the checkout: ``python -m benchmarks.gallery_page``. It needs Chromium and ``pip install -r
requirements/thorough.txt``. Headless Chromium draws without a graphics card, so the ratio means more than the times.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tests.browser.albums import many

FEW, MANY = 60, 1000
ROUNDS = 5

FRAMES = 45
#: Scrolls down 60 pixels per frame, like a wheel, while pictures load, and returns the milliseconds of each frame.
_SCROLL = """frames => new Promise(done => {
    const times = [];
    let at = performance.now();
    const step = () => {
        const now = performance.now();
        times.push(now - at);
        at = now;
        scrollBy(0, 60);
        if (times.length < frames) requestAnimationFrame(step);
        else done(times.slice(1));
    };
    requestAnimationFrame(step);
})"""


def main() -> None:
    """Print both results and their ratio."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        pages = {}
        for count in (FEW, MANY):
            out = Path(folder, str(count))
            out.mkdir()
            pages[count] = many(out, count).page
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        runs: dict[int, list[dict[str, float]]] = {FEW: [], MANY: []}
        for _ in range(ROUNDS):
            for count, page in pages.items():
                runs[count].append(measured(browser, page, count))
        browser.close()
    best = {count: {name: min(run[name] for run in of_page) for name in of_page[0]} for count, of_page in runs.items()}
    for name in best[FEW]:
        few, much = best[FEW][name], best[MANY][name]
        print(f"{name:<42} {few:9.2f} {much:9.2f}   x{much / few:.2f}")


def measured(browser: Browser, page: Path, count: int) -> dict[str, float]:
    """Visit the page once; return the milliseconds until all tiles are loaded, and of a frame while scrolling."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    tab = context.new_page()
    tab.goto(page.as_uri())
    tab.locator(f"li:nth-child({count})").wait_for(state="attached")
    tab.locator(".frame img.there").first.wait_for()
    session = context.new_cdp_session(tab)
    session.send("Performance.enable")
    before = _metrics(session)
    times: list[float] = tab.evaluate(_SCROLL, FRAMES)
    after = _metrics(session)
    script, layout = (1000 * (after[name] - before[name]) / FRAMES for name in ("ScriptDuration", "LayoutDuration"))
    context.close()
    return {
        "median frame, ms": median(times),
        "95th percentile of frames, ms": sorted(times)[int(0.95 * len(times))],
        "script in a frame, ms": script,
        "layout in a frame, ms": layout,
    }


def _metrics(session: Any) -> dict[str, float]:
    return {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}


if __name__ == "__main__":
    main()
