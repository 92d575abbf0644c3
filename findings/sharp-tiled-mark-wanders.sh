#!/usr/bin/env bash
# sharp's documented way to draw on all frames of an animation makes a watermark wander; without it, one frame alone is marked.
#
# Versions: sharp 0.35.5 (npm; libvips 8.18.7). Seen on 2026-11-29.
# Expected: gravity "southeast" is the corner of each frame; and composite({ tile: true }), "to repeat the overlay image across the entire
#   image", which is the documentation's example for an animated GIF, repeats it across each frame.
# Seen: the image is the strip of all frames below each other. "southeast" marks the last frame, "centre" the middle one. Tiles run on
#   across the seams: in frames of 20 rows an overlay of 12 starts at rows 0, 4 and 8, and its lines are cut at the edges. Only overlays
#   whose height divides the frame's stay in place.
# Concerns: who marks GIFs and animated WebPs; nothing is raised, and with tiles the first frame, which previews show, looks right.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm install --silent --no-audit --no-fund --prefix "$work" sharp@0.35.5
cd "$work"
cat > run.js <<'JAVASCRIPT'
const assert = require("assert");
const sharp = require("sharp");

const SIZE = 20;
const blank = (height, background) => ({ create: { width: SIZE, height, channels: 4, background } });

(async () => {
    const stills = await Promise.all(["red", "green", "blue"].map(each => sharp(blank(SIZE, each)).png().toBuffer()));
    const source = await sharp(stills, { join: { animated: true } }).webp({ lossless: true }).toBuffer();
    // Three white rows on nine transparent ones.
    const mark = await sharp(blank(12, "#0000")).composite([{ input: blank(3, "white"), top: 0, left: 0 }]).png().toBuffer();

    // Return for each frame the rows that are marked.
    async function marked(options) {
        const copy = await sharp(source, { animated: true }).composite([{ input: mark, ...options }]).webp({ lossless: true }).toBuffer();
        const pixels = await sharp(copy, { pages: -1 }).removeAlpha().raw().toBuffer();
        const white = row => pixels.readUIntBE(row * SIZE * 3, 3) === 0xffffff;
        const rows = Array.from({ length: SIZE }, (_, row) => row);
        return [0, 1, 2].map(frame => rows.filter(row => white(frame * SIZE + row)).join(" "));
    }

    const corner = await marked({ gravity: "southeast" }), tiled = await marked({ tile: true, gravity: "north" });
    console.log("southeast:", corner, "tiled:", tiled);
    assert.deepEqual(corner, ["", "", "8 9 10"], "gravity counts for each frame now");
    assert.deepEqual(tiled, ["0 1 2 12 13 14", "4 5 6 16 17 18", "8 9 10"], "tiles start anew in each frame now");
})();
JAVASCRIPT
node run.js
