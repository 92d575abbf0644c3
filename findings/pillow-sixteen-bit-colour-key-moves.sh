#!/usr/bin/env bash
# A 16-bit PNG whose transparency is a colour key loses the transparency when Pillow saves it.
#
# Versions: Pillow 13.0.0. Seen on 2026-11-28.
# Expected: either 16 bits with the key 300, 600, 900, or 8 bits with the key of the 8-bit colour 1, 2, 3.
# Seen: 8-bit pixels with the 16-bit key: no pixel can equal it, so what was transparent becomes opaque, silently.
# Concerns: keyed 16-bit PNGs (maps, renderings, PngSuite's tbrn2c16 kind) in any tool that goes through Pillow.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import io
import struct
import zlib

from PIL import Image


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


KEY = (300, 600, 900)
source = (
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0))
    + chunk(b"tRNS", struct.pack(">3H", *KEY))
    + chunk(b"IDAT", zlib.compress(b"\0" + struct.pack(">6H", *KEY, 1000, 2000, 3000)))
    + chunk(b"IEND", b"")
)
opened = Image.open(io.BytesIO(source))
copy = io.BytesIO()
opened.save(copy, "PNG")
data = copy.getvalue()
depth = data[24]
key = struct.unpack(">3H", data[(at := data.index(b"tRNS") + 4) : at + 6])
alpha = list(Image.open(io.BytesIO(data)).convert("RGBA").getchannel("A").get_flattened_data())
print(f"opened as {opened.mode}; the copy has {depth} bits, the key {key}, alpha {alpha}")

assert (opened.mode, depth, key) == ("RGB", 8, KEY), "the key or the depth is treated in another way now"
assert alpha == [255, 255], "the keyed pixel is transparent now"
PYTHON
