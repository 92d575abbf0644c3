"""Chromium finds the HDR gain map of a copy; how bright it shows it cannot be measured headless."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from tests.browser.conftest import launched
from tests.drawn.ultra_hdr import Gain, UltraHdr, directory_in_xmp, xmp_gain_segment
from zenoimg.imaging import Recipe, watermark

pytestmark = pytest.mark.thorough

_FIRST_PIXEL = """async url => {
    const picture = new Image();
    picture.src = url;
    await picture.decode();
    const canvas = document.createElement("canvas");
    const drawing = canvas.getContext("2d", {colorSpace: "rec2100-hlg", colorType: "float16"});
    drawing.drawImage(picture, 0, 0);
    return drawing.getImageData(4, 4, 1, 1, {colorSpace: "rec2100-hlg", pixelFormat: "rgba-float16"}).data[0];
}"""
_FULL = UltraHdr(picture=Image.new("RGB", (320, 240), (128, 128, 128)), gain_map=Image.new("L", (80, 60), 255))
_BY_XMP = (xmp_gain_segment(Gain()),)
KINDS = {
    "ISO": _FULL,
    "ISO, MPF before the scan": replace(_FULL, mpf_before=0xDA),
    "ISO, with a directory that is wrong": replace(_FULL, stale=781),
    "XMP with a directory": replace(_FULL, declaring=(directory_in_xmp(1),), about=_BY_XMP),
    "XMP without": replace(_FULL, declaring=_BY_XMP, about=_BY_XMP),
}


@pytest.fixture(scope="module")
def level(driver: Any) -> Iterator[Callable[[bytes], float]]:
    """Return a function that returns the level of a picture's first pixels on an HDR canvas, as Hybrid Log-Gamma."""
    browser = launched(driver, "--force-color-profile=hdr10", "--enable-experimental-web-platform-features")
    page = browser.new_page()
    yield lambda data: page.evaluate(_FIRST_PIXEL, "data:image/jpeg;base64," + base64.b64encode(data).decode())
    browser.close()


@pytest.mark.parametrize("kind", KINDS)
def test_the_map_of_a_copy_is_found(kind: str, level: Callable[[bytes], float]) -> None:
    source = KINDS[kind].data
    without = level(watermark(source, Recipe(hdr="drop")).data)
    copy = level(watermark(source, Recipe()).data)
    assert copy > without + 0.05
    if KINDS[kind].stale:  # Chromium uses the directory: this copy is better than its source
        assert level(source) == without
    else:
        assert level(source) == copy
