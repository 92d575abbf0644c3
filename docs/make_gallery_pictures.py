"""Takes ``docs/gallery.jpg`` and ``docs/gallery-viewer.jpg``: the page of ``zenoimg gallery`` in a browser.

Run it from the checkout: ``python -m docs.make_gallery_pictures``. It needs Chromium (Debian: ``apt-get install
chromium``) and ``pip install -r requirements/thorough.txt``. Every picture is drawn here, none is anybody's.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from demo.lake import draw_lake
from demo.lighthouse import draw_lighthouse
from demo.orange import draw_orange
from tests.browser.albums import Made, of_files, written
from tests.records import record
from zenoimg.imaging.formats import SUPPORTED
from zenoimg.operations.gallery.files import Pictures

HERE = Path(__file__).parent
SIZE = {"width": 1360, "height": 850}


def main() -> int:
    """Take both pictures."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        sys.stderr.write("There is no Chromium here: apt-get install chromium\n")
        return 1
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        album = scenery(Path(folder))
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport=SIZE, color_scheme="light")  # type: ignore[arg-type]
        page.goto(album.page.as_uri())
        page.locator(".frame img.there").nth(8).wait_for()
        take(page, HERE / "gallery.jpg")
        page = browser.new_page(viewport=SIZE, color_scheme="dark")  # type: ignore[arg-type]
        page.goto(album.page.as_uri() + "#image=lakes%2Fmorning.jpg")
        page.locator("#canvas:not(.loading)").wait_for()
        for _ in range(40):  # the divider stands where the mark shows what is after it
            page.locator("#split").press("ArrowRight")
        page.locator("#viewer-id").focus()
        take(page, HERE / "gallery-viewer.jpg")
        browser.close()
    return 0


def scenery(folder: Path) -> Made:
    """A page of drawn photos, one of them refused and one failed."""
    images = []
    for minutes, (name, picture) in enumerate(photos().items()):
        encoded = BytesIO()
        if picture.mode == "RGBA":
            picture.save(encoded, "PNG", compress_level=4)
        else:
            picture.save(encoded, "JPEG", quality=90)
        images.append(of_files(folder, name, encoded.getvalue(), minutes * 7))
    refused = replace(record("scans/contract.jxl", status="refused"), created_at="2025-06-12T17:42:00Z")
    reason = f"unsupported-format: JPEG XL is not supported; supported are {', '.join(SUPPORTED)}"
    images.append(Pictures(replace(refused, error=reason, original_size=1_840_000)))
    return written(folder, images)


def photos() -> dict[str, Image.Image]:
    """Draw the photos: each scene in several lights and shapes."""
    lake, wide = draw_lake((1600, 1200), seed=7), draw_lake((1800, 900), seed=21)
    tower = draw_lighthouse((1200, 1600), seed=11)
    orange = draw_orange((1400, 1050), seed=5)
    return {
        "lakes/evening.jpg": lake,
        "lighthouses/north.jpg": tower,
        "lakes/morning.jpg": in_light(wide, 0.98),
        "fruit/orange.png": orange,
        "lakes/square.jpg": in_light(draw_lake((1200, 1200), seed=33), 0.9),
        "lighthouses/winter.jpg": in_light(draw_lighthouse((1200, 1500), seed=14), 0.08),
        "fruit/lemon.png": in_light(draw_orange((1200, 1200), seed=9), 0.08),
        "lakes/far.jpg": in_light(draw_lake((1600, 1000), seed=45), 0.12),
        "lighthouses/south.jpg": draw_lighthouse((1500, 1200), seed=18),
        "lakes/dusk.jpg": in_light(draw_lake((1600, 1100), seed=52), 0.95),
    }


def in_light(picture: Image.Image, turn: float) -> Image.Image:
    """The same scene with its hues turned by a part of the circle."""
    hue, saturation, value = picture.convert("RGB").convert("HSV").split()
    turned = Image.merge("HSV", (hue.point(lambda level: round(level + 255 * turn) % 256), saturation, value))
    plain = turned.convert("RGB")
    if picture.mode == "RGBA":
        plain.putalpha(picture.getchannel("A"))
    return plain


def take(page: Page, target: Path) -> None:
    """Write what the page shows."""
    Image.open(BytesIO(page.screenshot())).convert("RGB").save(target, quality=86, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
