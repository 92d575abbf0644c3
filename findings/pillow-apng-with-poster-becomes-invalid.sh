#!/usr/bin/env bash
# An APNG with a poster image, opened and saved by Pillow, is no longer a valid APNG.
#
# Versions: Pillow 13.0.0. Seen on 2026-11-28.
# Expected: Image.open(...).save(..., save_all=True) writes the poster and the two frames again.
# Seen: a file whose animation chunks contradict each other; Pillow itself then warns 'Invalid APNG' and finds one frame.
# Concerns: stickers and banners whose first image is a fallback for viewers without APNG.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import io
import warnings

from PIL import Image

frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]
source, copy = io.BytesIO(), io.BytesIO()
frames[0].save(source, "PNG", save_all=True, default_image=True, append_images=frames[1:], duration=[100, 500])
opened = Image.open(io.BytesIO(source.getvalue()))
print("source:", opened.n_frames, "images, poster:", opened.info["default_image"])
opened.save(copy, "PNG", save_all=True)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    again = Image.open(io.BytesIO(copy.getvalue()))
said = [str(item.message) for item in caught]
count = getattr(again, "n_frames", 1)
print("copy:", count, "image;", said)

assert opened.n_frames == 3
assert count == 1, "the copy has its frames now"
assert any("Invalid APNG" in text for text in said), "the copy is valid now"
PYTHON
