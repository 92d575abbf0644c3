#!/usr/bin/env bash
# Jimp, image-js and jpeg-js show JPEGs that store RGB in false colours: a red picture is bright green.
#
# Versions: jimp 1.6.1, image-js 1.7.0, jpeg-js 0.4.4, sharp 0.35.5 (all npm), Pillow 13.0.0. Seen on 2026-11-29.
# Expected: Adobe's marker with transform 0 says that three components are RGB, not YCbCr (ITU-T T.872, 6.5.3), as in files of
#   Photoshop, of Pillow's keep_rgb=True, which its documentation offers for precise colours, and of cjpeg -rgb.
# Seen: sharp, Pillow and Chromium 156 show red. jpeg-js reads the marker, but its default colorTransform: true wins over transform 0
#   (not over 2), and Jimp and image-js offer no way to say otherwise; jpeg-js has colorTransform: false, for who knows the file.
# Concerns: thumbnails made by Jimp: nothing is raised, and with ordinary JPEGs all is well.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
npm install --silent --no-audit --no-fund --prefix "$work" jimp@1.6.1 image-js@1.7.0 jpeg-js@0.4.4 sharp@0.35.5
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
from PIL import Image

picture = Image.new("RGB", (32, 32), (200, 30, 40))
picture.save("ycbcr.jpg", quality=95)
picture.save("rgb.jpg", quality=95, keep_rgb=True)
copy = Image.open("rgb.jpg")
assert copy.info["adobe_transform"] == 0
assert max(abs(a - b) for a, b in zip(copy.getpixel((16, 16)), (200, 30, 40), strict=True)) <= 2
PYTHON
cat > run.mjs <<'JAVASCRIPT'
import assert from "node:assert";
import { readFileSync } from "node:fs";

import { decode } from "image-js";
import { Jimp } from "jimp";
import jpeg from "jpeg-js";
import sharp from "sharp";

const first = data => Array.from(data.slice(0, 3));
const near = (colour, other) => colour.every((value, index) => Math.abs(value - other[index]) <= 3);
const readers = {
    sharp: async file => first(await sharp(file).raw().toBuffer()),
    "jpeg-js": async file => first(jpeg.decode(readFileSync(file)).data),
    "jpeg-js told": async file => first(jpeg.decode(readFileSync(file), { colorTransform: !file.startsWith("rgb") }).data),
    Jimp: async file => first((await Jimp.read(file)).bitmap.data),
    "image-js": async file => first(decode(readFileSync(file)).getRawImage().data),
};
for (const [name, read] of Object.entries(readers)) {
    const usual = await read("ycbcr.jpg"), rgb = await read("rgb.jpg");
    console.log(name, "YCbCr:", usual, "RGB:", rgb);
    assert(near(usual, [200, 30, 40]));
    if (name === "sharp" || name === "jpeg-js told") assert(near(rgb, [200, 30, 40]));
    else assert(near(rgb, [77, 255, 26]), `${name} honours Adobe's marker now`);
}
JAVASCRIPT
node run.mjs
