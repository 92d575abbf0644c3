#!/usr/bin/env bash
# Mid-grey of a 10-bit grey HEIF becomes white on the way to an 8-bit picture.
#
# Versions: pillow-heif 1.8.1, Pillow 13.0.0, numpy 2.4.6. Seen on 2026-11-28.
# Expected: convert('L') of a picture that is half grey everywhere gives about 128.
# Seen: 255. The plugin opens it as I;16 with values scaled to 16 bits, and Pillow's I;16 to L clips instead of scaling.
# Concerns: converters that write JPEG from HEIC; save('JPEG') raises, so convert('L') is what people add.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 pillow-heif==1.8.1 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import io

import numpy
import pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()
file = io.BytesIO()
grey = numpy.full((16, 16), 32768, numpy.uint16)
pillow_heif.from_bytes("I;16", (16, 16), grey.tobytes()).save(file, bit_depth=10)
opened = Image.open(io.BytesIO(file.getvalue()))
value, eight = opened.getpixel((8, 8)), opened.convert("L").getpixel((8, 8))
print(f"mode {opened.mode}, {opened.info['bit_depth']} bits, value {value} of 65535, as L {eight} of 255")
try:
    opened.save(io.BytesIO(), "JPEG")
except OSError as error:
    print("save as JPEG:", error)

assert opened.mode == "I;16"
assert 32000 < value < 33500
assert eight == 255, "it is scaled now"
PYTHON
