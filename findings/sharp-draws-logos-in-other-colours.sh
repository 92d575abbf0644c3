#!/usr/bin/env bash
# sharp's composite draws logos in other colours: a Display P3 logo turns paler, and an sRGB logo on a P3 photo brighter.
#
# Versions: sharp 0.35.5 (npm; libvips 8.18.7). Seen on 2026-11-29.
# Expected: a logo has one colour. sharp converts a file with a profile to sRGB when it opens it, so a logo in Display P3 is
#   217, 42, 40 in sRGB; composited it is the same, and with keepIccProfile() it is converted to the photo's profile.
# Seen: composite passes 200, 60, 50, the P3 numbers, as sRGB: the overlay's profile is dropped. The other way round, on a P3 photo with
#   keepIccProfile(), an sRGB logo of 200, 60, 50 is written as 200, 60, 50 in P3, which shows as 217, 42, 40; without it, it is right.
# Concerns: brand colours in watermarks; phone photos and design tools' exports are P3. The documentation of composite does not say.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm install --silent --no-audit --no-fund --prefix "$work" sharp@0.35.5
cd "$work"
cat > run.js <<'JAVASCRIPT'
const assert = require("assert");
const sharp = require("sharp");

const plain = background => ({ create: { width: 32, height: 32, channels: 3, background } });
const first = async image => Array.from((await image.raw().toBuffer()).slice(0, 3));
const near = (colour, other) => colour.every((value, index) => Math.abs(value - other[index]) <= 3);

(async () => {
    // Pixels are 200, 60, 50 in Display P3, which is 217, 42, 40 in sRGB.
    const p3 = await sharp(plain({ r: 217, g: 42, b: 40 })).withIccProfile("p3").png().toBuffer();
    const numbers = await first(sharp(p3, { ignoreIcc: true })), alone = await first(sharp(p3));
    const onSrgb = await first(sharp(plain("black")).composite([{ input: p3 }]));
    console.log("P3 logo: stored", numbers, "shown alone", alone, "composited", onSrgb);
    assert(near(numbers, [200, 60, 50]) && near(alone, [217, 42, 40]));
    assert(near(onSrgb, [200, 60, 50]), "the profile of an overlay counts now");

    const logo = { input: await sharp(plain({ r: 200, g: 60, b: 50 })).png().toBuffer() };
    const kept = await first(sharp(await sharp(p3).composite([logo]).keepIccProfile().png().toBuffer()));
    const converted = await first(sharp(await sharp(p3).composite([logo]).png().toBuffer()));
    console.log("sRGB logo on a P3 photo: shown", converted, "with keepIccProfile()", kept);
    assert(near(converted, [200, 60, 50]));
    assert(near(kept, [217, 42, 40]), "overlays are converted to the kept profile now");
})();
JAVASCRIPT
node run.js
