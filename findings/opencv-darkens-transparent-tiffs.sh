#!/usr/bin/env bash
# OpenCV darkens a transparent TIFF that it opens and saves, as PNG or as TIFF; PNGs and 16-bit TIFFs stay as they are.
#
# Versions: OpenCV 5.0.0 (opencv-python-headless 5.0.0.93), Pillow 13.0.0, tifffile 2026.3.3. Seen on 2026-11-29.
# Expected: imread with IMREAD_UNCHANGED of a TIFF with unassociated alpha (ExtraSamples 2; TIFF 6.0, section 18) returns the stored
#   colours, as it does for PNG, and as its documentation says of the flag: "return the loaded image as is".
# Seen: 8 bits come back multiplied by alpha, 16 bits and PNG as stored. imwrite does not divide: (200, 30, 40) at half opacity is
#   (100, 15, 20) at half opacity afterwards, in a PNG, whose alpha is never associated, and in a TIFF. Nothing is raised.
# Concerns: logos and cut-out products that pass through OpenCV: their soft edges get dark fringes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check opencv-python-headless==5.0.0.93 \
    pillow==13.0.0 numpy==2.4.6 tifffile==2026.3.3
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import cv2
import numpy
import tifffile
from PIL import Image

LOGO = numpy.full((16, 16, 4), (200, 30, 40, 128), numpy.uint8)


def saved(source: str, target: str) -> tuple[int, ...]:
    """Return what Pillow reads of the target that OpenCV makes of the source."""
    cv2.imwrite(target, cv2.imread(source, cv2.IMREAD_UNCHANGED))
    with Image.open(target) as opened:
        assert opened.mode == "RGBA"
        pixel = opened.getpixel((8, 8))
    print(source, "to", target, pixel)
    return pixel


STORED, DARK = (200, 30, 40, 128), (100, 15, 20, 128)
Image.fromarray(LOGO).save("logo.png")
tifffile.imwrite("logo.tif", LOGO, photometric="rgb", extrasamples=["unassalpha"])
tifffile.imwrite("deep.tif", LOGO.astype(numpy.uint16) * 257, photometric="rgb", extrasamples=["unassalpha"])
with Image.open("logo.tif") as logo:
    assert logo.getpixel((8, 8)) == STORED
assert saved("logo.png", "from-png.png") == saved("logo.png", "from-png.tif") == STORED
assert saved("deep.tif", "from-deep.png") == STORED
for name in ("from-tiff.png", "from-tiff.tif"):
    assert saved("logo.tif", name) == DARK, "colours stay as they are stored now"
PYTHON
