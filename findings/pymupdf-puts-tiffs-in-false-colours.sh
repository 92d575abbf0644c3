#!/usr/bin/env bash
# PyMuPDF puts tiled TIFFs into PDFs in false colours, big-endian 16-bit ones in black, and darkens those with associated alpha.
#
# Versions: PyMuPDF 2.0 (MuPDF 1.28.5), Pillow 13.0.0, tifffile 2026.3.3, imagecodecs 2026.3.6. Seen on 2026-11-29.
# Expected: one colour throughout; Predictor 2 is undone for each row of each tile, and for 16 bits as numbers in the byte order of the
#   file (TIFF 6.0, section 14). ExtraSamples 1 says that the colours are already multiplied by alpha (section 18).
# Seen: Pillow reads the colour from all. PyMuPDF's insert_image and Pixmap have (200, 30, 40) in the first column of tiles and
#   (144, 60, 80) to the right of it; black for big-endian 16 bits with the predictor; and alpha multiplied twice. The same pictures
#   without the predictor, with tiles as wide as the picture, in little-endian, or with unassociated alpha are right. Nothing is raised.
# Concerns: PDFs made of scans and of photographers' TIFFs, which are often compressed with a predictor.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 numpy==2.4.6 tifffile==2026.3.3 imagecodecs==2026.3.6
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps pymupdf==2.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import numpy
import pymupdf
import tifffile
from PIL import Image

Pixel = tuple[int, ...]
COLOUR = (200, 30, 40)
RED = numpy.full((64, 64, 3), COLOUR, numpy.uint8)
DEEP = RED.astype(numpy.uint16) * 257


def page(picture: numpy.ndarray, **options: object) -> tuple[Pixel, Pixel]:
    """Return the pixels at (8, 32) and (48, 32) of a PDF page that the TIFF fills; Pillow must read the colour in both places."""
    tifffile.imwrite("scan.tif", picture, photometric="rgb", **options)
    with Image.open("scan.tif") as opened:
        for place in ((8, 32), (48, 32)):
            assert max(abs(a - b) for a, b in zip(opened.getpixel(place), COLOUR, strict=False)) <= 1
    document = pymupdf.open()
    sheet = document.new_page(width=64, height=64)
    sheet.insert_image(sheet.rect, filename="scan.tif")
    drawn = sheet.get_pixmap()
    return drawn.pixel(8, 32), drawn.pixel(48, 32)


def say(name: str, seen: tuple[Pixel, Pixel]) -> tuple[Pixel, Pixel]:
    print(f"{name}:", *seen)
    return seen


packed = {"compression": "deflate", "predictor": True}
right = (COLOUR, COLOUR)
assert say("tiles", page(RED, tile=(16, 32), compression="deflate")) == right
assert say("tiles, predictor", page(RED, tile=(16, 32), **packed)) == (COLOUR, (144, 60, 80)), "each tile is decoded alone now"
assert say("one tile, predictor", page(RED, tile=(64, 64), **packed)) == right
assert say("16 bits, little-endian, predictor", page(DEEP, byteorder="<", **packed)) == right
assert say("16 bits, big-endian", page(DEEP, byteorder=">", compression="deflate")) == right
assert say("16 bits, big-endian, predictor", page(DEEP, byteorder=">", **packed)) == ((0, 0, 0),) * 2, "the byte order is honoured now"

half = numpy.full((64, 64, 1), 128, numpy.uint8)
straight, premultiplied = numpy.dstack([RED, half]), numpy.dstack([RED // 2, half])
unassociated = say("unassociated alpha", page(straight, extrasamples=["unassalpha"]))
associated = say("associated alpha", page(premultiplied, extrasamples=["assocalpha"]))
assert max(abs(a - b) for a, b in zip(unassociated[0], (227, 142, 147), strict=True)) <= 2
assert max(abs(a - b) for a, b in zip(associated[0], (176, 134, 136), strict=True)) <= 2, "alpha is multiplied once now"
PYTHON
