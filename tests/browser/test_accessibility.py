"""axe-core checks the gallery: no findings of any severity, light and dark, with and without an open image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.albums import Made
from tests.browser.test_gallery import settled, tile

pytestmark = pytest.mark.thorough


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("shown", ["", "travel/day 2/photo-2.jpg", "broken/letter.heic"])
def test_axe_finds_nothing(opened: Callable[..., Any], album: Made, scheme: str, shown: str) -> None:
    driver = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="pip install -r requirements/thorough.txt"
    )
    # axe adds its scripts to the page, which the page's policy forbids.
    page = opened(album.page, color_scheme=scheme, bypass_csp=True)
    page.locator(".frame img.there").first.wait_for()
    if shown:
        tile(page, shown).click()
        if shown.endswith("jpg"):
            settled(page)
    response = driver.Axe().run(page).response
    assert len(response["passes"]) > 15, "otherwise axe checked nothing"
    found = [(rule["id"], rule["impact"], [node["html"] for node in rule["nodes"]]) for rule in response["violations"]]
    assert found == []
