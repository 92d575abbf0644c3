"""Run on the photos next to the checkout, if present; they may not be redistributed here."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageOps

from zenoimg.imaging import Refused, WatermarkSpec, watermark
from zenoimg.imaging.marking.mark import overlay_for

PHOTOS = Path(__file__).parents[4] / "shared" / "photos"
FOLDERS = ("camera", "colour", "orientation", "pngsuite")
FILES = sorted(path for folder in FOLDERS for path in (PHOTOS / folder).glob("*.[jp][pn]g"))

# In PngSuite the broken files begin with x and the others are 1 to 9 pixels wide.
REFUSED = ("x", "s0", "cdfn", "cdsn")

pytestmark = pytest.mark.skipif(not FILES, reason="no photos next to the checkout")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@pytest.mark.filterwarnings("ignore")  # Pillow's warnings about their EXIF when this test reads it
def test_a_real_file_is_copied_or_refused_for_the_right_reason(path: Path) -> None:
    data = path.read_bytes()
    if path.name.startswith(REFUSED):
        with pytest.raises(Refused):
            watermark(data)
        return
    done = watermark(data)
    before, after = Image.open(BytesIO(data)), Image.open(BytesIO(done.data))
    assert ImageOps.exif_transpose(after).size == (done.width, done.height)
    assert after.info.get("icc_profile") == before.info.get("icc_profile")
    if path.parent.name in ("camera", "orientation"):
        assert len(done.data) < 1.05 * len(data)
    if done.format == "PNG" and before.mode == after.mode != "I;16":
        changed = ImageChops.difference(before.convert("RGBA"), after.convert("RGBA")).getbbox(alpha_only=False)
        left, top, right, bottom = overlay_for(WatermarkSpec(), before.size, 1).boxes[0]
        assert changed is not None
        assert changed[0] >= left
        assert changed[1] >= top
        assert changed[2] <= right
        assert changed[3] <= bottom
