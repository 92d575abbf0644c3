#!/usr/bin/env bash
# probe-image-size gives the orientation of AVIF photos that are turned by 90 degrees the wrong way round: 8 for 6 and 6 for 8.
#
# Versions: probe-image-size 7.5.0 (npm), Pillow 13.0.0 (libavif 1.4.2). Seen on 2026-11-29.
# Expected: the number that EXIF would have, "from 1 to 8", as for the JPEG of the same photo; irot counts in quarter turns
#   anticlockwise (ISO/IEC 23008-12, 6.5.10), so that 3 is EXIF's 6; Chromium 156 and Pillow show it so.
# Seen: 1 to 5 and 7 are right, 6 and 8 are swapped. Sizes cannot tell, as both exchange width and height: the photo is turned by 180
#   degrees.
# Concerns: who turns thumbnails by this number; portraits, which are the photos that phones store so, are all wrong.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
npm install --silent --no-audit --no-fund --prefix "$work" probe-image-size@7.5.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import json
import subprocess

from PIL import Image

for orientation in range(1, 9):
    for each in ("jpg", "avif"):
        exif = Image.Exif()
        exif[0x0112] = orientation
        exif[0x010F] = "Camera"
        Image.new("RGB", (64, 48), "red").save(f"{orientation}.{each}", exif=exif)
        # Pillow, the other way from the irot and imir boxes, agrees with what was asked for.
        assert Image.open(f"{orientation}.{each}").getexif().get(0x0112, 1) == orientation

script = """const probe = require("probe-image-size"), fs = require("fs"), found = {};
for (const type of ["jpg", "avif"])
    found[type] = [1, 2, 3, 4, 5, 6, 7, 8].map(each => probe.sync(fs.readFileSync(`${each}.${type}`)).orientation || 1);
console.log(JSON.stringify(found))"""
found = json.loads(subprocess.run(["node", "-e", script], capture_output=True, check=True, text=True).stdout)
print("probe-image-size:", found)

assert found["jpg"] == [1, 2, 3, 4, 5, 6, 7, 8]
assert found["avif"] == [1, 2, 3, 4, 5, 8, 7, 6], "AVIF has the right orientation now"
PYTHON
