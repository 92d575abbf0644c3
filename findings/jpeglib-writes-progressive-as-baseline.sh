#!/usr/bin/env bash
# jpeglib's write_dct writes a sequential JPEG whatever progressive_mode says.
#
# Versions: jpeglib 1.0.2 (x86_64), Pillow 13.0.0. Seen on 2026-11-28.
# Expected: a progressive JPEG that is read and written by its coefficients stays progressive: the object carries
#   progressive_mode, which read_dct fills in.
# Seen: SOF0 (sequential) after a read of SOF2 (progressive), with progressive_mode True on the object.
# Concerns: steganalysis and forensics that compare files written by it, and tests that use it as a reference.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check jpeglib==1.0.2 pillow==13.0.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import io

import jpeglib
from PIL import Image

picture = Image.effect_noise((64, 64), 40).convert("RGB")
picture.save("source.jpg", quality=90, progressive=True)
read = jpeglib.read_dct("source.jpg")
read.write_dct("copy.jpg")


def frame(name: str) -> str:
    data, at = open(name, "rb").read(), 2
    while not 0xC0 <= data[at + 1] <= 0xC2:
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return f"SOF{data[at + 1] - 0xC0}"


seen = (frame("source.jpg"), bool(read.progressive_mode), frame("copy.jpg"))
print(seen)
assert seen[:2] == ("SOF2", True), seen
assert seen[2] == "SOF0", "it writes progressive files now"
PYTHON
