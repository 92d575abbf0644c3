#!/usr/bin/env bash
# pillow-jxl-plugin stores a JPEG that was opened from a path without what was drawn on it.
#
# Versions: pillow-jxl-plugin 1.3.8, Pillow 13.0.0. Seen on 2026-11-28.
# Expected: the picture in memory is saved, as every other format of Pillow does.
# Seen: the plugin recodes the JPEG file itself, losslessly (a warning says 'JPEG reconstruction'), so a watermark drawn
#   in between is missing; a copy() of the picture is saved with it.
# Concerns: anything that edits photos and writes JPEG XL.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 pillow-jxl-plugin==1.3.8
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
from PIL import Image, ImageDraw

import pillow_jxl  # noqa: F401 - registers itself

Image.new("RGB", (64, 64), "white").save("white.jpg", quality=95)


def drawn(picture: Image.Image) -> tuple[int, ...]:
    ImageDraw.Draw(picture).rectangle((0, 0, 63, 63), fill="black")
    picture.save("out.jxl")
    return Image.open("out.jxl").convert("RGB").getpixel((32, 32))


direct, copied = drawn(Image.open("white.jpg")), drawn(Image.open("white.jpg").copy())
print("black drawn on the opened file:", direct, "- on its copy:", copied)

assert copied == (0, 0, 0)
assert direct == (255, 255, 255), "the drawing is saved now"
PYTHON
