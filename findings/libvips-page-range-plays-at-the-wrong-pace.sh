#!/usr/bin/env bash
# Frames cut from the middle of an animation by libvips or sharp are shown for the times of its first frames.
#
# Versions: sharp 0.35.5 (npm; libvips 8.18.7), pyvips 3.2.0 (pyvips-binary 8.18.7). Seen on 2026-11-29.
# Expected: page 1 and two pages of an animation with 100, 500 and 2000 ms have 500 and 2000 ms.
# Seen: 100 and 500 ms, from GIF and WebP to GIF and WebP: the loader hands on the times of all frames whichever pages it reads, and
#   writers count from the first. The page with 2000 ms alone is a GIF of 100 ms.
# Concerns: who shortens animations or skips a first frame by page= and pages= (n= in libvips); the frames are the right ones.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pyvips-binary==8.18.7 pyvips==3.2.0
npm install --silent --no-audit --no-fund --prefix "$work" sharp@0.35.5
cd "$work"
cat > run.js <<'JAVASCRIPT'
const assert = require("assert");
const { writeFileSync } = require("fs");
const sharp = require("sharp");

(async () => {
    const colours = ["#ff0000", "#00ff00", "#0000ff"].map(background => ({ width: 20, height: 20, channels: 3, background }));
    const stills = await Promise.all(colours.map(create => sharp({ create }).png().toBuffer()));
    for (const format of ["gif", "webp"]) {
        const source = await sharp(stills, { join: { animated: true } })[format]({ delay: [100, 500, 2000], lossless: true }).toBuffer();
        writeFileSync(`source.${format}`, source);
        const part = await sharp(source, { page: 1, pages: 2 })[format]({ lossless: true }).toBuffer();
        const { delay } = await sharp(part, { pages: -1 }).metadata();
        const pixels = await sharp(part, { pages: -1 }).removeAlpha().raw().toBuffer();
        const first = pixels.readUIntBE(0, 3).toString(16).padStart(6, "0"), last = pixels.readUIntBE(39 * 20 * 3, 3).toString(16);
        console.log(format, "pages 1 and 2 by sharp:", first, last.padStart(6, "0"), delay);
        assert(first === "00ff00" && last === "ff");
        assert.deepEqual(delay, [100, 500], "frames keep their times now");
    }
})();
JAVASCRIPT
node run.js
"$work/venv/bin/python" - <<'PYTHON'
import pyvips

for name in ("gif", "webp"):
    part = pyvips.Image.new_from_file(f"source.{name}", page=1, n=2).write_to_buffer(f".{name}")
    last = pyvips.Image.new_from_file(f"source.{name}", page=2).write_to_buffer(".gif")
    delays = [pyvips.Image.new_from_buffer(each, "", n=-1).get("delay") for each in (part, last)]
    print(f"{name} pages 1 and 2, and page 2 alone, by libvips: {delays}")
    assert delays == [[100, 500], [100]], "frames keep their times now"
PYTHON
