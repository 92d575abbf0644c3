#!/usr/bin/env bash
# ExifTool's -validate and libultrahdr both accept an Ultra HDR JPEG whose MPF index points behind the end of the file.
#
# Versions: ExifTool 13.59 (npm exiftool-vendored.pl 13.59.3), libultrahdr 1.4.0 (imagecodecs 2026.3.6). Seen on 2026-11-28.
# Expected: a validator reports that the second picture's offset, 10,000,000, is outside of a file of 3 kB; a decoder
#   that is told where the map is does not find it there.
# Seen: "Validate: OK" without a warning, and libultrahdr renders the same HDR as before: it takes the next JPEG in the file
#   and reads neither offsets nor lengths. Only -b -MPImage2 tells: it is empty.
# Concerns: who tests gain maps with either tool. Browsers follow the offset, so HDR is gone there.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check imagecodecs==2026.3.6 numpy==2.4.6
npm install --silent --no-audit --no-fund --prefix . exiftool-vendored.pl@13.59.3 >/dev/null
exiftool=node_modules/exiftool-vendored.pl/bin/exiftool

venv/bin/python - <<'PYTHON'
import struct
from pathlib import Path

import imagecodecs
import numpy

linear = numpy.full((64, 64, 4), 3.0, numpy.float16)
linear[..., 3] = 1
right = imagecodecs.ultrahdr_encode(linear)
at = right.index(b"MPF\0")
end = at - 2 + struct.unpack(">H", right[at - 2 : at])[0]
wrong = bytearray(right)
wrong[end - 8 : end - 4] = struct.pack(">I", 10_000_000)  # the offset in the last of the index's entries of 16 bytes
Path("right.jpg").write_bytes(right)
Path("wrong.jpg").write_bytes(wrong)
rendered = float(imagecodecs.ultrahdr_decode(bytes(wrong))[32, 32, 0])
print(f"libultrahdr renders {rendered:.2f} where the offset points nowhere")
assert rendered > 2.5, "libultrahdr follows the offset now"
PYTHON

verdict=$(perl "$exiftool" -s3 -Validate wrong.jpg 2>/dev/null)
there=$(perl "$exiftool" -b -MPImage2 right.jpg 2>/dev/null | wc -c)
lost=$(perl "$exiftool" -b -MPImage2 wrong.jpg 2>/dev/null | wc -c)
echo "exiftool -validate: $verdict; -b -MPImage2: $there bytes before, $lost after"
[ "$verdict" = OK ] && [ "$there" -gt 100 ] && [ "$lost" = 0 ]
