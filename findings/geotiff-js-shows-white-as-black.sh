#!/usr/bin/env bash
# geotiff.js shows the white of a greyscale TIFF as black where the file counts from white: the paper of every such scan.
#
# Versions: geotiff 3.0.5 (npm), sharp 0.35.5 (npm), tifffile 2026.3.3. Seen on 2026-11-29.
# Expected: readRGB() of a TIFF with PhotometricInterpretation 0 (WhiteIsZero) returns 255 for the value 0, as sharp does.
# Seen: 0 for the value 0: it computes 256 - value, which wraps to 0 in a byte, so that white is black and every other shade is one
#   step too light. Files that count from black are right. Nothing is raised.
# Concerns: scans and fax pages, for which WhiteIsZero is usual, in web viewers that use readRGB().
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tifffile==2026.3.3 numpy==2.4.6
npm install --silent --no-audit --no-fund --prefix "$work" geotiff@3.0.5 sharp@0.35.5
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import numpy
import tifffile

page = numpy.tile(numpy.array([255, 254, 128, 0], numpy.uint8), (4, 1))
tifffile.imwrite("white-is-zero.tif", 255 - page, photometric="miniswhite")
tifffile.imwrite("black-is-zero.tif", page, photometric="minisblack")
PYTHON
cat > run.mjs <<'JAVASCRIPT'
import assert from "node:assert";
import { readFileSync } from "node:fs";

import { fromArrayBuffer } from "geotiff";
import sharp from "sharp";

const RIGHT = [255, 254, 128, 0];
const found = {};
for (const name of ["white-is-zero", "black-is-zero"]) {
    const data = Uint8Array.from(readFileSync(`${name}.tif`));
    const pixels = await (await (await fromArrayBuffer(data.buffer)).getImage()).readRGB({ interleave: true });
    const shown = Array.from((await sharp(`${name}.tif`).toColourspace("b-w").raw().toBuffer()).slice(0, 4));
    found[name] = [0, 1, 2, 3].map(x => pixels[x * 3]);
    console.log(name, "by geotiff:", found[name], "by sharp:", shown);
    assert.deepEqual(shown, RIGHT);
}
assert.deepEqual(found["black-is-zero"], RIGHT);
assert.deepEqual(found["white-is-zero"], [0, 255, 129, 1], "white is white now");
JAVASCRIPT
node run.mjs
