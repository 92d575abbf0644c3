#!/usr/bin/env bash
# Jimp shows a planar TIFF as three squeezed pictures in grey, one below the other: red becomes white in the upper third, else black.
#
# Versions: jimp 1.6.1 (utif2 4.1.0), sharp 0.35.5 (npm), tifffile 2026.3.3. Seen on 2026-11-29.
# Expected: PlanarConfiguration 2, which stores all red samples, then all green, then all blue (TIFF 6.0), shows as configuration 1
#   does, or is refused, as Jimp refuses what it does not know.
# Seen: a picture that is red throughout becomes three white rows and six black ones: utif2 reads the planes as if they were chunky, so
#   that three neighbouring red samples make a pixel. Size and channels are right, and nothing is raised. sharp and tifffile read red.
# Concerns: scans, satellite and film pictures, whose writers (GDAL's INTERLEAVE=BAND, Photoshop's "per channel") store planes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tifffile==2026.3.3 numpy==2.4.6
npm install --silent --no-audit --no-fund --prefix "$work" jimp@1.6.1 sharp@0.35.5
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import numpy
import tifffile

red = numpy.zeros((9, 10, 3), numpy.uint8)
red[..., 0] = 255
tifffile.imwrite("chunky.tif", red, photometric="rgb")
tifffile.imwrite("planar.tif", numpy.moveaxis(red, -1, 0), photometric="rgb", planarconfig="separate")
assert (numpy.moveaxis(tifffile.imread("planar.tif"), 0, -1) == red).all()
PYTHON
cat > run.mjs <<'JAVASCRIPT'
import assert from "node:assert";

import { Jimp } from "jimp";
import sharp from "sharp";

// Return the colour in the middle of each of the nine rows.
const rows = (data, channels) =>
    Array.from({ length: 9 }, (_, y) => data.readUIntBE((y * 10 + 5) * channels, 3).toString(16).padStart(6, "0")).join(" ");
const found = {};
for (const file of ["chunky.tif", "planar.tif"]) {
    found[file] = rows((await Jimp.read(file)).bitmap.data, 4);
    assert.equal(rows(await sharp(file).raw().toBuffer(), 3), Array(9).fill("ff0000").join(" "));
    console.log("Jimp,", file, "by rows:", found[file]);
}
assert.equal(found["chunky.tif"], Array(9).fill("ff0000").join(" "));
assert.equal(found["planar.tif"], [...Array(3).fill("ffffff"), ...Array(6).fill("000000")].join(" "), "Jimp reads planes now");
JAVASCRIPT
node run.mjs
