#!/usr/bin/env bash
# image-size returns the landscape size for every portrait in AVIF and HEIC, without an orientation, and takes any crop for one column.
#
# Versions: image-size 2.1.0 (npm), Pillow 13.0.0, pillow-heif 1.8.1. Seen on 2026-11-29.
# Expected: the size that is shown, as viewers turn these formats by the box irot (ISO/IEC 23008-12); or the stored size with an
#   orientation, as image-size returns it for a JPEG of the same photo.
# Seen: 600 x 400 and no orientation for a photo that is shown as 400 x 600; irot is not read. A HEIC that encoders store larger, with
#   a crop (clap), loses one column, whatever the crop says: 61 x 39 in 64 x 64 is 63 x 64, and 601 x 399 in 602 x 400 is 601 x 400.
# Concerns: page layouts that reserve room by this size: portraits of phones are stretched or jump; JPEGs show nothing of it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 pillow-heif==1.8.1
npm install --silent --no-audit --no-fund --prefix "$work" image-size@2.1.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import json
import subprocess

import pillow_heif
from PIL import Image, ImageOps

pillow_heif.register_heif_opener()
exif = Image.Exif()
exif[0x0112] = 6  # Orientation: turn by 90 degrees clockwise
for name in ("portrait.jpg", "portrait.avif", "portrait.heic"):
    Image.new("RGB", (600, 400), "red").save(name, exif=exif.tobytes())
    assert ImageOps.exif_transpose(Image.open(name)).size == (400, 600)
for name, size in (("small.heic", (61, 39)), ("odd.heic", (601, 399))):
    Image.new("RGB", size, "red").save(name)
    assert Image.open(name).size == size

names = ["portrait.jpg", "portrait.avif", "portrait.heic", "small.heic", "odd.heic"]
script = """const { imageSize } = require("image-size"), { readFileSync } = require("fs");
const found = JSON.parse(process.argv[1]).map(name => imageSize(readFileSync(name)));
console.log(JSON.stringify(found.map(({ width, height, orientation }) => [width, height, orientation ?? null])))"""
run = subprocess.run(["node", "-e", script, json.dumps(names)], capture_output=True, check=True, text=True)
found = dict(zip(names, json.loads(run.stdout), strict=True))
print("image-size:", found)

assert found["portrait.jpg"] == [600, 400, 6]
assert found["portrait.avif"] == found["portrait.heic"] == [600, 400, None], "image-size reads irot now"
assert found["small.heic"] == [63, 64, None] and found["odd.heic"] == [601, 400, None], "image-size reads clap now"
PYTHON
