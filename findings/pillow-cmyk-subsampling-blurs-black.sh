#!/usr/bin/env bash
# subsampling='4:2:0' on a CMYK JPEG halves black as well, the channel that letters are printed in.
#
# Versions: Pillow 13.0.0 (libjpeg-turbo of its wheel). Seen on 2026-11-28.
# Expected: chroma subsampling leaves the sharp channel alone, as luma in YCbCr: black (K) keeps its resolution.
# Seen: factors 2x2 for cyan and 1x1 for magenta, yellow and black: cyan alone is whole, black has a quarter of its samples.
# Concerns: CMYK pages with text, saved 'like a photo' to save bytes; a fine black pattern becomes grey.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import io

from PIL import Image

lines = Image.new("L", (64, 64))
lines.putdata([255 * (x % 2) for y in range(64) for x in range(64)])
empty = Image.new("L", (64, 64))


def spread(black: bool) -> int:
    """The contrast that a pattern of single-pixel lines keeps, 0 to 255."""
    channels = [empty, empty, empty, lines] if black else [lines, empty, empty, empty]
    file = io.BytesIO()
    Image.merge("CMYK", channels).save(file, "JPEG", quality=95, subsampling="4:2:0")
    copy = Image.open(io.BytesIO(file.getvalue()))
    factors = [(h, v) for _, h, v, _ in copy.layer]
    low, high = copy.getchannel("K" if black else "C").getextrema()
    print("black" if black else "cyan ", "factors", factors, "contrast", high - low)
    assert factors == [(2, 2), (1, 1), (1, 1), (1, 1)], "the factors are others now"
    return high - low


assert spread(black=False) > 200
assert spread(black=True) < 60, "black keeps its resolution now"
PYTHON
