#!/usr/bin/env bash
# sharp shows a TIFF that stores YCbCr without JPEG as if it were RGB: red is violet, white is pink.
#
# Versions: sharp 0.35.5 (npm; libvips 8.18.7), Pillow 13.0.0, OpenCV 5.0.0 (opencv-python-headless 5.0.0.93). Seen on 2026-11-29.
# Expected: PhotometricInterpretation 6 is YCbCr with any compression (TIFF 6.0, section 21), and libtiff, which libvips uses, converts
#   it on request, as OpenCV has it do; or libvips refuses, as it does for subsampled ones ("subsampled images not supported").
# Seen: uncompressed, with LZW and with Deflate the three samples are passed on as red, green and blue, without a warning; only with JPEG
#   inside it is right.
# Concerns: who makes thumbnails of others' TIFFs with sharp or libvips. Pillow writes such files from its mode YCbCr.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 opencv-python-headless==5.0.0.93 numpy==2.4.6
npm install --silent --no-audit --no-fund --prefix "$work" sharp@0.35.5
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import cv2
import numpy
from PIL import Image

for name, colour in (("red", (255, 0, 0)), ("white", (255, 255, 255))):
    for compression in ("jpeg", "raw", "tiff_lzw", "tiff_adobe_deflate"):
        Image.new("RGB", (16, 16), colour).convert("YCbCr").save(f"{name}-{compression}.tif", compression=compression)
        found = cv2.imread(f"{name}-{compression}.tif")[8, 8, ::-1].astype(int)
        assert numpy.abs(found - colour).max() <= 3, (name, compression, found)
        assert Image.open(f"{name}-{compression}.tif").tag_v2[262] == 6  # PhotometricInterpretation
PYTHON
cat > run.mjs <<'JAVASCRIPT'
import assert from "node:assert";

import sharp from "sharp";

const near = (colour, other) => colour.every((value, index) => Math.abs(value - other[index]) <= 3);
for (const [name, right, raw] of [["red", [255, 0, 0], [76, 85, 255]], ["white", [255, 255, 255], [255, 128, 128]]])
    for (const compression of ["jpeg", "raw", "tiff_lzw", "tiff_adobe_deflate"]) {
        const found = Array.from((await sharp(`${name}-${compression}.tif`).raw().toBuffer()).slice(0, 3));
        console.log(name, compression, "by sharp:", found);
        assert(near(found, compression === "jpeg" ? right : raw), `sharp converts YCbCr with ${compression} now`);
    }
JAVASCRIPT
node run.mjs
