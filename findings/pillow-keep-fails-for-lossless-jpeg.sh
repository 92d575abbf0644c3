#!/usr/bin/env bash
# A lossless JPEG opens as an ordinary one, and cannot be saved with quality="keep", which is for JPEGs.
#
# Versions: Pillow 13.0.0 (libjpeg-turbo 3.2), imagecodecs 2026.3.6 to make the file. Seen on 2026-11-28.
# Expected: a picture whose format is "JPEG" can be saved with quality="keep" or with qtables=picture.quantization.
# Seen: both raise "None or too many quantization tables": a lossless JPEG (ITU-T T.81, annex H) has none, quantization is {}. Nothing
#   else tells it apart: format, mode and info are those of a baseline JPEG. Saved plainly it is lossy, at quality 75.
# Concerns: who re-saves JPEGs with their own tables; scans and X-rays are stored so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 imagecodecs==2026.3.6 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
from io import BytesIO

import imagecodecs
import numpy
from PIL import Image

samples = (numpy.arange(64 * 64) % 251).astype(numpy.uint8).reshape(64, 64)
picture = Image.open(BytesIO(imagecodecs.jpeg_encode(samples, lossless=True)))
picture.load()
same = bool((numpy.asarray(picture) == samples).all())
seen = {}
for name, options in {"keep": {"quality": "keep"}, "tables": {"qtables": picture.quantization}, "plain": {}}.items():
    out = BytesIO()
    try:
        picture.save(out, "JPEG", **options)
        error = numpy.abs(numpy.asarray(Image.open(out)).astype(int) - samples).max()
        seen[name] = f"off by up to {error}"
    except ValueError as failed:
        seen[name] = str(failed)
print(picture.format, picture.mode, picture.quantization, f"decoded exactly: {same}", seen)
assert picture.format == "JPEG" and picture.quantization == {} and same
assert seen["keep"] == seen["tables"] == "None or too many quantization tables", "it can be kept now"
assert seen["plain"] != "off by up to 0"
PYTHON
