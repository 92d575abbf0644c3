#!/usr/bin/env bash
# image-js keeps only red of a TIFF that is stored in tiles, and takes it from the wrong places: a white picture becomes red.
#
# Versions: image-js 1.7.0, tiff 7.1.3 (both npm), sharp 0.35.5, tifffile 2026.3.3. Seen on 2026-11-29.
# Expected: the same picture in tiles and in strips (TIFF 6.0, section 15) has the same pixels.
# Seen: the reader copies one sample for each pixel, whatever the number of samples: green and blue are 0, and red is stretched, as
#   sample n of a tile lands at pixel n instead of n / 3. Tiles in grey are right, and so are strips in colour. sharp reads all of them.
# Concerns: whole-slide, satellite and large scanned pictures, which are usually tiled; nothing is raised.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tifffile==2026.3.3 numpy==2.4.6
npm install --silent --no-audit --no-fund --prefix "$work" image-js@1.7.0 tiff@7.1.3 sharp@0.35.5
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import numpy
import tifffile

white = numpy.full((32, 32, 3), 255, numpy.uint8)
ramp = numpy.zeros((32, 32, 3), numpy.uint8)
ramp[..., 0] = numpy.arange(32) * 8
for name, picture, photometric in (("white", white, "rgb"), ("ramp", ramp, "rgb"), ("grey", white[..., 0], "minisblack")):
    tifffile.imwrite(f"{name}-strips.tif", picture, photometric=photometric)
    tifffile.imwrite(f"{name}-tiles.tif", picture, photometric=photometric, tile=(16, 16))
PYTHON
cat > run.mjs <<'JAVASCRIPT'
import assert from "node:assert";
import { readFileSync } from "node:fs";

import { decode } from "image-js";
import sharp from "sharp";

// Return the pixels at columns 0, 3 and 6 of the first row.
const pixels = (data, channels) => [0, 3, 6].map(x => Array.from(data.slice(x * channels, (x + 1) * channels)).join(" ")).join(", ");
const found = {};
for (const name of ["grey", "white", "ramp"])
    for (const kind of ["strips", "tiles"]) {
        const { data, channels } = decode(readFileSync(`${name}-${kind}.tif`)).getRawImage();
        const right = pixels(await sharp(`${name}-${kind}.tif`).toColourspace(name === "grey" ? "b-w" : "srgb").raw().toBuffer(), channels);
        found[`${name} ${kind}`] = pixels(data, channels);
        console.log(name, "in", kind, "by image-js:", found[`${name} ${kind}`], "by sharp:", right);
        if (kind === "strips" || name === "grey") assert.equal(found[`${name} ${kind}`], right);
    }
assert.equal(found["white tiles"], "255 0 0, 255 0 0, 255 0 0", "tiles keep green and blue now");
assert.equal(found["ramp tiles"], "0 0 0, 8 0 0, 16 0 0", "samples of tiles land at their pixels now");
JAVASCRIPT
node run.mjs
