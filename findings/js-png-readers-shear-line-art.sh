#!/usr/bin/env bash
# Line art shears in two JavaScript PNG readers: rows of 1, 2 and 4 bits a pixel run on through the padding at each row's end.
#
# Versions: upng-js 2.1.0, image-js 1.7.0 (fast-png 8.0.0), pngjs 7.0.0 (all npm). Seen on 2026-11-29.
# Expected: "scanlines always begin on byte boundaries" (PNG, 7.2), so that the unused bits of a row's last byte are skipped, as pngjs
#   does; fast-png itself documents palette data as packed and unpacks it rightly by its own function.
# Seen: a vertical line at column 0 of a picture 20 wide becomes a diagonal one, for grey in upng-js and for palettes in image-js. Both are
#   right for widths that fill their bytes, like 24, and upng-js for palettes. image-js loses grey of 1 bit at 24, and refuses 2 and 4 bits.
# Concerns: scans, QR codes and optimised screenshots, whose widths are rarely multiples of eight. Nothing is raised.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm install --silent --no-audit --no-fund --prefix "$work" upng-js@2.1.0 image-js@1.7.0 fast-png@8.0.0 pngjs@7.0.0
cd "$work"
cat > run.mjs <<'JAVASCRIPT'
import assert from "node:assert";
import { crc32, deflateSync } from "node:zlib";

import { decode } from "image-js";
import pngjs from "pngjs";
import UPNG from "upng-js";

const HEIGHT = 4;

function chunk(type, data) {
    const size = Buffer.alloc(4), check = Buffer.alloc(4), body = Buffer.concat([Buffer.from(type), data]);
    size.writeUInt32BE(data.length);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([size, body, check]);
}

// Return a PNG of one bit a pixel: column 0 is white, all others are black.
function png(width, colourType) {
    const header = Buffer.alloc(13);
    header.writeUInt32BE(width, 0);
    header.writeUInt32BE(HEIGHT, 4);
    header.set([1, colourType], 8);
    const row = Buffer.alloc(1 + Math.ceil(width / 8));
    row[1] = 0x80;
    const palette = colourType === 3 ? [chunk("PLTE", Buffer.from([0, 0, 0, 255, 255, 255]))] : [];
    const pixels = deflateSync(Buffer.concat(Array(HEIGHT).fill(row)));
    const parts = [chunk("IHDR", header), ...palette, chunk("IDAT", pixels), chunk("IEND", Buffer.alloc(0))];
    return Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), ...parts]);
}

// Return the columns of the white pixels, row by row.
const columns = (data, channels, width) =>
    Array.from({ length: HEIGHT }, (_, y) =>
        Array.from({ length: width }, (_, x) => x).filter(x => data[(y * width + x) * channels] === 255).join(" ") || "none");

const readers = {
    pngjs: data => [pngjs.PNG.sync.read(data).data, 4],
    "upng-js": data => [new Uint8Array(UPNG.toRGBA8(UPNG.decode(data))[0]), 4],
    "image-js": data => (({ data, channels }) => [data, channels])(decode(data).getRawImage()),
};
const found = {};
for (const [kind, colourType] of [["grey", 0], ["palette", 3]])
    for (const width of [20, 24])
        for (const [name, read] of Object.entries(readers)) {
            found[`${name} ${kind} ${width}`] = columns(...read(png(width, colourType)), width).join(", ");
            console.log(name, kind, width, "->", found[`${name} ${kind} ${width}`]);
        }

const straight = "0, 0, 0, 0";
for (const each of ["pngjs grey 20", "pngjs palette 20", "upng-js palette 20", "upng-js grey 24", "image-js palette 24"])
    assert.equal(found[each], straight);
assert.equal(found["image-js grey 24"], "none, none, none, none", "image-js reads grey of 1 bit now");
assert.equal(found["upng-js grey 20"], "0, 4, 8, 12", "upng-js skips the padding now");
assert.equal(found["image-js palette 20"], "0, 4, 8, 12", "image-js skips the padding now");
JAVASCRIPT
node run.mjs
