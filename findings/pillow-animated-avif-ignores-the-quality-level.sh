#!/usr/bin/env bash
# aom's cq-level sets how coarse a still AVIF is at every speed, and an animated one up to speed 7; from speed 8 on it does nothing.
#
# Versions: Pillow 13.0.0 (libavif 1.4.2, aom). Seen on 2026-11-29.
# Expected: advanced={"cq-level": "60"} makes smaller files than "2", as it does for one frame at speeds 6, 8 and 9 (70 to 0.6 kB).
# Seen: three frames at speed 8 or 9 take about 123 kB at levels 2, 20, 40 and 60 alike. With "end-usage": "q" beside it the level
#   is honoured (231 to 29 kB); quality=, which sets end-usage itself, is honoured as well.
# Concerns: who encodes animations fast and sets the quantizer instead of Pillow's quality.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
from io import BytesIO

from PIL import Image

first = Image.effect_noise((320, 240), 40).convert("RGB")
more = [first.transpose(Image.Transpose.FLIP_LEFT_RIGHT), first.rotate(180)]
LEVELS = (2, 20, 40, 60)


def sizes(speed: int, *, animated: bool, **advanced: str) -> list[int]:
    found = []
    for level in LEVELS:
        out = BytesIO()
        options = {"save_all": True, "append_images": more} if animated else {}
        settings = {"cq-level": str(level), **advanced}
        first.save(out, "AVIF", codec="aom", speed=speed, advanced=settings, **options)
        found.append(len(out.getvalue()))
    return found


for speed in (6, 8, 9):
    still, animated = sizes(speed, animated=False), sizes(speed, animated=True)
    by_quality = sizes(speed, animated=True, **{"end-usage": "q"})
    print(f"speed {speed}: still {still}, animated {animated}, with end-usage {by_quality}")
    assert still[0] > 10 * still[-1]
    assert by_quality[0] > 3 * by_quality[-1]
    if speed >= 8:
        assert max(animated) < 1.05 * min(animated), "the level is honoured now"
    else:
        assert animated[0] > 10 * animated[-1]
PYTHON
