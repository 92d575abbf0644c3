#!/usr/bin/env bash
# Pasting into a 16-bit grey picture through a mask covers its left half only.
#
# Versions: Pillow 13.0.0. Seen on 2026-11-28.
# Expected: paste(source, box, mask) with a mask of 255 replaces all pixels, as it does in L; paste(0x1234, box) writes 0x1234.
# Seen: half of the row keeps its old value, and a number is written as its low byte twice (0x3434).
# Concerns: watermarks on scans, X-rays and depth maps; nothing is raised.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
from PIL import Image

row = Image.new("I;16", (8, 1), 1000)
row.paste(Image.new("I;16", (8, 1), 60000), (0, 0), Image.new("L", (8, 1), 255))
pasted = list(row.get_flattened_data())
print("paste through a full mask:", pasted)

row = Image.new("I;16", (8, 1), 1000)
row.paste(0x1234, (0, 0, 8, 1))
filled = list(row.get_flattened_data())
print("paste of 0x1234:", [hex(value) for value in filled])

assert pasted == [60000] * 4 + [1000] * 4, "the mask covers another part now"
assert filled == [0x3434] * 8, "a number is written in another way now"
PYTHON
