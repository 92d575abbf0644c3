#!/usr/bin/env bash
# sharp's blur, sharpen, convolve, erode and dilate, and enlarging, mix the edges of neighbouring frames of an animation.
#
# Versions: sharp 0.35.5 (npm; libvips 8.18.7). Seen on 2026-11-29.
# Expected: each frame is treated as a picture of its own, as resize does with one that it makes smaller; or the call is refused, as
#   trim, affine and rotate(90) are for animations. (For flip() the documentation has a warning, for these it has none.)
# Seen: the frames are one tall picture to libvips. Red, green and blue frames enlarged twice have lines of half red, half green between
#   them, blurred by 2 three such rows on either side, and after dilate the rows between them are black. Nothing is raised.
# Concerns: a coloured line that flickers at the top and bottom of GIFs; fades and cuts show it, and frames alike do not.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm install --silent --no-audit --no-fund --prefix "$work" sharp@0.35.5
cd "$work"
cat > run.js <<'JAVASCRIPT'
const assert = require("assert");
const sharp = require("sharp");

const COLOURS = ["ff0000", "00ff00", "0000ff"];

(async () => {
    const plain = background => ({ create: { width: 20, height: 20, channels: 3, background: `#${background}` } });
    const stills = await Promise.all(COLOURS.map(each => sharp(plain(each)).png().toBuffer()));
    const source = await sharp(stills, { join: { animated: true } }).webp({ lossless: true }).toBuffer();

    // Return how many rows of each frame do not have the frame's colour any more.
    async function mixed(act) {
        const copy = await act(sharp(source, { animated: true })).webp({ lossless: true }).toBuffer();
        const { width, pageHeight } = await sharp(copy, { pages: -1 }).metadata();
        const pixels = await sharp(copy, { pages: -1 }).removeAlpha().raw().toBuffer();
        const at = row => pixels.readUIntBE(row * width * 3, 3).toString(16).padStart(6, "0");
        const rows = Array.from({ length: pageHeight }, (_, row) => row);
        return COLOURS.map((colour, frame) => rows.filter(row => at(frame * pageHeight + row) !== colour).length);
    }

    const acts = {
        "resize to 10": image => image.resize(10),
        "resize to 40": image => image.resize(40),
        "blur(2)": image => image.blur(2),
        "sharpen": image => image.sharpen({ sigma: 2 }),
        "dilate(2)": image => image.dilate(2),
        "erode(2)": image => image.erode(2),
    };
    const found = {};
    for (const [name, act] of Object.entries(acts)) {
        found[name] = await mixed(act);
        console.log(name, "changes rows of frames:", found[name]);
    }
    await assert.rejects(() => mixed(image => image.trim()), /not supported for multi-page/);
    assert.deepEqual(found["resize to 10"], [0, 0, 0]);
    for (const name of Object.keys(acts).slice(1)) assert(found[name][1] > 0, `${name} keeps frames apart now`);
})();
JAVASCRIPT
node run.js
