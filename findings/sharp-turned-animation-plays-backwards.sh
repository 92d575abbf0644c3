#!/usr/bin/env bash
# sharp's rotate(180), the one rotation that it allows for animations, plays them backwards, each frame for another one's time.
#
# Versions: sharp 0.35.5 (npm; libvips 8.18.7). Seen on 2026-11-29.
# Expected: each frame is turned; rotate(90) is refused with a message, and the documentation says "Multi-page images can only be
#   rotated by 180 degrees". (That flip() "does not work correctly with multi-page images" is documented.)
# Seen: frames red, green, blue of 100, 500 and 2000 ms become blue, green, red of 100, 500 and 2000 ms: all frames are one tall
#   picture to libvips, and that is turned. WebP and GIF alike, without a warning.
# Concerns: services that turn uploads; a test with a still picture, or with a frame count, shows nothing.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm install --silent --no-audit --no-fund --prefix "$work" sharp@0.35.5
cd "$work"
cat > run.js <<'JAVASCRIPT'
const assert = require("assert");
const sharp = require("sharp");

const SIZE = 20;

// Return the colour at the centre of each frame, and the frames' times.
async function frames(data) {
    const { delay, pages } = await sharp(data, { pages: -1 }).metadata();
    const pixels = await sharp(data, { pages: -1 }).removeAlpha().raw().toBuffer();
    const at = frame => pixels.readUIntBE(((frame * SIZE + SIZE / 2) * SIZE + SIZE / 2) * 3, 3).toString(16).padStart(6, "0");
    return Array.from({ length: pages }, (_, frame) => `${at(frame)} ${delay[frame]} ms`);
}

(async () => {
    const colours = ["#ff0000", "#00ff00", "#0000ff"].map(background => ({ width: SIZE, height: SIZE, channels: 3, background }));
    const stills = await Promise.all(colours.map(create => sharp({ create }).png().toBuffer()));
    for (const format of ["webp", "gif"]) {
        const options = { delay: [100, 500, 2000], lossless: true };
        const source = await sharp(stills, { join: { animated: true } })[format](options).toBuffer();
        const turned = await sharp(source, { animated: true }).rotate(180)[format](options).toBuffer();
        const before = await frames(source), after = await frames(turned);
        console.log(format, before.join(", "), "->", after.join(", "));
        assert.deepEqual(before, ["ff0000 100 ms", "00ff00 500 ms", "0000ff 2000 ms"]);
        await assert.rejects(() => sharp(source, { animated: true }).rotate(90).toBuffer(), /not supported for multi-page/);
        assert.deepEqual(after, ["0000ff 100 ms", "00ff00 500 ms", "ff0000 2000 ms"], "frames keep their order now");
    }
})();
JAVASCRIPT
node run.js
