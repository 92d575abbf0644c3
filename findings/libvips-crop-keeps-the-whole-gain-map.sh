#!/usr/bin/env bash
# libvips crops an Ultra HDR photo and leaves its gain map whole, so the HDR of the crop is another picture's.
#
# Versions: libvips 8.18.7 (pyvips-binary), libultrahdr 1.4.0 (imagecodecs 2026.3.6). Seen on 2026-11-28.
# Expected: the left half of a picture that is dark on the left and bright on the right is dark everywhere, or has no map.
# Seen: the map of both halves is squeezed over the crop: its right side is shown four times too bright.
# Concerns: thumbnailers and croppers that moved to 8.18 because it 'keeps gain maps'.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pyvips-binary==8.18.7 pyvips==3.2.0 imagecodecs==2026.3.6 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import imagecodecs
import numpy
import pyvips

linear = numpy.full((64, 128, 4), 0.2, numpy.float16)
linear[:, 64:, :3] = 4.0
linear[..., 3] = 1
source = imagecodecs.ultrahdr_encode(linear)
crop = pyvips.Image.new_from_buffer(source, "").crop(0, 0, 64, 64).write_to_buffer(".jpg")
before, after = imagecodecs.ultrahdr_decode(source), imagecodecs.ultrahdr_decode(crop)
left, right = float(after[32, 5, 0]), float(after[32, 60, 0])
print(f"source at x=5 {float(before[32, 5, 0]):.2f}, x=60 {float(before[32, 60, 0]):.2f}; crop {left:.2f}, {right:.2f}")

assert abs(left - 0.2) < 0.02
assert right > 3 * float(before[32, 60, 0]), "the map is cropped with its picture now"
PYTHON
